//! What operators do in a story: random command lines.

mod batch;
mod keeping;

use std::path::{Path, PathBuf};

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use keeping::{purge, watcher};

/// Kinds of what operators do. Each story has some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Jobs of opcodes that only exercise the queue.
    Batch,
    /// A node is emptied or failed over.
    Node,
    /// Nodes are taken into maintenance and back into use.
    Maintenance,
    /// One instance is moved, started, stopped.
    Instance,
    /// Instances and nodes come and go.
    Births,
    /// Instances, their disks, groups and tags are changed.
    Changes,
    /// A node is drained, or declared dead.
    Flags,
    /// Jobs are cancelled.
    Cancel,
    /// Jobs get another priority.
    Priority,
    /// Jobs are put away.
    Archive,
    /// Jobs that were put away are deleted.
    Purge,
    /// The queue is drained and opened.
    Drain,
    /// The queue is held and released.
    Hold,
    /// The watcher looks, as cron lets it.
    Watcher,
    /// Limits are changed.
    Limits,
    /// The same request is submitted again.
    Twice,
    /// Somebody lists something, or follows a job.
    Look,
    /// The simulator makes things fail.
    Fault,
    /// Somebody takes a backup.
    Backup,
    /// The cluster is written to a file, and one of a file put in its place.
    Import,
    /// The simulator gets faster or slower, verbs get other limits.
    Simulator,
}

pub const KINDS: [Kind; 21] = [
    Kind::Batch,
    Kind::Node,
    Kind::Maintenance,
    Kind::Instance,
    Kind::Births,
    Kind::Changes,
    Kind::Flags,
    Kind::Cancel,
    Kind::Priority,
    Kind::Archive,
    Kind::Purge,
    Kind::Drain,
    Kind::Hold,
    Kind::Watcher,
    Kind::Limits,
    Kind::Twice,
    Kind::Look,
    Kind::Fault,
    Kind::Backup,
    Kind::Import,
    Kind::Simulator,
];

/// How a submission is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A document at once.
    Detached,
    /// The ids, then lines until the end.
    Ids,
    /// A document at the end.
    Document,
    /// Events.
    Stream,
}

/// A submission, which is recognised in the queue by what it gives as its reason.
#[derive(Debug, Clone)]
pub struct Submission {
    pub token: String,
    /// How many jobs it is.
    pub jobs: usize,
    pub form: Form,
    pub request: Option<String>,
}

/// What a command is, as far as its answer is looked at.
#[derive(Debug, Clone)]
pub enum What {
    Submission(Submission),
    Cancel,
    Archive,
    /// A document about jobs that others submitted.
    Follow,
    /// The check of everything, in the middle of everything.
    Verify,
    /// The watcher, which starts what is down and finds fault with what is not in order.
    Watcher,
    /// A backup, in this file.
    Backup(PathBuf),
    /// The cluster, written for this file.
    Export(PathBuf),
    /// Something else; with a document or without.
    Other,
}

#[derive(Debug, Clone)]
pub struct Command {
    pub words: Vec<String>,
    pub what: What,
    /// It is short, and the story waits for it.
    pub short: bool,
}

/// The operators.
pub struct Load {
    kinds: Vec<Kind>,
    nodes: usize,
    instances: usize,
    born: usize,
    tokens: usize,
    files: usize,
    /// Ids that somebody was told.
    pub ids: Vec<i64>,
    twice: Vec<Command>,
    /// How often another configuration was to take the place of the one that was there.
    pub imports: usize,
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Load {
    /// Operators who do these kinds of things in a sample cluster of this size.
    pub fn new(kinds: Vec<Kind>, nodes: usize, instances: usize) -> Load {
        Load {
            kinds,
            nodes,
            instances,
            born: 0,
            tokens: 0,
            files: 0,
            ids: vec![],
            twice: vec![],
            imports: 0,
        }
    }

    fn node(&self, random: &mut StdRng) -> String {
        format!("node{}", random.random_range(1..=self.nodes))
    }

    fn instance(&self, random: &mut StdRng) -> String {
        match self.born > 0 && random.random_bool(0.2) {
            true => format!("new{}", random.random_range(1..=self.born)),
            false => format!("inst{}", random.random_range(1..=self.instances)),
        }
    }

    /// Some jobs, known ones rather than not.
    fn some_ids(&self, random: &mut StdRng) -> Vec<String> {
        let count = random.random_range(1..=3);
        let highest = self.ids.iter().max().copied().unwrap_or(1) + 6;
        (0..count)
            .map(|_| match self.ids.choose(random) {
                Some(id) if random.random_bool(0.6) => id.to_string(),
                _ => random.random_range(1..=highest).to_string(),
            })
            .collect()
    }

    /// The next thing that somebody does. Job files are written into `dir`.
    pub fn next(&mut self, random: &mut StdRng, dir: &Path) -> Command {
        let kind = *self.kinds.choose(random).unwrap_or(&Kind::Batch);
        match kind {
            Kind::Batch => self.batch(random, dir),
            Kind::Node => self.node_operation(random),
            Kind::Maintenance => self.maintenance(random),
            Kind::Instance => self.instance_operation(random),
            Kind::Births => self.birth(random),
            Kind::Changes => self.change(random),
            Kind::Flags => self.flag(random),
            Kind::Cancel => self.cancel(random),
            Kind::Priority => {
                let priority = ["low", "normal", "high"].choose(random).unwrap_or(&"low");
                let mut line = words(&["gnt-job", "change-priority", "-f", "--priority", priority]);
                line.push("--json".to_owned());
                line.extend(self.some_ids(random));
                short(line, What::Other)
            }
            Kind::Archive => match random.random_bool(0.3) {
                true => short(
                    words(&["gnt-job", "autoarchive", "--json", "all"]),
                    What::Other,
                ),
                false => {
                    let mut line = words(&["gnt-job", "archive", "--json"]);
                    line.extend(self.some_ids(random));
                    short(line, What::Archive)
                }
            },
            Kind::Purge => purge(random, dir),
            Kind::Drain => queue(match random.random_bool(0.4) {
                true => "drain",
                false => "undrain",
            }),
            Kind::Hold => queue(match random.random_bool(0.4) {
                true => "hold",
                false => "release",
            }),
            Kind::Watcher => watcher(random, dir),
            Kind::Limits => {
                let (name, least) = match random.random_bool(0.5) {
                    true => ("--max-running-jobs", 1),
                    false => ("--queue-limit", 3),
                };
                let value = random.random_range(least..=30_u32).to_string();
                short(words(&["gnt-cluster", "modify", name, &value]), What::Other)
            }
            Kind::Twice => match self.twice.choose(random) {
                Some(command) if random.random_bool(0.7) => command.clone(),
                _ => self.named(random, dir),
            },
            Kind::Look => self.look(random),
            Kind::Fault => self.fault(random),
            Kind::Backup => self.backup(dir),
            Kind::Import => self.import(random, dir),
            Kind::Simulator => simulator(random),
        }
    }

    /// A submission with a name, which may be submitted again.
    fn named(&mut self, random: &mut StdRng, dir: &Path) -> Command {
        let mut command = match random.random_bool(0.5) {
            true => self.node_operation(random),
            false => self.batch_of(random, dir, 1),
        };
        if let What::Submission(submission) = &mut command.what {
            let name = format!("request-{}", submission.token);
            command
                .words
                .extend(["--request-id".to_owned(), name.clone()]);
            submission.request = Some(name);
        }
        self.twice.push(command.clone());
        command
    }

    /// A command that submits so many jobs, in one of the forms.
    fn submission(&mut self, random: &mut StdRng, line: &[&str], jobs: usize) -> Command {
        let forms = [
            (Form::Detached, &["--submit", "--json"][..]),
            (Form::Detached, &["--submit", "--json"]),
            (Form::Ids, &["--print-jobid"]),
            (Form::Document, &["--json"]),
            (Form::Stream, &["--json-stream"]),
        ];
        let (form, options) = forms.choose(random).unwrap_or(&forms[0]);
        self.tokens += 1;
        let token = format!("story-{}", self.tokens);
        let mut line = words(line);
        line.extend(words(options));
        line.extend(["--reason".to_owned(), token.clone()]);
        if random.random_bool(0.2) {
            let priority = ["low", "high"].choose(random).unwrap_or(&"low");
            line.extend(words(&["--priority", priority]));
        }
        Command {
            words: line,
            short: *form == Form::Detached && random.random_bool(0.5),
            what: What::Submission(Submission {
                token,
                jobs,
                form: *form,
                request: None,
            }),
        }
    }

    fn node_operation(&mut self, random: &mut StdRng) -> Command {
        let node = self.node(random);
        let parallel = random.random_range(1..=4_u32).to_string();
        let mut line = match random.random_range(0..6) {
            0 => vec!["gnt-node", "evacuate", "-f", "-p", &node],
            1 => vec!["gnt-node", "evacuate", "-f", "-s", &node],
            2 => vec!["gnt-node", "failover", "-f", &node],
            3 => vec!["gnt-node", "migrate", "-f", &node],
            _ => vec!["gnt-node", "evacuate", "-f", &node],
        };
        if random.random_bool(0.3) {
            line.push("--allow-partial");
        }
        if random.random_bool(0.3) {
            line.extend(["--parallel", &parallel]);
        }
        self.submission(random, &line, 1)
    }

    fn maintenance(&mut self, random: &mut StdRng) -> Command {
        let node = self.node(random);
        let mut line = vec!["gnt-node", "maintenance"];
        match random.random_range(0..7) {
            0 | 1 => line.extend(["enter", "-f", &node]),
            2 => line.extend(["enter", "-f", "--min-free", "N+1", &node]),
            3 => line.extend(["enter", "-f", "--allow-partial", &node]),
            4 => line.extend(["leave", "-f", "--no-restore", &node]),
            _ => line.extend(["leave", "-f", &node]),
        }
        self.submission(random, &line, 1)
    }

    fn instance_operation(&mut self, random: &mut StdRng) -> Command {
        let name = self.instance(random);
        let line: &[&str] = match random.random_range(0..9) {
            0 => &["gnt-instance", "migrate", "-f", &name],
            1 => &["gnt-instance", "migrate", "-f", "--allow-failover", &name],
            2 => &["gnt-instance", "failover", "-f", &name],
            3 => &["gnt-instance", "startup", &name],
            4 => &["gnt-instance", "shutdown", &name],
            5 => &["gnt-instance", "reboot", &name],
            6 => &["gnt-instance", "reboot", "-t", "full", &name],
            7 => &["gnt-instance", "replace-disks", "--auto", &name],
            _ => &["gnt-instance", "replace-disks", "-s", &name],
        };
        self.submission(random, line, 1)
    }

    fn birth(&mut self, random: &mut StdRng) -> Command {
        match random.random_range(0..7) {
            4 => {
                let name = format!("node{}", random.random_range(self.nodes..=self.nodes + 2));
                let capacity = "memory=16G,disk=100G,cpus=16";
                let line = ["gnt-node", "add", "--capacity", capacity, &name];
                self.submission(random, &line, 1)
            }
            5 => {
                let name = format!("node{}", random.random_range(1..=self.nodes + 2));
                self.submission(random, &["gnt-node", "remove", &name], 1)
            }
            0 if self.born > 0 => {
                let name = format!("new{}", random.random_range(1..=self.born));
                self.submission(random, &["gnt-instance", "remove", "-f", &name], 1)
            }
            1 => {
                let name = format!("inst{}", random.random_range(1..=self.instances));
                self.submission(random, &["gnt-instance", "remove", "-f", &name], 1)
            }
            _ => {
                self.born += 1;
                let name = format!("new{}", self.born);
                let template = ["drbd", "rbd", "plain"].choose(random).unwrap_or(&"drbd");
                let mut line = vec!["gnt-instance", "add", "-t", template, "-s", "256M"];
                line.extend(["-B", "memory=256M", &name]);
                if random.random_bool(0.2) {
                    line.push("--no-start");
                }
                self.submission(random, &line, 1)
            }
        }
    }

    fn change(&mut self, random: &mut StdRng) -> Command {
        let (name, node) = (self.instance(random), self.node(random));
        let number = random.random_range(1..=4_u32);
        let (size, memory) = (
            format!("{}M", 16 * number),
            format!("memory={}M", 64 * number),
        );
        let (disk, tag) = (format!("add:size={size}"), format!("t{number}"));
        let ratio = format!("{}", 4 * number);
        let tagging = *["add-tags", "remove-tags"]
            .choose(random)
            .unwrap_or(&"add-tags");
        let modify = ["gnt-instance", "modify", "--ignore-ipolicy"];
        let elsewhere = format!("{node}:{}", self.node(random));
        let renamed;
        let line: Vec<&str> = match random.random_range(0..18) {
            0 | 1 => vec!["gnt-instance", "move", "-f", "-n", &node, &name],
            2 => vec![
                "gnt-instance",
                "grow-disk",
                "--ignore-ipolicy",
                &name,
                "0",
                &size,
            ],
            3 => [&modify[..], &["--disk", &disk, &name]].concat(),
            4 => [&modify[..], &["--disk", "remove", &name]].concat(),
            5 => [&modify[..], &["-B", &memory, &name]].concat(),
            6 => vec!["gnt-instance", "activate-disks", &name],
            7 => vec!["gnt-instance", "deactivate-disks", &name],
            8 | 9 => vec!["gnt-instance", tagging, &name, &tag],
            10 => vec!["gnt-node", tagging, &node, &tag],
            11 => vec!["gnt-group", tagging, "default", &tag],
            12 => vec!["gnt-cluster", tagging, &tag],
            // What follows wants an instance that is stopped.
            13 => vec!["gnt-instance", "shutdown", &name],
            14 => vec!["gnt-instance", "recreate-disks", "-f", &name],
            15 => {
                let nodes = &elsewhere;
                vec!["gnt-instance", "recreate-disks", "-f", "-n", nodes, &name]
            }
            16 => {
                self.born += 1;
                renamed = format!("new{}", self.born);
                vec!["gnt-instance", "rename", &name, &renamed]
            }
            _ => vec![
                "gnt-group",
                "modify",
                "--ipolicy-vcpu-ratio",
                &ratio,
                "default",
            ],
        };
        self.submission(random, &line, 1)
    }

    fn flag(&mut self, random: &mut StdRng) -> Command {
        let node = self.node(random);
        let yes = ["yes", "no", "no"].choose(random).unwrap_or(&"no");
        let flag = ["--drained", "--drained", "--offline"].choose(random);
        let flag = flag.unwrap_or(&"--drained");
        self.submission(random, &["gnt-node", "modify", "-f", flag, yes, &node], 1)
    }

    fn cancel(&mut self, random: &mut StdRng) -> Command {
        let mut line = words(&["gnt-job", "cancel", "-f", "--json"]);
        if random.random_bool(0.2) {
            line.push("--no-children".to_owned());
        }
        if random.random_bool(0.2) {
            line.push("--wait".to_owned());
            line.extend(self.some_ids(random));
            return Command {
                words: line,
                what: What::Other,
                short: false,
            };
        }
        line.extend(self.some_ids(random));
        short(line, What::Cancel)
    }

    fn look(&mut self, random: &mut StdRng) -> Command {
        if let Some(id) = self.ids.choose(random).filter(|_| random.random_bool(0.6)) {
            let id = id.to_string();
            let line: &[&str] = match random.random_range(0..3) {
                0 => &["gnt-job", "watch", "--json-stream", &id],
                1 => &["gnt-job", "watch", "--json", &id],
                _ => &["gnt-job", "wait", "--json", &id],
            };
            return Command {
                words: words(line),
                what: What::Follow,
                short: false,
            };
        }
        if random.random_bool(0.3) {
            let line = ["gnt-cluster", "verify-config", "--json"];
            return short(words(&line), What::Verify);
        }
        let lines: [&[&str]; 8] = [
            &["gnt-job", "list", "--archived"],
            &["gnt-job", "list", "--tree"],
            &["gnt-job", "info", "1"],
            &["gnt-node", "list", "--json"],
            &["gnt-instance", "list"],
            &["gnt-debug", "locks"],
            &["gnt-cluster", "queue", "info"],
            &["gnt-cluster", "history"],
        ];
        short(
            words(lines.choose(random).unwrap_or(&lines[0])),
            What::Other,
        )
    }

    fn fault(&mut self, random: &mut StdRng) -> Command {
        let (node, instance) = (self.node(random), self.instance(random));
        let at = random.random_range(0..=100_u32).to_string();
        let times = random.random_range(1..=4_u32).to_string();
        let mut line = vec!["gnt-debug", "fault", "add"];
        match random.random_range(0..9) {
            0 => line.extend(["node-dead", "--node", &node]),
            1 => line.extend(["node-slow", "--node", &node, "--factor", "3"]),
            2 => line.extend(["hangs", "--instance", &instance, "--at", &at]),
            3 => line.extend(["answer-lost", "--times", &times]),
            4 => line.extend(["start-fails", "--times", &times]),
            5 => line.extend(["crashes", "--times", &times, "--at", &at]),
            6 => line.extend(["left-over", "--times", &times, "--at", &at]),
            7 => line = vec!["gnt-debug", "fault", "clear"],
            _ => line.extend(["fails", "--times", &times, "--at", &at]),
        }
        short(words(&line), What::Other)
    }
}

fn short(words: Vec<String>, what: What) -> Command {
    Command {
        words,
        what,
        short: true,
    }
}

fn simulator(random: &mut StdRng) -> Command {
    let millis = random.random_range(0..40_u32);
    let limit = random.random_range(5_000..20_000_u32);
    let text = [
        format!("migrate={millis},start={millis}"),
        format!("stop={millis},sync={millis}"),
        format!("start={limit},migrate={limit}"),
        random.random_range(0..3_u32).to_string(),
    ];
    let which = random.random_range(0..text.len());
    let option = [
        "--simulator",
        "--simulator",
        "--verb-limit",
        "--runner-idle",
    ][which];
    short(
        words(&["gnt-cluster", "modify", option, &text[which]]),
        What::Other,
    )
}

fn queue(verb: &str) -> Command {
    short(words(&["gnt-cluster", "queue", verb]), What::Other)
}
