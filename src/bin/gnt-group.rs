//! `gnt-group`; see `gnt::cli::group`.

fn main() -> std::process::ExitCode {
    gnt::cli::group::main()
}
