//! What the document says of the language is what the types are.

use std::collections::BTreeSet;
use std::path::Path;

use gnt_driver::{
    Answer, Ask, Comparison, Definition, Facts, Guest, Opened, Outcome, Request, Transfer,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn examples() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/driver-protocol.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```json\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Reads an example as a type, which then has to say the same again.
fn is<T: DeserializeOwned + Serialize>(example: &Value) -> T {
    let read: T = serde_json::from_value(example.clone())
        .unwrap_or_else(|error| panic!("{error}: {example}"));
    assert_eq!(json!(read), *example);
    read
}

/// The answer has the form that the request's text says.
fn check(ask: &Ask, value: &Value) {
    match ask {
        Ask::Open { .. } => _ = is::<Opened>(value),
        Ask::List => _ = is::<Vec<Guest>>(value),
        Ask::Look { .. } => _ = is::<Option<Guest>>(value),
        Ask::Facts => _ = is::<Facts>(value),
        Ask::Definition { .. } => _ = is::<Definition>(value),
        Ask::Transfer { .. } => _ = is::<Option<Transfer>>(value),
        Ask::Compare { .. } => _ = is::<Comparison>(value),
        Ask::Define { .. }
        | Ask::Undefine { .. }
        | Ask::Start { .. }
        | Ask::Shutdown { .. }
        | Ask::Destroy { .. }
        | Ask::Reboot { .. }
        | Ask::Suspend { .. }
        | Ask::Resume { .. }
        | Ask::Migrate { .. }
        | Ask::Abort { .. }
        | Ask::Tune { .. }
        | Ask::Mark { .. }
        | Ask::Autostart { .. }
        | Ask::DeleteDisk { .. } => assert_eq!(*value, Value::Null),
    }
}

/// How many requests there are.
const REQUESTS: usize = 21;

#[test]
fn the_document_shows_every_request_with_its_answer() {
    let mut shown = BTreeSet::new();
    let mut asked: Option<Request> = None;
    for example in examples() {
        if example.get("ask").is_some() {
            let request: Request = is(&example);
            assert_eq!(example["ask"], request.ask.name());
            shown.insert(request.ask.name());
            asked = Some(request);
            continue;
        }
        let answer: Answer = is(&example);
        let Some(request) = asked.take() else {
            continue;
        };
        assert_eq!(answer.id, request.id, "{example}");
        if let Outcome::Ok(value) = &answer.outcome {
            check(&request.ask, value);
        }
    }
    assert_eq!(shown.len(), REQUESTS, "{shown:?}");
}

/// The table of what is done without a request says of each what it is.
#[test]
fn the_document_says_what_every_driver_needs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/driver-protocol.md");
    let text = std::fs::read_to_string(path).unwrap();
    let row = text
        .lines()
        .find(|line| line.ends_with("| there is no driver |"));
    let needed: Vec<&str> = row.unwrap().split('`').skip(1).step_by(2).collect();
    assert_eq!(needed, Ask::NEEDED);
}
