//! What the tests with real processes share: a state directory, a cluster in it, the tools.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "shared by tests, none of which uses all of it; they panic where they cannot go on, and open /proc and what tools printed"
)]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gnt::admin::{Existing, Founding, NewReality, found, simulator, verify};
use gnt::cluster::{Capacity, Config};
use gnt::hypervisor::fake::FakeSettings;
use gnt::queue::{Client, JobId, Status};
use gnt::store::{JobRow, Reading, StateDir, Store};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Nothing that a test waits for takes longer, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A state directory that goes away, with the runner that works in it.
pub struct Lab {
    pub temp: tempfile::TempDir,
    pub dir: StateDir,
    files: AtomicUsize,
    /// The variable by which a test steers tools, and its value.
    steered: Option<(&'static str, PathBuf)>,
}

/// How a tool ended.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    /// It did not end by itself.
    pub killed: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The document on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {self:?}"),
        }
    }

    /// The same, which must have ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Output {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

/// A tool on its way; its output goes to files, so that it never waits for its reader.
pub struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }

    pub fn stdout(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap()
    }

    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(self) -> Output {
        self.finish_within(PATIENCE)
    }

    /// The same, for what takes its time.
    #[track_caller]
    pub fn finish_within(mut self, patience: Duration) -> Output {
        let until = Instant::now() + patience;
        while !self.is_over() {
            assert!(Instant::now() < until, "does not end: {}", self.stderr());
            std::thread::sleep(Duration::from_millis(2));
        }
        let status = self.child.wait().unwrap();
        Output {
            code: code_of(status),
            killed: status.code().is_none(),
            stdout: self.stdout(),
            stderr: self.stderr(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Has ended already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to its end. Tells what it has said, and how long it was at work on a processor: how long
/// it took is also a matter of what else runs here.
#[track_caller]
pub fn at_work(command: &mut Command) -> (std::process::Output, Duration) {
    let (stdout, stderr) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let pipe = |file: &fs::File| Stdio::from(file.try_clone().unwrap());
    command.stdin(Stdio::null());
    let mut child = command
        .stdout(pipe(&stdout))
        .stderr(pipe(&stderr))
        .spawn()
        .unwrap();
    // Its times can be read as long as nobody has taken notice of its end.
    let end = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(Pid::from_raw(child.id().cast_signed())), end).unwrap();
    let times = fs::read_to_string(format!("/proc/{}/schedstat", child.id())).unwrap();
    let nanoseconds = times.split(' ').next().unwrap().parse().unwrap();
    let said = |mut file: fs::File| {
        let mut text = vec![];
        file.rewind().unwrap();
        file.read_to_end(&mut text).unwrap();
        text
    };
    let output = std::process::Output {
        status: child.wait().unwrap(),
        stdout: said(stdout),
        stderr: said(stderr),
    };
    (output, Duration::from_nanos(nanoseconds))
}

/// What a process can leak: its files, its threads and its children.
pub fn held() -> (usize, usize, usize) {
    let entries = |path: &str| fs::read_dir(path).unwrap().count();
    let own = std::process::id().to_string();
    let is_child = |path: PathBuf| {
        let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        after_name.split_whitespace().nth(1) == Some(&own)
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    let children = all.filter(|entry| is_child(entry.path())).count();
    (
        entries("/proc/self/fd"),
        entries("/proc/self/task"),
        children,
    )
}

/// Whether this process runs the test of this path alone, so that other tests' files and threads are not
/// counted with its own. If not, it was run so, and has passed.
#[track_caller]
pub fn is_alone(test: &str) -> bool {
    const ALONE: &str = "GNT_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:#?}");
    false
}

/// The exit code as a shell tells it: 128 and more for a signal.
fn code_of(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    let signal = || 128 + status.signal().unwrap_or_default();
    status.code().unwrap_or_else(signal)
}

/// Waits until something is there.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Tools that a failed test left behind would start the runner again.
        for pid in pids_with(&self.temp) {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
}

/// The processes in whose command line or environment this directory stands.
fn pids_with(temp: &tempfile::TempDir) -> Vec<Pid> {
    let name = temp.path().as_os_str().as_encoded_bytes().to_vec();
    let own = std::process::id();
    let mut found = vec![];
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|n| n.parse::<u32>().ok())
        else {
            continue;
        };
        let named = ["cmdline", "environ"].iter().any(|file| {
            let text = fs::read(entry.path().join(file)).unwrap_or_default();
            text.windows(name.len()).any(|part| part == name)
        });
        if named && pid != own {
            found.push(Pid::from_raw(pid.cast_signed()));
        }
    }
    found
}

impl Lab {
    /// An empty one.
    pub fn new() -> Lab {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("state");
        let dir = StateDir::locate(Some(&path)).unwrap();
        Lab {
            temp,
            dir,
            files: AtomicUsize::new(0),
            steered: None,
        }
    }

    /// Lets the tools that are run from now on, and the runners that these start, obey a test.
    #[cfg(debug_assertions)]
    pub fn steer(&mut self) -> gnt::failpoints::control::Control {
        use gnt::failpoints::control::{Control, VARIABLE};
        let control = Control::create(&self.temp.path().join("control")).unwrap();
        self.steered = Some((VARIABLE, control.dir().to_owned()));
        control
    }

    /// The sample cluster, whose verbs take so many milliseconds.
    pub fn sample(nodes: usize, instances: usize, millis: u64) -> Lab {
        let lab = Lab::new();
        let (nodes, instances) = (nodes.to_string(), instances.to_string());
        lab.run([
            "gnt-cluster",
            "init",
            "demo",
            "--sample",
            "--nodes",
            &nodes,
            "--instances",
            &instances,
        ])
        .exits(0);
        lab.durations(millis);
        lab
    }

    /// The cluster of a file, whose verbs take so many milliseconds.
    pub fn imported(file: &Path, millis: u64) -> Lab {
        let lab = Lab::new();
        lab.run(["gnt-cluster".as_ref(), "import".as_ref(), file.as_os_str()])
            .exits(0);
        lab.durations(millis);
        lab
    }

    /// How many milliseconds each verb takes from now on.
    pub fn durations(&self, millis: u64) {
        let words: Vec<String> = ["start", "stop", "reboot", "migrate", "sync"]
            .iter()
            .map(|verb| format!("{verb}={millis}"))
            .collect();
        self.run(["gnt-cluster", "modify", "--simulator", &words.join(",")])
            .exits(0);
    }

    /// A tool with its arguments, not run yet.
    pub fn command<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut words = words.into_iter();
        let name = words.next().unwrap();
        self.command_of(&tool(name.as_ref().to_str().unwrap()), words)
    }

    /// A call of this program as a tool.
    pub fn command_of<S: AsRef<OsStr>>(
        &self,
        program: &Path,
        words: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(program);
        command
            .args(words)
            .env("GNT_STATE_DIR", self.path())
            .env_remove("NO_COLOR")
            .envs(self.steered.iter().map(|(name, dir)| (name, dir)))
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    /// Starts a tool.
    #[track_caller]
    pub fn spawn<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Running {
        self.spawn_command(self.command(words))
    }

    /// Starts a tool with an environment of its own.
    #[track_caller]
    pub fn spawn_command(&self, mut command: Command) -> Running {
        let nr = self.files.fetch_add(1, Ordering::Relaxed);
        let stdout = self.temp.path().join(format!("{nr}.out"));
        let stderr = self.temp.path().join(format!("{nr}.err"));
        command
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap());
        Running {
            child: command.spawn().unwrap(),
            stdout,
            stderr,
        }
    }

    /// Runs a tool to its end.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Output {
        self.spawn(words).finish()
    }

    /// Runs a tool with `--submit --print-jobid`, and tells the id.
    #[track_caller]
    pub fn submit<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> JobId {
        let words = words.into_iter().chain(["--submit", "--print-jobid"]);
        let output = self.run(words).exits(0);
        output.stdout.trim().parse().unwrap()
    }

    /// The process that executes the jobs.
    pub fn runner_pid(&self) -> Option<Pid> {
        let dir = self.path().as_os_str().as_encoded_bytes();
        pids_with(&self.temp).into_iter().find(|pid| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
            words
                .first()
                .is_some_and(|name| name.ends_with(b"gnt-runner"))
                && words.contains(&dir)
        })
    }

    /// The processes of this lab that a signal has stopped.
    pub fn stopped_pids(&self) -> Vec<Pid> {
        let stopped = |pid: &Pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let state = stat
                .rsplit_once(')')
                .map_or("", |(_, rest)| rest.trim_start());
            state.starts_with('T')
        };
        pids_with(&self.temp).into_iter().filter(stopped).collect()
    }

    pub fn store(&self) -> Store {
        Store::open(self.dir.clone()).unwrap()
    }

    pub fn job(&self, id: JobId) -> JobRow {
        self.store().job(id).unwrap().unwrap()
    }

    /// The jobs that a job's opcodes submitted.
    pub fn children(&self, id: JobId) -> Vec<JobRow> {
        self.store().children(id).unwrap()
    }

    /// Waits until a job is in one of these states.
    #[track_caller]
    pub fn wait_for_status(&self, id: JobId, states: &[Status]) -> JobRow {
        let store = self.store();
        wait_for(&format!("job {id} in {states:?}"), || {
            let job = store.job(id).unwrap()?;
            assert!(
                states.contains(&job.status) || !job.status.is_final(),
                "job {id} ended in {}, not in {states:?}",
                job.status
            );
            states.contains(&job.status).then_some(job)
        })
    }

    /// Waits until a job and all that descend from it have ended, whoever works on them.
    #[track_caller]
    pub fn wait_for_family(&self, id: JobId) -> Vec<JobRow> {
        let store = self.store();
        wait_for(&format!("family of job {id}"), || {
            let family = store.family(id).unwrap();
            family
                .iter()
                .all(|job| job.status.is_final())
                .then_some(family)
        })
    }

    /// The primary node of an instance and, if it has one, its secondary, by name.
    pub fn nodes_of(&self, instance: &str) -> (String, Option<String>) {
        let config = self.store().config().unwrap();
        let instance = config
            .instances
            .values()
            .find(|i| i.name == instance)
            .unwrap();
        let name = |uuid| config.nodes.get(uuid).unwrap().name.clone();
        let secondary = config.secondary(instance);
        (name(&instance.primary_node), secondary.map(name))
    }

    /// Instances whose primary node this is, by name.
    pub fn primaries(&self, node: &str) -> BTreeSet<String> {
        let config = self.store().config().unwrap();
        let node = config.nodes.values().find(|n| n.name == node).unwrap();
        config
            .primaries(&node.uuid)
            .map(|i| i.name.clone())
            .collect()
    }

    /// Configuration, queue and simulator agree, and each instance runs once, or not at all if it
    /// was stopped.
    #[track_caller]
    pub fn verify_clean(&self) {
        let store = self.store();
        let reality = simulator(&store).unwrap().snapshot().unwrap();
        let verdict = verify(&store, Some(&reality), Reading::Everything).unwrap();
        assert_eq!(verdict.findings, []);
        assert_eq!(verdict.busy, []);
        let config = store.config().unwrap();
        for instance in config.instances.values() {
            let found = reality.instances.get(&instance.uuid);
            let running = found.map_or(&[][..], |now| &now.running_on);
            let up = instance.admin_state == gnt::cluster::AdminState::Up;
            assert_eq!(running.len(), usize::from(up), "{}", instance.name);
            assert!(running.iter().all(|node| *node == instance.primary_node));
            assert!(found.is_none_or(|now| now.activity.is_none()));
        }
    }

    /// One with a cluster of drbd instances, two roles spread round a ring of nodes.
    pub fn ring(nodes: usize, instances: usize, simulator: FakeSettings) -> Lab {
        let lab = Lab::new();
        let founding = Founding {
            config: ring(nodes, instances),
            reality: NewReality::Simulated(simulator),
            queue_limit: None,
            max_running_jobs: None,
            allocators: None,
        };
        found(&lab.dir, &founding, Existing::Keep, "{}").unwrap();
        lab
    }

    pub fn client(&self) -> Client {
        Client::open(self.dir.clone(), "test").unwrap()
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// The clusters to import that are kept with the tests, see their `README.md`.
pub fn cluster_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clusters")
}

/// Where the built tools are.
pub fn tool(name: &str) -> PathBuf {
    assert_cmd::cargo::cargo_bin(name)
}

pub fn ring(nodes: usize, instances: usize) -> Config {
    let uuid = |kind: u32, nr: usize| format!("{kind:08x}-0000-4000-8000-{nr:012x}");
    let parse = |value: Value| value;
    let cluster = serde_json::from_value(json!({
        "cluster_name": "ring", "uuid": uuid(0, 0),
        "beparams": {"default": {"maxmem": 128, "minmem": 128, "vcpus": 1}},
    }))
    .unwrap();
    let group = serde_json::from_value(json!({"name": "default", "uuid": uuid(1, 0)})).unwrap();
    let capacity = Capacity {
        memory: 128 * (instances as u64 + 1) * 2,
        disk: 2048 * (instances as u64 + 1) * 2,
        cpus: instances as u64 + 1,
        spindles: instances as u64 + 1,
    };
    let node = |nr: usize| {
        serde_json::from_value(parse(json!({
            "name": format!("node{}", nr + 1), "uuid": uuid(2, nr), "group": uuid(1, 0),
            "gnt_capacity": capacity,
        })))
        .unwrap()
    };
    let instance = |nr: usize| {
        serde_json::from_value(parse(json!({
            "name": format!("inst{}", nr + 1), "uuid": uuid(3, nr),
            "primary_node": uuid(2, nr % nodes), "admin_state": "up", "disks": [uuid(4, nr)],
        })))
        .unwrap()
    };
    let disk = |nr: usize| {
        let on = [uuid(2, nr % nodes), uuid(2, (nr + 1) % nodes)];
        serde_json::from_value(parse(json!({
            "uuid": uuid(4, nr), "dev_type": "drbd", "size": 1024, "iv_name": "disk/0",
            "nodes": on, "logical_id": [on[0], on[1], 11000 + nr, nr, nr, "secret"],
        })))
        .unwrap()
    };
    Config::new(
        cluster,
        vec![group],
        (0..nodes).map(node).collect(),
        (0..instances).map(instance).collect(),
        (0..instances).map(disk).collect(),
        serde_json::Map::new(),
    )
}
