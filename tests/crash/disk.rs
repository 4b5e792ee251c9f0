//! A small disk for a state directory, which can be filled.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Room for a story: database, log of the database and reality stay below a few MiB.
const SIZE: &str = "size=12m,mode=0700";

/// A file system of its own, until it is dropped.
pub struct Disk {
    at: PathBuf,
}

fn run(words: &[&str], path: &Path) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(path);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Disk {
    /// Mounts one where nothing is yet; `None` where that is not allowed.
    pub fn mount(at: &Path) -> Option<Disk> {
        fs::create_dir(at).unwrap();
        fs::set_permissions(at, fs::Permissions::from_mode(0o700)).unwrap();
        let words = ["mount", "-t", "tmpfs", "-o", SIZE, "none"];
        match run(&words, at) {
            true => Some(Disk { at: at.to_owned() }),
            false => {
                fs::remove_dir(at).unwrap();
                None
            }
        }
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }

    /// Takes all the room that there is.
    pub fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            let zeros = vec![0; size];
            while file.write_all(&zeros).is_ok() {}
        }
    }

    /// Gives it back.
    pub fn empty(&self) {
        // It is not there if nobody has filled the disk.
        let _ = fs::remove_file(self.filler());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // What is in it is wanted; a copy is as good as the disk.
            let copy = self.at.with_extension("kept");
            let from = self.at.to_string_lossy().into_owned();
            run(&["cp", "-a", &from], &copy);
        }
        run(&["umount", "-l"], &self.at);
    }
}
