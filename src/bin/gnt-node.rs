//! `gnt-node`; see `gnt::cli::node`.

fn main() -> std::process::ExitCode {
    gnt::cli::node::main()
}
