//! Job files: opcodes that only exercise the queue.

use std::fs;
use std::path::Path;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::{Command, Load, words};

impl Load {
    pub(super) fn batch(&mut self, random: &mut StdRng, dir: &Path) -> Command {
        let jobs = match random.random_bool(0.2) {
            true => random.random_range(1..=12),
            false => random.random_range(1..=3),
        };
        self.batch_of(random, dir, jobs)
    }

    pub(super) fn batch_of(&mut self, random: &mut StdRng, dir: &Path, jobs: usize) -> Command {
        let mut line = words(&["gnt-debug", "submit-job"]);
        for place in 0..jobs {
            let ops = self.job(random, place, 2);
            self.files += 1;
            let file = dir.join(format!("job-{}.json", self.files));
            fs::write(&file, ops.to_string()).unwrap();
            line.push(file.to_str().unwrap().to_owned());
        }
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        self.submission(random, &line, jobs)
    }

    /// A job that stands after so many others in its submission, with children to a certain depth.
    fn job(&self, random: &mut StdRng, place: usize, depth: u32) -> Value {
        let count = match random.random_bool(0.7) {
            true => 1,
            false => random.random_range(2..=4),
        };
        let mut ops: Vec<Value> = (0..count).map(|_| self.op(random, depth)).collect();
        let mut depends = vec![];
        let ends = random_ends(random);
        if place > 0 && random.random_bool(0.3) {
            let back = random.random_range(1..=place) as i64;
            depends.push(json!([-back, ends]));
        } else if let Some(id) = self.ids.choose(random).filter(|_| random.random_bool(0.3)) {
            depends.push(json!([id, ends]));
        }
        if !depends.is_empty() {
            ops[0]["depends"] = json!(depends);
        }
        json!(ops)
    }

    fn op(&self, random: &mut StdRng, depth: u32) -> Value {
        if random.random_bool(0.4) {
            let duration = f64::from(random.random_range(0..30_u32)) / 1e3;
            let mut op = json!({"OP_ID": "OP_TEST_DELAY", "duration": duration});
            if random.random_bool(0.4) {
                op["on_nodes"] = json!([self.node(random)]);
            }
            return op;
        }
        let mut op = json!({"OP_ID": "OP_TEST_DUMMY", "result": random.random_range(0..9_u32)});
        if random.random_bool(0.7) {
            op["messages"] = json!(["once", "and no more"]);
        }
        if random.random_bool(0.1) {
            op["fail"] = json!("as it was told");
        } else if depth > 0 && random.random_bool(0.3) {
            let children = random.random_range(0..=4);
            let jobs: Vec<Value> = (0..children)
                .map(|place| self.job(random, place, depth - 1))
                .collect();
            op["submit_jobs"] = json!(jobs);
            if random.random_bool(0.3) {
                op["parallel"] = json!(random.random_range(1..=2_u32));
            }
        }
        op
    }
}

/// With which ends of another job a job that depends on it is content.
fn random_ends(random: &mut StdRng) -> Value {
    match random.random_range(0..3) {
        0 => json!([]),
        1 => json!(["success"]),
        _ => json!(["success", "error", "canceled"]),
    }
}
