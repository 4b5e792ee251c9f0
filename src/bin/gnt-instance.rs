//! `gnt-instance`; see `gnt::cli::instance`.

fn main() -> std::process::ExitCode {
    gnt::cli::instance::main()
}
