//! Copies of a state directory that are damaged: each tool says so and names the file, or works; it
//! neither panics nor puts another database in its place.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::common::{Lab, Output};
use crate::motion::{Law, must};

/// What is tried on a copy: looking, submitting, waiting.
const TOOLS: [&[&str]; 9] = [
    &["gnt-job", "list", "--archived"],
    &["gnt-job", "info", "1"],
    &["gnt-cluster", "verify-config"],
    &["gnt-cluster", "export"],
    &["gnt-instance", "list"],
    &["gnt-node", "list", "--json"],
    &["gnt-debug", "delay", "0", "--timeout", "1s"],
    &["gnt-job", "cancel", "-f", "1", "2"],
    &["gnt-node", "evacuate", "-f", "node1", "--timeout", "1s"],
];

/// How many of them are tried on one copy.
const TRIED: usize = 4;

/// A damaged copy of a state directory.
pub struct Damaged {
    dir: PathBuf,
    /// What was done to it.
    pub text: String,
    before: Vec<u8>,
    inode: u64,
}

impl Damaged {
    /// Copies the state directory, whatever happens in it meanwhile, and damages the copy. (The copy
    /// is made by another process: one that closes a database loses its locks on it.)
    pub fn copy(lab: &Lab, random: &mut StdRng) -> Damaged {
        let dir = (0..)
            .map(|nr| lab.temp.path().join(format!("copy-{nr}")))
            .find(|dir| !dir.exists())
            .unwrap();
        // A file may vanish while it is copied.
        let _ = Command::new("cp")
            .arg("-a")
            .arg(lab.path())
            .arg(&dir)
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        let database = dir.join("gnt.db");
        let text = damage(&dir, random);
        Damaged {
            before: fs::read(&database).unwrap(),
            inode: fs::metadata(&database).unwrap().ino(),
            dir,
            text,
        }
    }

    /// Runs tools on it.
    pub fn check(&self, lab: &Lab, random: &mut StdRng, say: impl Fn(&str)) -> Law {
        let mut unusable = true;
        for words in TOOLS.sample(random, TRIED) {
            let mut line = vec![words[0], "--state-dir", self.dir.to_str().unwrap()];
            line.extend(&words[1..]);
            // Nothing but the damage befalls it.
            let mut command = lab.command(&line);
            command.env_remove("GNT_TEST_CONTROL");
            let output = lab.spawn_command(command).finish();
            say(&format!("{words:?} on a damaged copy: {output:?}"));
            unusable &= output.code == 5 && output.stderr.contains("nothing was changed");
            self.judge(&output)
                .map_err(|law| format!("{law}\n  {words:?} after {}: {output:#?}", self.text))?;
        }
        let database = self.dir.join("gnt.db");
        let inode = fs::metadata(&database).map(|meta| meta.ino()).ok();
        must!(
            inode == Some(self.inode),
            "the damaged database was replaced"
        );
        // Who says that nothing was changed has changed nothing.
        must!(
            !unusable || fs::read(&database).unwrap() == self.before,
            "a database that nobody could use was changed after {}",
            self.text
        );
        Ok(())
    }

    fn judge(&self, output: &Output) -> Law {
        let Output { code, stderr, .. } = output;
        must!(!output.killed, "a tool was killed by a damaged database");
        must!(!stderr.contains("panicked"), "a tool panicked");
        must!(
            matches!(code, 0 | 1 | 3 | 4 | 5),
            "a tool ended with {code}"
        );
        must!(
            *code != 5 || stderr.contains(&*self.dir.to_string_lossy()),
            "the error does not name the file"
        );
        must!(
            *code != 5 || stderr.contains("hint: "),
            "the error does not say what to do"
        );
        Ok(())
    }
}

/// Cuts or flips something; tells what.
fn damage(dir: &Path, random: &mut StdRng) -> String {
    let files = ["gnt.db", "gnt.db", "gnt.db-wal", "reality-1.db"];
    let name = files
        .choose(random)
        .filter(|name| dir.join(name).exists())
        .unwrap_or(&"gnt.db");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(dir.join(name))
        .unwrap();
    let length = file.metadata().unwrap().len();
    if length == 0 {
        return format!("nothing: {name} is empty");
    }
    if random.random_bool(0.3) {
        let left = match random.random_bool(0.2) {
            true => 0,
            false => random.random_range(0..length),
        };
        file.set_len(left).unwrap();
        return format!("{name} cut from {length} to {left} bytes");
    }
    let count = *[1, 1, 4, 64].choose(random).unwrap();
    let within = match random.random_bool(0.3) {
        // Where it says what kind of file it is.
        true => length.min(100),
        false => length,
    };
    let places: Vec<u64> = (0..count).map(|_| random.random_range(0..within)).collect();
    for place in &places {
        let mut byte = [0];
        file.read_exact_at(&mut byte, *place).unwrap();
        byte[0] ^= 1 << random.random_range(0..8);
        file.write_all_at(&byte, *place).unwrap();
    }
    format!("{name}: bytes {places:?} flipped")
}
