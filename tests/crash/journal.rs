//! What happened in a story, in order: for whoever has to find out why it broke.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

/// A file of steps, and how often each kind of thing happened.
pub struct Journal {
    begun: Instant,
    file: Mutex<File>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Journal {
    pub fn new(path: &Path) -> Journal {
        Journal {
            begun: Instant::now(),
            file: Mutex::new(File::create(path).unwrap()),
            counts: Mutex::default(),
        }
    }

    /// Writes a line.
    pub fn say(&self, text: &str) {
        let millis = self.begun.elapsed().as_secs_f64() * 1e3;
        let mut file = self.file.lock().unwrap();
        writeln!(file, "{millis:9.1} {text}").unwrap();
    }

    /// Something of this kind happened.
    pub fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.counts.lock().unwrap().clone()
    }
}
