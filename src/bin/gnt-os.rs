//! `gnt-os`, which is left out; see `gnt::cli::left_out`.

fn main() -> std::process::ExitCode {
    gnt::cli::left_out::main("gnt-os")
}
