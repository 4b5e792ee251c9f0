//! Whether what the clients were told is so.

use std::collections::{BTreeMap, BTreeSet};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::common::Output;
use crate::load::{Command, Form, Submission, What};
use crate::motion::{Law, Observer, must};
use crate::picture::{CANCELED, ERROR, Eye, SUCCESS, is_final, word};

/// A client that has ended.
pub struct Client {
    pub command: Command,
    pub output: Output,
    /// The signals that it was sent.
    pub signals: Vec<Signal>,
}

/// The ids of jobs that a client was told that it submitted, and whether these are all.
pub fn ids_told(command: &Command, stdout: &str) -> (BTreeSet<i64>, bool) {
    let What::Submission(submission) = &command.what else {
        return (BTreeSet::new(), false);
    };
    let mut ids = BTreeSet::new();
    let mut all = false;
    match submission.form {
        Form::Ids => ids.extend(stdout.lines().filter_map(|line| line.parse::<i64>().ok())),
        Form::Detached | Form::Document => {
            let Ok(document) = serde_json::from_str::<Value>(stdout) else {
                return (ids, false);
            };
            ids.extend(document["job"].as_i64());
            if submission.form == Form::Detached {
                let answers = document["jobs"].as_array();
                let taken = |answer: &Value| answer[1].as_i64();
                ids.extend(answers.into_iter().flatten().filter_map(taken));
                all = document["verdict"] == "running";
            } else {
                all = submission.jobs == 1 && document["job"].is_i64();
            }
        }
        Form::Stream => {
            for event in stdout
                .lines()
                .filter_map(|l| serde_json::from_str::<Value>(l).ok())
            {
                if event["event"] == "state" && event["parent"].is_null() {
                    ids.extend(event["job"].as_i64());
                }
            }
        }
    }
    (ids, all)
}

/// Everything that was said against what there is.
pub struct Answers<'a> {
    pub eye: &'a Eye,
    pub observer: &'a Observer,
    /// The simulator made things fail.
    faulty: bool,
    /// The disk failed, or was full.
    disk_failed: bool,
    /// The jobs that were submitted with each token.
    by_token: BTreeMap<String, BTreeSet<i64>>,
}

impl<'a> Answers<'a> {
    pub fn new(
        eye: &'a Eye,
        observer: &'a Observer,
        faulty: bool,
        disk_failed: bool,
    ) -> Answers<'a> {
        let mut by_token: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        for ((job, _), input) in &observer.inputs {
            let reasons = input["reason"].as_array().map_or(&[][..], Vec::as_slice);
            let own = reasons.iter().find(|reason| reason[0] == "gnt:user");
            let is_root = observer.job(*job).is_some_and(|j| j.parent.is_none());
            if let (Some(token), true) = (own.and_then(|reason| reason[1].as_str()), is_root) {
                by_token.entry(token.to_owned()).or_default().insert(*job);
            }
        }
        Answers {
            eye,
            observer,
            faulty,
            disk_failed,
            by_token,
        }
    }

    pub fn check(&self, client: &Client) -> Law {
        self.check_one(client).map_err(|law| {
            let words = client.command.words.join(" ");
            format!(
                "{law}\n  {words} (signals {:?}): {:#?}",
                client.signals, client.output
            )
        })
    }

    fn check_one(&self, client: &Client) -> Law {
        let Output { code, stderr, .. } = &client.output;
        must!(!stderr.contains("panicked"), "a client panicked");
        let disturbed = (client.signals.iter()).any(|signal| *code == 128 + *signal as i32);
        must!(
            matches!(code, 0..=5) || disturbed,
            "a client ended with {code}"
        );
        must!(
            *code != 5 || self.disk_failed,
            "there was a cluster all the time, a client found none"
        );
        let known = ["error: job was canceled", "error: interrupted"];
        let wrong = stderr.starts_with("error: ") || stderr.contains("\nerror: ");
        let wrong = wrong && !known.iter().any(|text| stderr.contains(text));
        must!(
            !wrong || stderr.contains("hint: ") || client.output.killed,
            "an error that does not say what to do"
        );
        for id in told_deleted(stderr) {
            let deleted = self.observer.purged.job(id).is_some();
            must!(deleted, "job {id} was not deleted");
        }
        match &client.command.what {
            What::Submission(submission) => self.submission(client, submission)?,
            What::Cancel => {
                for item in items(client).iter().filter(|item| item["accepted"] == true) {
                    let job = item["job"].as_i64().and_then(|id| self.observer.job(id));
                    must!(
                        job.is_some_and(|job| job.cancel),
                        "a cancellation that was accepted is forgotten"
                    );
                }
            }
            What::Archive => {
                for item in items(client).iter().filter(|item| item["archived"] == true) {
                    let job = item["job"].as_i64().and_then(|id| self.observer.job(id));
                    must!(
                        job.is_some_and(|job| job.archived),
                        "{item} is not archived"
                    );
                }
            }
            What::Verify => {
                let ok = *code == 0 || self.faulty || client.output.killed;
                must!(ok, "the check finds fault with what is on its way");
            }
            What::Watcher if !client.output.killed && !self.faulty => {
                let document = serde_json::from_str(&client.output.stdout);
                let document: Value = document.unwrap_or_default();
                let findings = document["findings"].as_array().map_or(0, Vec::len);
                must!(
                    findings == 0,
                    "the watcher finds fault with what is on its way"
                );
            }
            What::Watcher | What::Follow | What::Backup(_) | What::Export(_) | What::Other => {}
        }
        if client.output.killed {
            return Ok(());
        }
        self.documents(client)
    }

    /// Each answered submission is there exactly once, each other one at most once.
    fn submission(&self, client: &Client, submission: &Submission) -> Law {
        let (told, all) = ids_told(&client.command, &client.output.stdout);
        let none = BTreeSet::new();
        let are = self.by_token.get(&submission.token).unwrap_or(&none);
        must!(
            told.is_subset(are),
            "told of {told:?}, there are {are:?} with {}",
            submission.token
        );
        // The name of a request is forgotten with its job, and the next one with it is a new one.
        let gone = |job: &&i64| self.observer.purged.job(**job).is_some();
        let again = submission.request.is_some() && are.iter().any(|job| gone(&job));
        must!(
            !all || told == *are || again,
            "told of {told:?}, there are {are:?}"
        );
        let most = submission.jobs;
        must!(
            are.len() <= most || again,
            "{most} jobs were submitted, there are {are:?}"
        );
        let nothing = client.output.stderr.contains("nothing was submitted");
        must!(
            !nothing || submission.request.is_some() || are.is_empty(),
            "nothing was submitted, it said, and there are {are:?}"
        );
        if let Some(request) = &submission.request {
            let named = self.observer.last().jobs.values();
            let count = named
                .filter(|job| job.request.as_ref() == Some(request))
                .count();
            must!(count <= 1, "{count} jobs have the request id {request}");
        }
        Ok(())
    }

    /// Documents say what is so, and the exit code says the same.
    fn documents(&self, client: &Client) -> Law {
        let Output { code, stdout, .. } = &client.output;
        let has = |word: &str| client.command.words.iter().any(|w| w == word);
        let last = match (has("--json"), has("--json-stream")) {
            (true, _) => Some(stdout.as_str()),
            (_, true) => {
                self.events(stdout)?;
                stdout.lines().next_back()
            }
            _ => return Ok(()),
        };
        let last = last.unwrap_or_default();
        let Ok(document) = serde_json::from_str::<Value>(last) else {
            return Err(format!("not a document: {last:?}"));
        };
        must!(
            has("--json") || document["event"] == "verdict",
            "a stream without a verdict"
        );
        // A list has no end of its own.
        let exit = document.get("exit").map(|exit| exit.as_i64());
        must!(
            exit.is_none_or(|exit| exit == Some(i64::from(*code))),
            "the document says exit {exit:?}"
        );
        if !document["error"].is_null() {
            let message = document["error"]["message"].as_str().unwrap_or_default();
            must!(!message.is_empty(), "an error without words");
        }
        let one = match &client.command.what {
            What::Submission(submission) => submission.jobs == 1,
            _ => true,
        };
        match document["verdict"].as_str() {
            Some("done" | "partial" | "failed") if one && !document["job"].is_null() => {
                self.verdict(&document)
            }
            Some("done" | "partial" | "failed") => self.results(&document),
            Some("detached") => {
                must!(!client.signals.is_empty(), "detached without a signal");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The states that a stream tells are the last ones of their jobs at its end.
    fn events(&self, stdout: &str) -> Law {
        let mut seen: BTreeMap<i64, String> = BTreeMap::new();
        for line in stdout.lines() {
            let Ok(event) = serde_json::from_str::<Value>(line) else {
                return Err(format!("not an event: {line}"));
            };
            let told = (event["job"].as_i64(), event["status"].as_str());
            let (Some(job), Some(state), true) = (told.0, told.1, event["event"] == "state") else {
                continue;
            };
            let before = seen.insert(job, state.to_owned()).unwrap_or_default();
            let over = matches!(&*before, "success" | "error" | "canceled");
            let back = before == "canceling" && matches!(state, "queued" | "waiting" | "running");
            must!(!over && !back, "job {job} was {before}, then {state}");
        }
        for (job, state) in seen {
            let now = self.observer.job(job).map(|job| word(job.status));
            let over = matches!(&*state, "success" | "error" | "canceled");
            must!(
                !over || now == Some(&*state),
                "job {job} was {state}, is {now:?}"
            );
        }
        Ok(())
    }

    fn results(&self, document: &Value) -> Law {
        for result in document["results"].as_array().into_iter().flatten() {
            let Some(id) = result["job"].as_i64() else {
                must!(
                    result["status"] == "refused",
                    "neither job nor refusal: {result}"
                );
                continue;
            };
            let now = self.observer.job(id).map(|job| word(job.status));
            must!(
                now == result["status"].as_str(),
                "job {id} is {now:?}, the document says {}",
                result["status"]
            );
        }
        Ok(())
    }

    /// Verdict and numbers of one job with all that descends from it.
    fn verdict(&self, document: &Value) -> Law {
        self.results(document)?;
        let id = document["job"].as_i64().unwrap_or_default();
        let Some(job) = self.observer.job(id) else {
            return Err(format!("job {id} is not there"));
        };
        must!(
            document["status"] == word(job.status),
            "job {id} is {}, the document says {}",
            word(job.status),
            document["status"]
        );
        let mut count = Count::default();
        self.tell(id, &mut count)?;
        let unmovable = document["unmovable"].as_array().map_or(0, Vec::len);
        let failed = matches!(job.status, ERROR | CANCELED);
        let wrong = count.refused + count.failed + count.canceled + unmovable;
        let expected = match (failed, wrong, count.succeeded) {
            (true, ..) => "failed",
            (false, 0, _) => "done",
            (false, _, 0) => "failed",
            (false, ..) => "partial",
        };
        must!(
            document["verdict"] == expected,
            "the verdict is {}, the jobs say {expected}: {count:?}",
            document["verdict"]
        );
        let summary = &document["summary"];
        let says = |key: &str| summary[key].as_u64().unwrap_or(u64::MAX) as usize;
        let numbers = [
            says("succeeded"),
            says("failed"),
            says("canceled"),
            says("refused"),
        ];
        must!(
            numbers == [count.succeeded, count.failed, count.canceled, count.refused],
            "the summary is {summary}, the jobs say {count:?}"
        );
        Ok(())
    }

    /// Counts a job, or those that it returned.
    fn tell(&self, id: i64, count: &mut Count) -> Law {
        let Some(job) = self.observer.job(id) else {
            return Err(format!("job {id} is not there"));
        };
        must!(is_final(job.status), "job {id} has not ended");
        let mut answers = vec![];
        let mut is_parent = false;
        for index in 0..job.ops {
            let result = self.observer.result(self.eye, (id, index))?;
            if let Some(jobs) = result.get("jobs") {
                is_parent = true;
                answers.extend(jobs.as_array().into_iter().flatten().cloned());
            }
        }
        if !is_parent || job.status != SUCCESS {
            match job.status {
                SUCCESS => count.succeeded += 1,
                ERROR => count.failed += 1,
                _ => count.canceled += 1,
            }
        }
        for answer in answers {
            match answer[1].as_i64() {
                Some(child) => self.tell(child, count)?,
                None => count.refused += 1,
            }
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Count {
    succeeded: usize,
    failed: usize,
    canceled: usize,
    refused: usize,
}

/// The jobs of which a client was told that they are deleted.
fn told_deleted(stderr: &str) -> impl Iterator<Item = i64> {
    stderr.lines().filter_map(|line| {
        let (job, _) = line
            .strip_prefix("error: job ")?
            .split_once(" has ended and was deleted")?;
        job.parse().ok()
    })
}

fn items(client: &Client) -> Vec<Value> {
    let document: Value = serde_json::from_str(&client.output.stdout).unwrap_or_default();
    document["items"].as_array().cloned().unwrap_or_default()
}
