//! The command line before it is understood: arguments from the environment, and what is said when
//! it makes no sense.

use std::env;
use std::ffi::OsString;

use crate::opcodes::{ErrorClass, ErrorCode, OpError};

use super::document::{Document, Verdict};
use super::exit::ExitCode;
use super::printer::Printer;
use super::problem::Problem;

/// The arguments of this process; those that `GNT_NODE_LIST`, `GNT_INSTANCE_LIST` or
/// `GNT_GROUP_LIST` holds come right after the command `list` of their tool.
pub(super) fn arguments(tool: &str) -> Vec<OsString> {
    let variable = match tool {
        "gnt-node" => Some("GNT_NODE_LIST"),
        "gnt-instance" => Some("GNT_INSTANCE_LIST"),
        "gnt-group" => Some("GNT_GROUP_LIST"),
        _ => None,
    };
    let mut args: Vec<OsString> = env::args_os().collect();
    if let Some(more) = variable.and_then(env::var_os)
        && args.get(1).is_some_and(|command| command == "list")
    {
        let more = split_words(&more.to_string_lossy());
        args.splice(2..2, more.into_iter().map(OsString::from));
    }
    args
}

/// Splits as a shell does, without expanding anything: quotes and backslashes keep what they hold
/// together. A quote that is not closed ends with the text.
fn split_words(text: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if c == open => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Whether a command line that may not be understood has this option.
pub(super) fn wants(option: &str, args: &[OsString]) -> bool {
    let mut options = args.iter().take_while(|arg| *arg != "--");
    options.any(|arg| arg == option)
}

/// Says what clap has to say: help and version on standard output end well, the rest is a usage
/// error on standard error, and a document if one is asked for.
pub(super) fn tell(tool: &str, error: &clap::Error, mut printer: Printer) -> ExitCode {
    let printed = error.print();
    if error.use_stderr() {
        // The exit code says it all if this fails.
        let _ = printer.end(&document(tool, &error.render().to_string()));
        return ExitCode::Usage;
    }
    match printed {
        Ok(()) => ExitCode::Done,
        Err(failed) => {
            printer.problem(&Problem::output(&failed));
            ExitCode::Failed
        }
    }
}

/// What clap says, in its parts: the first paragraph is what is wrong, a tip is what to do.
fn document(tool: &str, text: &str) -> Document {
    let message = text.split("\n\n").next().unwrap_or_default();
    let message = message.trim_start_matches("error: ").trim();
    let code = Some(ErrorCode::WrongInput);
    let mut error = OpError::new(ErrorClass::GenericError, code, message);
    let mut lines = text.lines();
    error.hint = lines.find_map(|line| line.trim().strip_prefix("tip: ").map(str::to_owned));
    let mut document = Document::new(tool, Verdict::Failed, ExitCode::Usage.number());
    document.error = Some(error);
    document
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::texts;

    proptest! {
        #[test]
        fn any_environment_is_split(text in texts(&["'", "\"", "\\", " ", "\n", "-o", "name"])) {
            let plain = !text.contains(['\'', '"', '\\']);
            let words = split_words(&text);
            if plain {
                let expected: Vec<&str> = text.split_whitespace().collect();
                prop_assert_eq!(words, expected);
            }
        }

        #[test]
        fn any_words_that_are_quoted_come_back(words in prop::collection::vec(any::<String>(), 0..4)) {
            let quoted: Vec<String> = (words.iter())
                .map(|word| format!("'{}'", word.replace('\'', "'\\''")))
                .collect();
            prop_assert_eq!(split_words(&quoted.join(" ")), words);
        }
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert_eq!(
            split_words(r#" -o name --separator ' ' "a \"b\"" c\ d'e' "" '"#),
            ["-o", "name", "--separator", " ", "a \"b\"", "c de", "", ""]
        );
        assert!(split_words("  ").is_empty());
    }

    #[test]
    fn json_is_asked_for_by_options_only() {
        let wants = |args: &[&str]| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            super::wants("--json", &args)
        };
        assert!(wants(&["gnt-node", "--json", "evakuate"]));
        assert!(!wants(&["gnt-node", "evacuate", "--", "--json"]));
    }
}
