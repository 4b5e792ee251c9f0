//! `gnt-cluster`; see `gnt::cli::cluster`.

fn main() -> std::process::ExitCode {
    gnt::cli::cluster::main()
}
