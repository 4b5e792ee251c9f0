//! `gnt-debug`; see `gnt::cli::debug`.

fn main() -> std::process::ExitCode {
    gnt::cli::debug::main()
}
