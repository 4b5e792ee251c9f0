//! With the host that libvirt pretends to have (`test:///default`).

use std::io::Write;
use std::process::{Command, Stdio};

use crate::process::{Driver, access, has_library, open};
use gnt_driver::{
    Ask, Definition, Facts, Guest, GuestState, Migration, Opened, PROTOCOL, Storage, Trouble,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gnt-libvirt");
const HOST: &str = "test:///default";

/// The guest that the pretended host has.
fn test_guest(driver: &mut Driver) -> Guest {
    let guests: Vec<Guest> = driver.ask(Ask::List).unwrap();
    assert_eq!(guests.len(), 1);
    guests.into_iter().next().unwrap()
}

#[test]
fn it_says_what_it_is() {
    let output = Command::new(PROGRAM).arg("--version").output().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, format!("gnt-libvirt (gnt {version}) {version}\n"));
    let output = Command::new(PROGRAM).arg("--help").output().unwrap();
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("Usage: gnt-libvirt")
    );
    let output = Command::new(PROGRAM).arg("list").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("hint: "));
}

#[test]
fn without_the_library_it_refuses_and_says_what_to_install() {
    let temp = tempfile::tempdir().unwrap();
    // Found before the real one, and no library.
    let broken = temp.path().join("libvirt.so.0");
    Command::new("touch").arg(&broken).status().unwrap();
    let mut driver = Driver::from(Command::new(PROGRAM).env("LD_LIBRARY_PATH", temp.path()));
    let refusal = driver.refused(open(HOST));
    assert_eq!(refusal.trouble, Trouble::Unsupported);
    assert!(
        refusal.text.starts_with("libvirt.so.0 cannot be loaded: "),
        "{refusal:?}"
    );
    assert!(refusal.hint.unwrap().contains("libvirt0"));
    assert!(driver.end());
}

#[test]
fn it_speaks_only_its_own_protocol_and_only_when_it_is_open() {
    let mut driver = Driver::start();
    let early = driver.refused(Ask::List);
    assert_eq!(
        (early.trouble, early.text.as_str()),
        (Trouble::Failed, "nothing was opened yet")
    );
    let other = Ask::Open {
        protocol: PROTOCOL + 1,
        node: "node".to_owned(),
        access: access(HOST),
    };
    assert_eq!(driver.refused(other).trouble, Trouble::Unsupported);
    let mut child = Command::new(PROGRAM)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"hello\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("gnt-libvirt: ")
    );
}

#[test]
fn a_host_says_what_it_is() {
    if !has_library("a_host_says_what_it_is") {
        return;
    }
    let mut driver = Driver::start();
    let opened: Opened = driver.ask(open(HOST)).unwrap();
    assert!(opened.driver.starts_with("gnt-libvirt "));
    assert!(opened.host_uuid.starts_with("pretended-"));
    let facts: Facts = driver.ask(Ask::Facts).unwrap();
    assert_eq!((facts.memory, facts.cpus), (3072, 16));
    let hypervisor = facts.hypervisor.unwrap();
    assert!(hypervisor.starts_with("TEST "), "{hypervisor}");
    assert!(driver.end());
}

#[test]
fn a_host_that_is_not_there_is_unreachable() {
    if !has_library("a_host_that_is_not_there_is_unreachable") {
        return;
    }
    let mut driver = Driver::start();
    let refusal = driver.refused(open("qemu+unix:///system?socket=/nonexistent"));
    assert_eq!(refusal.trouble, Trouble::Unreachable);
    assert_eq!(refusal.code, Some(38));
    assert_eq!(refusal.domain.as_deref(), Some("VIR_FROM_RPC"));
    assert!(refusal.hint.is_some());
    // What was open before is not any more.
    driver.ask::<Opened>(open(HOST)).unwrap();
    driver.refused(open("qemu+unix:///system?socket=/nonexistent"));
    assert_eq!(driver.refused(Ask::List).text, "nothing was opened yet");
}

#[test]
fn a_guest_is_started_stopped_and_forgotten() {
    if !has_library("a_guest_is_started_stopped_and_forgotten") {
        return;
    }
    let mut driver = Driver::open(HOST);
    let guest = test_guest(&mut driver);
    assert_eq!(
        (guest.name.as_str(), guest.state),
        ("test", GuestState::Running)
    );
    assert_eq!(
        (guest.memory, guest.vcpus, guest.persistent),
        (8192, 2, true)
    );
    let uuid = || guest.uuid.clone();
    let look = |driver: &mut Driver| {
        driver
            .ask::<Option<Guest>>(Ask::Look { guest: uuid() })
            .unwrap()
    };

    let runs = driver.refused(Ask::Undefine { guest: uuid() });
    assert_eq!(
        (runs.trouble, runs.text.as_str()),
        (Trouble::Failed, "test runs")
    );
    driver.tell(Ask::Start { guest: uuid() }).unwrap();
    driver.tell(Ask::Suspend { guest: uuid() }).unwrap();
    driver.tell(Ask::Suspend { guest: uuid() }).unwrap();
    assert_eq!(look(&mut driver).unwrap().state, GuestState::Paused);
    assert_eq!(
        driver.refused(Ask::Start { guest: uuid() }).text,
        "test is suspended"
    );
    driver.tell(Ask::Resume { guest: uuid() }).unwrap();
    driver.tell(Ask::Resume { guest: uuid() }).unwrap();
    driver.tell(Ask::Destroy { guest: uuid() }).unwrap();
    driver.tell(Ask::Destroy { guest: uuid() }).unwrap();
    driver.tell(Ask::Shutdown { guest: uuid() }).unwrap();
    assert_eq!(look(&mut driver).unwrap().state, GuestState::Stopped);

    let kept: Definition = driver.ask(Ask::Definition { guest: uuid() }).unwrap();
    driver.tell(Ask::Undefine { guest: uuid() }).unwrap();
    driver.tell(Ask::Undefine { guest: uuid() }).unwrap();
    assert_eq!(look(&mut driver), None);
    let absent = driver.refused(Ask::Start { guest: uuid() });
    assert_eq!((absent.trouble, absent.code), (Trouble::Absent, Some(42)));
    driver
        .tell(Ask::Define {
            definition: kept.definition,
        })
        .unwrap();
    assert_eq!(look(&mut driver).unwrap().state, GuestState::Stopped);
    driver.tell(Ask::Start { guest: uuid() }).unwrap();
    assert_eq!(look(&mut driver).unwrap().state, GuestState::Running);
    assert!(driver.end());
}

#[test]
fn a_guest_is_marked_and_unmarked() {
    if !has_library("a_guest_is_marked_and_unmarked") {
        return;
    }
    let mut driver = Driver::open(HOST);
    let guest = test_guest(&mut driver);
    assert_eq!((guest.cluster.as_deref(), guest.autostart), (None, false));
    let mark = |cluster: Option<&str>| Ask::Mark {
        guest: guest.uuid.clone(),
        cluster: cluster.map(str::to_owned),
    };
    driver.tell(mark(None)).unwrap();
    driver.tell(mark(Some("a 'cluster' & more"))).unwrap();
    driver.tell(mark(Some("a 'cluster' & more"))).unwrap();
    assert_eq!(
        test_guest(&mut driver).cluster.as_deref(),
        Some("a 'cluster' & more")
    );
    let kept: Definition = driver
        .ask(Ask::Definition {
            guest: guest.uuid.clone(),
        })
        .unwrap();
    assert!(kept.definition.contains("urn:gnt:cluster:1"));
    driver.tell(mark(None)).unwrap();
    assert_eq!(test_guest(&mut driver).cluster, None);

    let autostart = |on| Ask::Autostart {
        guest: guest.uuid.clone(),
        on,
    };
    driver.tell(autostart(true)).unwrap();
    assert!(test_guest(&mut driver).autostart);
    driver.tell(autostart(false)).unwrap();
    assert!(!test_guest(&mut driver).autostart);
}

#[test]
fn disks_are_those_of_the_definition() {
    if !has_library("disks_are_those_of_the_definition") {
        return;
    }
    let mut driver = Driver::open(HOST);
    let uuid = "11111111-2222-4333-8444-555555555555";
    let definition = format!(
        "<domain type='test'><name>web1</name><uuid>{uuid}</uuid><memory unit='MiB'>64</memory>
         <os><type>hvm</type></os><devices>
         <disk type='file' device='disk'><source file='/nowhere/web1.img'/><target dev='vda' bus='virtio'/></disk>
         <disk type='network' device='disk'><source protocol='rbd' name='pool/web1'/><target dev='vdb' bus='virtio'/></disk>
         <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
         </devices></domain>"
    );
    driver.tell(Ask::Define { definition }).unwrap();
    let kept: Definition = driver
        .ask(Ask::Definition {
            guest: uuid.to_owned(),
        })
        .unwrap();
    let disks = kept.disks.iter();
    let disks: Vec<_> = disks
        .map(|disk| {
            (
                disk.target.as_str(),
                disk.storage,
                disk.source.as_deref(),
                disk.readonly,
            )
        })
        .collect();
    assert_eq!(
        disks,
        [
            ("vda", Storage::File, Some("/nowhere/web1.img"), false),
            ("vdb", Storage::Network, Some("rbd:pool/web1"), false),
            ("hdc", Storage::Other, None, true),
        ]
    );
    let wrong = driver.refused(Ask::Define {
        definition: "<domain".to_owned(),
    });
    assert!(
        wrong
            .text
            .starts_with("the definition is not well-formed: ")
    );
}

#[test]
fn what_does_not_leave_is_not_given_up() {
    if !has_library("what_does_not_leave_is_not_given_up") {
        return;
    }
    let mut driver = Driver::open(HOST);
    let guest = test_guest(&mut driver).uuid;
    assert_eq!(
        driver.ask::<Option<gnt_driver::Transfer>>(Ask::Transfer {
            guest: guest.clone()
        }),
        Ok(None)
    );
    driver
        .tell(Ask::Abort {
            guest: guest.clone(),
        })
        .unwrap();
    let tune = driver.refused(Ask::Tune {
        guest: guest.clone(),
        downtime: Some(1),
        bandwidth: None,
    });
    assert_eq!(tune.text, "no migration takes the guest away");
    let offline = driver.refused(Ask::Migrate {
        guest,
        to: access("test:///other"),
        how: Migration::default(),
    });
    assert_eq!(
        offline.text,
        "test runs, so more than its definition has to move"
    );
}
