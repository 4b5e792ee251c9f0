//! What every driver has to do, whatever it drives: said in docs/driver-protocol.md, tried here.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use gnt_driver::{
    Answer, Ask, Comparison, Definition, Facts, Guest, GuestState, Migration, Opened, Outcome,
    PROTOCOL, Refusal, Request, Transfer, Trouble, read_line,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::common::{PATIENCE, wait_for};

/// How a node is reached.
pub(crate) type Access = BTreeMap<String, String>;

/// A driver, two nodes that nobody else uses meanwhile, and a guest that neither of them has.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The program.
    pub(crate) program: PathBuf,
    /// How each node is reached from here.
    pub(crate) nodes: [Access; 2],
    /// How each node is reached from the other one.
    pub(crate) peers: [Access; 2],
    /// The guest's definition. It shuts itself down when it is asked to, and its disks are seen from both.
    pub(crate) definition: String,
    /// Its UUID.
    pub(crate) guest: String,
    /// MiB a second at which its move takes some seconds.
    pub(crate) slow: u64,
}

/// One process of the driver.
pub(crate) struct Driver {
    child: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<Vec<u8>>,
    asked: u64,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Has ended already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Driver {
    fn start(subject: &Subject) -> Driver {
        let mut command = Command::new(&subject.program);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, answers) = channel();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(line) = read_line(&mut lines).unwrap() {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Driver {
            requests: child.stdin.take(),
            child,
            answers,
            asked: 0,
        }
    }

    fn tell(&mut self, ask: Ask) {
        self.asked += 1;
        let request = Request {
            id: self.asked,
            ask,
        };
        let mut line = serde_json::to_vec(&request).unwrap();
        line.push(b'\n');
        self.requests.as_mut().unwrap().write_all(&line).unwrap();
    }

    /// Asks for what no language of this kind has.
    fn asks_for_what_nobody_knows(&mut self) {
        self.asked += 1;
        let request = json!({"id": self.asked, "ask": "juggle", "balls": 3});
        let line = format!("{request}\n");
        let requests = self.requests.as_mut().unwrap();
        requests.write_all(line.as_bytes()).unwrap();
        assert!(self.heard(PATIENCE).unwrap().is_err(), "it juggles");
    }

    fn heard(&mut self, within: Duration) -> Option<Result<Value, Refusal>> {
        let line = match self.answers.recv_timeout(within) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("it ended"),
        };
        let answer: Answer = serde_json::from_slice(&line)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&line)));
        assert_eq!(answer.id, self.asked, "the answer to another request");
        Some(match answer.outcome {
            Outcome::Ok(value) => Ok(value),
            Outcome::Error(refusal) => Err(refusal),
        })
    }

    #[track_caller]
    fn ask(&mut self, ask: Ask) -> Result<Value, Refusal> {
        let what = format!("{ask:?}");
        self.tell(ask);
        self.heard(PATIENCE)
            .unwrap_or_else(|| panic!("no answer to {what}"))
    }

    #[track_caller]
    fn get<T: DeserializeOwned>(&mut self, ask: Ask) -> T {
        let what = format!("{ask:?}");
        let value = self
            .ask(ask)
            .unwrap_or_else(|refusal| panic!("{what}: {refusal:?}"));
        serde_json::from_value(value.clone())
            .unwrap_or_else(|error| panic!("{what}: {error}: {value}"))
    }

    /// Asks for what has no answer but that it is done.
    #[track_caller]
    fn does(&mut self, ask: Ask) {
        let what = format!("{ask:?}");
        let done: Value = self.get(ask);
        assert_eq!(done, Value::Null, "{what}");
    }

    /// Asks for what is to be refused, for this reason or just so.
    #[track_caller]
    fn refuses(&mut self, ask: Ask, trouble: Trouble) {
        let what = format!("{ask:?}");
        match self.ask(ask) {
            Ok(value) => panic!("{what}: {value}"),
            Err(refusal) => {
                let known = [trouble, Trouble::Failed].contains(&refusal.trouble);
                assert!(known && !refusal.text.is_empty(), "{what}: {refusal:?}");
            }
        }
    }

    /// Closes its input; it has to end.
    fn leave(mut self) {
        self.requests = None;
        let status = wait_for("the end of a driver", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}");
    }
}

/// The guest on one node.
struct Side<'a> {
    subject: &'a Subject,
    nr: usize,
    driver: Driver,
    opened: Opened,
}

impl<'a> Side<'a> {
    fn open(subject: &'a Subject, nr: usize) -> Side<'a> {
        let mut driver = Driver::start(subject);
        let opened = driver.get(Ask::Open {
            protocol: PROTOCOL,
            node: format!("node{}", nr + 1),
            access: subject.nodes[nr].clone(),
        });
        Side {
            subject,
            nr,
            driver,
            opened,
        }
    }

    /// Whether the driver claims that.
    fn can(&self, what: &str) -> bool {
        self.opened.can(what)
    }

    fn guest(&self) -> String {
        self.subject.guest.clone()
    }

    #[track_caller]
    fn look(&mut self) -> Option<Guest> {
        let guest = self.guest();
        if self.can("look") {
            return self.driver.get(Ask::Look { guest });
        }
        let all: Vec<Guest> = self.driver.get(Ask::List);
        all.into_iter().find(|one| one.uuid == guest)
    }

    #[track_caller]
    fn state(&mut self) -> Option<GuestState> {
        self.look().map(|guest| guest.state)
    }

    /// What the guest is marked by, if the driver marks guests.
    fn mark(&self) -> Option<&'static str> {
        self.can("mark").then_some("one")
    }

    #[track_caller]
    fn is(&mut self, state: GuestState) -> Guest {
        let guest = self.look().unwrap();
        assert_eq!(guest.state, state, "{guest:?}");
        guest
    }

    fn migrate(&self, live: bool, bandwidth: Option<u64>) -> Ask {
        Ask::Migrate {
            guest: self.guest(),
            to: self.subject.peers[1 - self.nr].clone(),
            how: Migration {
                live,
                trust_storage: true,
                bandwidth,
                downtime: None,
            },
        }
    }
}

/// Tries everything that the driver claims.
pub(crate) fn conforms(subject: &Subject) {
    let (mut one, mut two) = connects(subject);
    knows_what_it_can(&mut one);
    knows_nothing(&mut one);
    keeps_definitions(&mut one);
    runs(&mut one);
    if one.can("migrate") {
        moves(&mut one, &mut two);
        gives_a_move_up(&mut two, &mut one);
        survives_the_end_of_its_process(&mut two, &mut one);
        moves_what_rests(&mut two, &mut one);
    } else {
        is_off(&mut one);
    }
    is_handed_over(&mut one, &mut two);
    is_handed_over(&mut two, &mut one);
    if one.can("shutdown") {
        shuts_down(&mut one);
    }
    forgets(&mut one);
    assert_eq!(two.state(), None);
    one.driver.leave();
    two.driver.leave();
}

fn connects(subject: &Subject) -> (Side<'_>, Side<'_>) {
    let mut stranger = Driver::start(subject);
    let other = Ask::Open {
        protocol: PROTOCOL + 1,
        node: "node1".to_owned(),
        access: subject.nodes[0].clone(),
    };
    assert!(stranger.ask(other).is_err(), "it speaks every language");
    let (one, two) = (Side::open(subject, 0), Side::open(subject, 1));
    let (first, second) = (&one.opened, &two.opened);
    assert_ne!(first.host_uuid, second.host_uuid);
    for opened in [first, second] {
        assert!(!opened.host_uuid.is_empty() && !opened.driver.is_empty());
    }
    let again = Side::open(subject, 0).opened;
    assert_eq!(again, *first, "another process finds another host");
    (one, two)
}

fn knows_what_it_can(one: &mut Side<'_>) {
    for needed in Ask::NEEDED {
        assert!(one.can(needed), "it cannot {needed}");
    }
    for (what, needs) in [
        ("migrate", "transfer"),
        ("migrate", "abort"),
        ("suspend", "resume"),
    ] {
        assert!(!one.can(what) || one.can(needs), "{what} without {needs}");
    }
    one.driver.asks_for_what_nobody_knows();
    let facts: Facts = one.driver.get(Ask::Facts);
    assert!(facts.memory > 0 && facts.cpus > 0, "{facts:?}");
    if one.can("compare") {
        let processor = facts.processor;
        let comparison: Comparison = one.driver.get(Ask::Compare { processor });
        assert!(comparison.compatible, "a host with itself: {comparison:?}");
    }
}

/// A guest that is not there.
fn knows_nothing(one: &mut Side<'_>) {
    let guest = || one.subject.guest.clone();
    let driver = &mut one.driver;
    driver.refuses(Ask::Start { guest: guest() }, Trouble::Absent);
    driver.refuses(Ask::Definition { guest: guest() }, Trouble::Absent);
    driver.does(Ask::Undefine { guest: guest() });
    if one.can("transfer") {
        one.driver.does(Ask::Transfer { guest: guest() });
    }
    if one.can("delete-disk") {
        let path = "/nonexistent/disk".to_owned();
        one.driver.does(Ask::DeleteDisk { path });
    }
    assert_eq!(one.state(), None);
}

fn keeps_definitions(one: &mut Side<'_>) {
    let definition = || one.subject.definition.clone();
    let guest = || one.subject.guest.clone();
    for _ in 0..2 {
        one.driver.does(Ask::Define {
            definition: definition(),
        });
    }
    let here = one.is(GuestState::Stopped);
    assert_eq!(here.uuid, one.subject.guest);
    assert!(here.persistent && !here.leaving && here.memory > 0 && here.vcpus > 0);
    assert!(!here.autostart && here.cluster.is_none(), "{here:?}");
    let list: Vec<Guest> = one.driver.get(Ask::List);
    assert!(list.contains(&here), "{list:?}");
    for on in [true, true, false] {
        if !one.can("autostart") {
            break;
        }
        one.driver.does(Ask::Autostart { guest: guest(), on });
        assert_eq!(one.is(GuestState::Stopped).autostart, on);
    }
    for cluster in [Some("one"), Some("two"), None, Some("one")] {
        if !one.can("mark") {
            break;
        }
        let cluster = cluster.map(str::to_owned);
        one.driver.does(Ask::Mark {
            guest: guest(),
            cluster: cluster.clone(),
        });
        assert_eq!(one.is(GuestState::Stopped).cluster, cluster);
    }
    // What it gives can be given back.
    let known: Definition = one.driver.get(Ask::Definition { guest: guest() });
    one.driver.does(Ask::Define {
        definition: known.definition.clone(),
    });
    let again: Definition = one.driver.get(Ask::Definition { guest: guest() });
    assert_eq!(again, known);
    let present = known.disks.iter().all(|disk| disk.present != Some(false));
    assert!(present, "{known:?}");
    assert_eq!(one.is(GuestState::Stopped).cluster.as_deref(), one.mark());
}

fn runs(one: &mut Side<'_>) {
    let guest = || one.subject.guest.clone();
    for _ in 0..2 {
        one.driver.does(Ask::Start { guest: guest() });
        one.is(GuestState::Running);
    }
    if one.can("suspend") {
        one.driver.does(Ask::Suspend { guest: guest() });
        one.is(GuestState::Paused);
        one.driver.does(Ask::Resume { guest: guest() });
        one.is(GuestState::Running);
    }
    if one.can("reboot") {
        one.driver.does(Ask::Reboot { guest: guest() });
        one.is(GuestState::Running);
    }
    // From its next start on.
    let known: Definition = one.driver.get(Ask::Definition { guest: guest() });
    let definition = known.definition;
    one.driver.does(Ask::Define { definition });
    one.is(GuestState::Running);
    // It would be lost when it stops.
    let undefine = Ask::Undefine { guest: guest() };
    one.driver.refuses(undefine, Trouble::Failed);
    assert!(one.is(GuestState::Running).persistent);
    if one.can("migrate") {
        // None is on its way.
        one.driver.does(Ask::Abort { guest: guest() });
        one.driver.does(Ask::Transfer { guest: guest() });
    }
}

/// Waits until a move is seen that another process does.
fn wait_for_transfer(watch: &mut Side<'_>) -> Transfer {
    wait_for("a migration", || {
        let guest = watch.guest();
        let transfer: Option<Transfer> = watch.driver.get(Ask::Transfer { guest });
        transfer.filter(|transfer| transfer.processed > 0.0)
    })
}

fn moves(from: &mut Side<'_>, to: &mut Side<'_>) {
    let mut mover = Side::open(from.subject, from.nr);
    let ask = mover.migrate(true, Some(from.subject.slow));
    mover.driver.tell(ask);
    let transfer = wait_for_transfer(from);
    assert!(transfer.total > 0.0 && transfer.pass >= 1, "{transfer:?}");
    assert!(from.is(GuestState::Running).leaving);
    let coming = to.is(GuestState::Incoming);
    assert!(!coming.leaving, "{coming:?}");
    // It is on its way already.
    let mut second = Side::open(from.subject, from.nr);
    let ask = second.migrate(true, None);
    second.driver.refuses(ask, Trouble::Failed);
    let end = mover.driver.heard(PATIENCE).unwrap();
    assert_eq!(end, Ok(Value::Null));
    assert_eq!(from.state(), None);
    let here = to.is(GuestState::Running);
    assert!(here.persistent && !here.leaving, "{here:?}");
    assert_eq!(here.cluster.as_deref(), to.mark(), "its mark moves along");
    let guest = from.guest();
    from.driver.does(Ask::Transfer { guest });
}

fn gives_a_move_up(from: &mut Side<'_>, to: &mut Side<'_>) {
    let mut mover = Side::open(from.subject, from.nr);
    let ask = mover.migrate(true, Some(from.subject.slow));
    mover.driver.tell(ask);
    wait_for_transfer(from);
    let guest = from.guest();
    from.driver.does(Ask::Abort { guest });
    let end = mover.driver.heard(PATIENCE).unwrap();
    assert_eq!(end.unwrap_err().trouble, Trouble::Aborted);
    assert!(!from.is(GuestState::Running).leaving);
    assert_eq!(to.state(), None);
}

fn survives_the_end_of_its_process(from: &mut Side<'_>, to: &mut Side<'_>) {
    let mut mover = Side::open(from.subject, from.nr);
    let ask = mover.migrate(true, Some(from.subject.slow));
    mover.driver.tell(ask);
    wait_for_transfer(from);
    drop(mover);
    // It goes on or it has failed; either way it is over some time, and the guest runs once.
    wait_for("the end of what a killed process did", || {
        let (here, there) = (from.look(), to.look());
        let moves = here.as_ref().is_some_and(|guest| guest.leaving)
            || there
                .as_ref()
                .is_some_and(|guest| guest.state == GuestState::Incoming);
        (!moves).then_some(())
    });
    let sides = [from.state(), to.state()];
    match sides {
        [Some(GuestState::Running), None] => {}
        [None, Some(GuestState::Running)] => {
            // Back, so that whatever comes next finds it where it was.
            let ask = to.migrate(true, None);
            to.driver.does(ask);
        }
        _ => panic!("{sides:?}"),
    }
    from.is(GuestState::Running);
}

/// A definition alone.
fn moves_what_rests(from: &mut Side<'_>, to: &mut Side<'_>) {
    let ask = from.migrate(false, None);
    from.driver.refuses(ask, Trouble::Failed);
    from.is(GuestState::Running);
    assert_eq!(to.state(), None);
    is_off(from);
    let ask = from.migrate(true, None);
    from.driver.refuses(ask, Trouble::Failed);
    let ask = from.migrate(false, None);
    from.driver.does(ask);
    assert_eq!(from.state(), None);
    to.is(GuestState::Stopped);
}

fn is_off(one: &mut Side<'_>) {
    for _ in 0..2 {
        let guest = one.guest();
        one.driver.does(Ask::Destroy { guest });
        one.is(GuestState::Stopped);
    }
}

/// One that does not run goes to another node by its definition, and starts there.
fn is_handed_over(from: &mut Side<'_>, to: &mut Side<'_>) {
    let guest = || from.subject.guest.clone();
    let known: Definition = from.driver.get(Ask::Definition { guest: guest() });
    let definition = known.definition;
    to.driver.does(Ask::Define { definition });
    from.driver.does(Ask::Undefine { guest: guest() });
    assert_eq!(from.state(), None);
    to.is(GuestState::Stopped);
    to.driver.does(Ask::Start { guest: guest() });
    to.is(GuestState::Running);
    is_off(to);
}

fn shuts_down(one: &mut Side<'_>) {
    let guest = || one.subject.guest.clone();
    one.driver.does(Ask::Start { guest: guest() });
    // A guest's system may need a moment until it listens.
    let mut asked = Instant::now();
    one.driver.does(Ask::Shutdown { guest: guest() });
    wait_for("a shutdown", || {
        match one.look().unwrap().state {
            GuestState::Stopped => return Some(()),
            GuestState::Running if asked.elapsed() > Duration::from_secs(2) => {
                asked = Instant::now();
                // It may have stopped since.
                let _ = one.driver.ask(Ask::Shutdown {
                    guest: one.subject.guest.clone(),
                });
            }
            _ => {}
        }
        None
    });
}

fn forgets(one: &mut Side<'_>) {
    for _ in 0..2 {
        let guest = one.guest();
        one.driver.does(Ask::Undefine { guest });
        assert_eq!(one.state(), None);
    }
    let list: Vec<Guest> = one.driver.get(Ask::List);
    assert!(list.iter().all(|guest| guest.uuid != one.subject.guest));
}
