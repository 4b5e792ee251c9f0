//! The background process that executes the jobs of a state directory.

fn main() -> std::process::ExitCode {
    gnt::runner::main()
}
