//! The binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    linkspan::main()
}
