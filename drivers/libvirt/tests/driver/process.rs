//! The driver as a process, as the runner has it.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use gnt_driver::{Answer, Ask, Opened, Outcome, PROTOCOL, Refusal, Request, Trouble, read_line};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A driver. It is killed when it goes out of sight.
pub(crate) struct Driver {
    child: Child,
    requests: Option<ChildStdin>,
    answers: Option<BufReader<ChildStdout>>,
    id: u64,
}

impl Driver {
    pub(crate) fn start() -> Driver {
        Driver::from(&mut Command::new(env!("CARGO_BIN_EXE_gnt-libvirt")))
    }

    pub(crate) fn from(command: &mut Command) -> Driver {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        Driver {
            requests: child.stdin.take(),
            answers: child.stdout.take().map(BufReader::new),
            child,
            id: 0,
        }
    }

    /// One with a connection.
    pub(crate) fn open(uri: &str) -> Driver {
        let mut driver = Driver::start();
        driver.ask::<Opened>(open(uri)).unwrap();
        driver
    }

    /// Asks, and does not wait.
    pub(crate) fn send(&mut self, ask: Ask) {
        self.id += 1;
        let request = Request { id: self.id, ask };
        let mut line = serde_json::to_vec(&request).unwrap();
        line.push(b'\n');
        self.requests.as_mut().unwrap().write_all(&line).unwrap();
    }

    /// Waits for the next answer.
    pub(crate) fn receive(&mut self) -> Result<Value, Refusal> {
        let line = read_line(self.answers.as_mut().unwrap())
            .unwrap()
            .expect("the driver ended");
        let answer: Answer = serde_json::from_slice(&line).unwrap();
        assert_eq!(answer.id, self.id);
        match answer.outcome {
            Outcome::Ok(value) => Ok(value),
            Outcome::Error(refusal) => Err(refusal),
        }
    }

    /// Asks, and waits.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, ask: Ask) -> Result<T, Refusal> {
        self.send(ask);
        self.receive()
            .map(|value| serde_json::from_value(value).unwrap())
    }

    /// Has something done that answers nothing.
    pub(crate) fn tell(&mut self, ask: Ask) -> Result<(), Refusal> {
        self.ask(ask)
    }

    /// What it is refused with.
    #[track_caller]
    pub(crate) fn refused(&mut self, ask: Ask) -> Refusal {
        match self.ask::<Value>(ask) {
            Err(refusal) => refusal,
            Ok(value) => panic!("it was not refused: {value}"),
        }
    }

    /// Ends its standard input; it is to end by itself.
    pub(crate) fn end(mut self) -> bool {
        drop(self.requests.take());
        self.child.wait().unwrap().success()
    }

    /// Closes both pipes, as the kernel does for a runner that is gone.
    pub(crate) fn abandon(&mut self) {
        drop((self.requests.take(), self.answers.take()));
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn open(uri: &str) -> Ask {
    Ask::Open {
        protocol: PROTOCOL,
        node: "node".to_owned(),
        access: access(uri),
    }
}

pub(crate) fn access(uri: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("uri".to_owned(), uri.to_owned())])
}

/// Whether this machine has libvirt's library; says by name what is skipped otherwise.
pub(crate) fn has_library(test: &str) -> bool {
    match Driver::start().ask::<Opened>(open("test:///default")) {
        Err(refusal) if refusal.trouble == Trouble::Unsupported => {
            eprintln!("skipped: {test}: {}", refusal.text);
            false
        }
        _ => true,
    }
}
