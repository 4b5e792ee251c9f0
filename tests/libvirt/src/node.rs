//! A host of the lab.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::Duration;

use crate::guest::{DiskPlace, Guest};
use crate::{Failure, Started, inside, start, succeed, wait_for};

/// The hosts' network. It exists only within the lab.
const NETWORK: &str = "10.66.0";

/// How many hosts the lab's files know by name.
const MOST: usize = 9;

/// How long a libvirtd may take until it answers; some tens of milliseconds, but others work here, too.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// A host of the lab: processes, network, names and files of its own, and a libvirtd.
pub struct Node {
    name: String,
    /// 1 is the first.
    number: usize,
    /// What survives a power failure.
    directory: PathBuf,
    shared: PathBuf,
    /// The wire, as a process in its network.
    lan: u32,
    /// While it is switched on.
    power: Option<Started>,
}

/// Which of a host's processes a signal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process<'a> {
    /// Its libvirtd.
    Libvirtd,
    /// The qemu of a guest.
    Guest(&'a str),
}

/// A host's network cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cable {
    /// Nothing comes through.
    Pulled,
    /// As it should be.
    Plugged,
}

impl Node {
    pub(crate) fn new(lab: &Path, number: usize, lan: u32) -> Result<Node, Failure> {
        let name = format!("node{number}");
        let node = Node {
            directory: lab.join(&name),
            shared: lab.join("shared"),
            name,
            number,
            lan,
            power: None,
        };
        node.install()
            .map_err(|error| Failure::new(&node.name, error))?;
        Ok(node)
    }

    /// Writes what a host has on its disk.
    fn install(&self) -> io::Result<()> {
        let at = |path: &str| self.directory.join(path);
        for directory in [
            "etc/libvirt",
            "var/lib/libvirt/images",
            "var/log/libvirt",
            "var/cache/libvirt",
        ] {
            fs::create_dir_all(at(directory))?;
        }
        let Node { name, number, .. } = self;
        fs::write(at("etc/hostname"), format!("{name}\n"))?;
        let hosts = (1..=MOST).map(|number| format!("{NETWORK}.{number} node{number}\n"));
        fs::write(
            at("etc/hosts"),
            format!("127.0.0.1 localhost\n{}", hosts.collect::<String>()),
        )?;
        // Libvirt looks for the user that a package of Debian makes, though no guest runs as it here.
        for (file, name, line) in [
            (
                "passwd",
                "libvirt-qemu",
                "libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin\n",
            ),
            ("group", "libvirt-qemu", "libvirt-qemu:x:64055:\n"),
            ("group", "kvm", "kvm:x:64056:\n"),
            ("group", "libvirt", "libvirt:x:64057:\n"),
        ] {
            let (path, own) = (at("etc").join(file), Path::new("/etc").join(file));
            let from = if path.exists() { &path } else { &own };
            let mut text = fs::read_to_string(from)?;
            let known = text
                .lines()
                .any(|known| known.split(':').next() == Some(name));
            if !known {
                text.push_str(line);
            }
            fs::write(&path, text)?;
        }
        fs::write(
            at("etc/libvirt/libvirtd.conf"),
            format!(
                "listen_tls = 0\nlisten_tcp = 1\nauth_tcp = \"none\"\nauth_unix_rw = \"none\"\nmdns_adv = 0\n\
                 host_uuid = \"6e740000-1ab0-4000-8000-{number:012}\"\n\
                 log_outputs = \"2:file:/var/log/libvirt/libvirtd.log\"\n"
            ),
        )?;
        fs::write(
            at("etc/libvirt/qemu.conf"),
            format!(
                "user = \"root\"\ngroup = \"root\"\nremember_owner = 0\ndynamic_ownership = 0\n\
                 security_driver = \"none\"\nnamespaces = []\ncgroup_controllers = []\n\
                 stdio_handler = \"file\"\nmigration_host = \"{name}\"\n"
            ),
        )
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a program on this machine reaches its libvirtd. Nothing else of it can be reached from here.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("qemu+unix:///system?socket={}", self.socket().display())
    }

    /// How the other hosts reach it.
    #[must_use]
    pub fn peer_uri(&self) -> String {
        format!("qemu+tcp://{}/system", self.name)
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("run/libvirt/libvirt-sock")
    }

    /// Switches it on: it boots, with an empty `/run`, and starts its libvirtd, which starts the guests
    /// that it is to.
    ///
    /// # Errors
    /// When it does not come up. A failed step says which.
    pub fn power_on(&mut self) -> Result<(), Failure> {
        if self.power.is_none() {
            let run = self.directory.join("run");
            let clear = match fs::remove_dir_all(&run) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => fs::create_dir(&run),
            };
            clear.map_err(|error| Failure::new(&self.name, error))?;
            let mut command = Command::new("unshare");
            command
                .args([
                    "--mount",
                    "--uts",
                    "--ipc",
                    "--net",
                    "--pid",
                    "--fork",
                    "--kill-child",
                ])
                .args(["sh", "-c", include_str!("node.sh"), "node"])
                .args([self.directory.as_os_str(), self.name.as_ref()]);
            self.power = Some(start(command, &self.directory.join("boot.log"))?);
            self.plug_in()?;
        }
        self.start_libvirtd()
    }

    /// Lays its cable. It is made in the network of the wire, so that this machine never sees it; its card
    /// keeps its address over a power failure, as real ones do.
    fn plug_in(&self) -> Result<(), Failure> {
        let (number, pid) = (self.number, self.pid()?);
        let port = format!("port{number}");
        // The kernel takes its time to take an old one away.
        let _ = succeed(self.on_the_wire(&["link", "del", &port]));
        let peer = ["peer", "name", "eth0", "netns", &pid.to_string()];
        let add = ["link", "add", &port, "type", "veth"];
        succeed(self.on_the_wire(&[&add[..], &peer[..]].concat()))?;
        succeed(self.on_the_wire(&["link", "set", &port, "master", "lan", "up"]))?;
        let address = format!("02:00:00:00:00:{number:02x}");
        for command in [
            format!("link set eth0 address {address} up"),
            format!("address add {NETWORK}.{number}/24 dev eth0"),
        ] {
            let words: Vec<&str> = command.split(' ').collect();
            succeed(self.command("ip", &words)?)?;
        }
        Ok(())
    }

    fn on_the_wire(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["-t", &self.lan.to_string(), "-n", "ip"])
            .args(arguments);
        command
    }

    /// Starts its libvirtd, unless that lives, and waits until it answers.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn start_libvirtd(&self) -> Result<(), Failure> {
        if self.libvirtd().is_none() {
            let pid_file = self.directory.join("run/libvirtd.pid");
            let _ = fs::remove_file(pid_file);
            let arguments = ["--daemon", "--listen", "--pid-file", "/run/libvirtd.pid"];
            succeed(self.command("libvirtd", &arguments)?)?;
        }
        wait_for(
            ANSWER_LIMIT,
            &format!("libvirtd of {} answers", self.name),
            || {
                let is_there =
                    fs::metadata(self.socket()).is_ok_and(|found| found.file_type().is_socket());
                is_there && self.virsh(&["hostname"]).is_ok()
            },
        )
    }

    /// The number of its libvirtd within the host, if it lives.
    fn libvirtd(&self) -> Option<String> {
        let pid = fs::read_to_string(self.directory.join("run/libvirtd.pid")).ok()?;
        let pid = pid.trim();
        let comm = self.run("cat", &[&format!("/proc/{pid}/comm")]).ok()?;
        (comm.stdout == b"libvirtd\n").then(|| pid.to_owned())
    }

    /// Cuts its power: first nothing leaves it any more, then everything in it ends at once.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn power_off(&mut self) -> Result<(), Failure> {
        let Some(power) = self.power.take() else {
            return Ok(());
        };
        self.cable(Cable::Pulled)?;
        power
            .kill()
            .map_err(|error| Failure::new(&self.name, error))
    }

    /// Plugs its cable in, or pulls it.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn cable(&self, to: Cable) -> Result<(), Failure> {
        let to = match to {
            Cable::Pulled => "down",
            Cable::Plugged => "up",
        };
        succeed(self.on_the_wire(&["link", "set", &format!("port{}", self.number), to])).map(drop)
    }

    /// Sends a signal to one of its processes, such as `STOP`.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn signal(&self, process: Process<'_>, signal: &str) -> Result<(), Failure> {
        let pid = match process {
            Process::Libvirtd => self.libvirtd(),
            Process::Guest(name) => {
                let file = self.directory.join(format!("run/libvirt/qemu/{name}.pid"));
                fs::read_to_string(file)
                    .ok()
                    .map(|pid| pid.trim().to_owned())
            }
        };
        let Some(pid) = pid else {
            return Err(Failure::new(
                &self.name,
                format!("there is no process of {process:?}"),
            ));
        };
        succeed(self.command("sh", &["-c", &format!("kill -{signal} {pid}")])?)?;
        if (process, signal) == (Process::Libvirtd, "KILL") {
            let what = format!("libvirtd of {} ends", self.name);
            wait_for(ANSWER_LIMIT, &what, || self.libvirtd().is_none())?;
        }
        Ok(())
    }

    /// The guests of which the kernel sees a qemu, whatever libvirt says.
    ///
    /// # Errors
    /// When the host is off.
    pub fn running(&self) -> Result<Vec<String>, Failure> {
        let script = "for p in /proc/[0-9]*; do tr '\\0' '\\n' <$p/cmdline; done 2>/dev/null; true";
        let all = self.run("sh", &["-c", script])?;
        let all = String::from_utf8_lossy(&all.stdout);
        let mut names: Vec<String> = (all.lines())
            .filter_map(|line| line.strip_prefix("guest=")?.split(',').next())
            .map(str::to_owned)
            .collect();
        names.sort();
        Ok(names)
    }

    /// Makes a guest known.
    ///
    /// # Errors
    /// When libvirt does not take it.
    pub fn define(&self, guest: &Guest) -> Result<(), Failure> {
        let disk = guest.disk_path(&self.shared);
        let outside = match guest.disk {
            DiskPlace::Shared => disk,
            DiskPlace::Local => self.directory.join(disk.strip_prefix("/").unwrap_or(&disk)),
        };
        let file = self
            .directory
            .join("run")
            .join(format!("{}.xml", guest.name));
        fs::write(outside, guest.image())
            .and_then(|()| fs::write(&file, guest.definition(&self.shared)))
            .map_err(|error| Failure::new(&guest.name, error))?;
        self.virsh(&["define", &file.to_string_lossy()]).map(drop)
    }

    /// Makes a guest known, starts it, and waits until it runs.
    ///
    /// # Errors
    /// When it does not boot.
    pub fn boot(&self, guest: &Guest) -> Result<(), Failure> {
        let before = self.said(&guest.name)?.boots;
        self.define(guest)?;
        self.virsh(&["start", &guest.name])?;
        let what = format!("{} boots", guest.name);
        wait_for(ANSWER_LIMIT, &what, || {
            self.said(&guest.name).is_ok_and(|said| said.boots > before)
        })
    }

    fn said(&self, guest: &str) -> Result<crate::Said, Failure> {
        crate::guest::said(&self.shared, guest).map_err(|error| Failure::new(guest, error))
    }

    /// What `virsh` says about it.
    ///
    /// # Errors
    /// When it fails.
    pub fn virsh(&self, arguments: &[&str]) -> Result<String, Failure> {
        let mut command = Command::new("virsh");
        command.args(["-q", "-c", &self.uri()]).args(arguments);
        let output = succeed(command)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Runs a program on it.
    ///
    /// # Errors
    /// When it is off, or the program fails.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<Output, Failure> {
        succeed(self.command(program, arguments)?)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Result<Command, Failure> {
        let mut command = inside(self.pid()?);
        command.arg(program).args(arguments);
        Ok(command)
    }

    fn pid(&self) -> Result<u32, Failure> {
        match &self.power {
            Some(power) => Ok(power.pid),
            None => Err(Failure::new(&self.name, "it is off")),
        }
    }

    /// Takes the process away that holds it up.
    pub(crate) fn take(&mut self) -> Option<Child> {
        self.power.take().map(|power| power.child)
    }
}
