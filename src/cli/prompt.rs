//! Asking before the deed.

use std::io::{self, BufRead, Write};

use crate::opcodes::{ErrorClass, OpError};

use super::exit::ExitCode;
use super::printer::interactive;
use super::problem::{Problem, Result};

/// Asks whether to go on. Only a terminal is asked, and only a clear yes is one: Enter and the end of
/// the input mean no.
///
/// # Errors
/// A [`Problem`] that ends with [`ExitCode::Declined`] when it is not confirmed.
pub fn confirm(question: &str) -> Result<()> {
    let declined = |message: &str| {
        Problem::new(OpError::new(ErrorClass::GenericError, None, message)).exit(ExitCode::Declined)
    };
    if !interactive() {
        return Err(
            declined("not confirmed, and there is no terminal to ask at")
                .hint("-f (--yes) goes on without asking"),
        );
    }
    let mut input = io::stdin().lock();
    for _ in 0..3 {
        let mut error = io::stderr().lock();
        // A prompt that cannot be shown cannot be answered either.
        let _ = write!(error, "{question}\ny/[n]: ");
        let _ = error.flush();
        drop(error);
        let mut answer = String::new();
        if input.read_line(&mut answer).unwrap_or(0) == 0 {
            break;
        }
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => return Ok(()),
            "" | "n" | "no" => break,
            _ => {}
        }
    }
    Err(declined("not confirmed, nothing was done"))
}
