//! `gnt-job`; see `gnt::cli::job`.

fn main() -> std::process::ExitCode {
    gnt::cli::job::main()
}
