//! A host whose libvirtd hangs: what needs it waits and says so, and nothing else does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gnt::cluster::{Host, NodeUuid};
use gnt::hypervisor::{Call, Hypervisor, Interrupt, NodeRef, ProcessDriver};
use gnt::queue::{JobId, Status};
use gnt_lab::{Guest, Process};

use crate::common::{held, is_alone, tool, wait_for};
use crate::site::{Fate, Site};

#[test]
fn a_hung_host_delays_what_needs_it_alone() {
    let guests = ["web1", "web2", "web3"].map(Guest::new).to_vec();
    let Some(site) = Site::new("a_hung_host_delays_what_needs_it_alone", 3, guests) else {
        return;
    };
    site.run("gnt-instance migrate -f -n node2 web3").exits(0);
    site.node("node2")
        .signal(Process::Libvirtd, "STOP")
        .unwrap();
    let output = site.run("gnt-instance migrate -f -n node2 --submit --print-jobid web1");
    let job: JobId = output.exits(0).stdout.trim().parse().unwrap();
    let why = format!("gnt-job list --no-headers -o why {job}");
    wait_for("what the job waits for", || {
        let why = site.run(&why).exits(0).stdout;
        (why.trim() == "answer of node2").then_some(())
    });
    // All of this is done while that one waits.
    site.run("gnt-instance migrate -f -n node3 web2").exits(0);
    let told = site
        .run("gnt-instance list --no-headers -o name,pnode")
        .exits(0);
    assert!(!told.stderr.contains("node2"), "{told:?}");
    assert_eq!(site.state.job(job).status, Status::Running);

    let status = "gnt-instance list --no-headers -o name,pnode,status --separator :";
    let told = site.run(status).exits(0);
    for line in [
        "web1:node1:running",
        "web2:node3:running",
        "web3:node2:ERROR_nodedown",
    ] {
        assert!(told.stdout.lines().any(|told| told == line), "{told:?}");
    }
    assert!(told.stderr.contains("node2 does not answer"), "{told:?}");
    site.state.wait_for_status(job, &[Status::Error]);
    site.run("gnt-instance shutdown web2").exits(0);
    site.run("gnt-instance startup web2").exits(0);

    site.node("node2")
        .signal(Process::Libvirtd, "CONT")
        .unwrap();
    let restarted = |name: &str, _: &_| match name {
        "web2" => Fate::MayBeOff,
        _ => Fate::Lives,
    };
    assert_eq!(site.faults(restarted), [""; 0], "{}", site.told());
    let told = site.run(status).exits(0);
    assert!(!told.stderr.contains("does not answer"), "{told:?}");
}

#[test]
fn a_hundred_polls_of_a_hung_host_leave_nothing() {
    const NAME: &str = "a_hundred_polls_of_a_hung_host_leave_nothing";
    if !is_alone(&format!("hung::{NAME}")) {
        return;
    }
    let Some(site) = Site::new(NAME, 1, vec![]) else {
        return;
    };
    let host = site.hosts.node(1);
    let node = NodeRef {
        uuid: NodeUuid::from("n-1"),
        name: "node1".to_owned(),
        host: Some(Arc::new(Host {
            uri: host.uri(),
            ..Host::default()
        })),
    };
    let driver = ProcessDriver::at(tool("gnt-libvirt"), "libvirt");
    let poll = |within: Duration| {
        let call = Call {
            deadline: Instant::now() + within,
            interrupt: &Interrupt::default(),
            progress: &|_| {},
        };
        driver.guests(&call, &node).is_ok()
    };
    host.signal(Process::Libvirtd, "STOP").unwrap();
    poll(Duration::from_millis(50));
    let before = held();
    for _ in 0..100 {
        assert!(!poll(Duration::from_millis(50)), "it answers");
    }
    assert_eq!(held(), before);
    host.signal(Process::Libvirtd, "CONT").unwrap();
    wait_for("an answer", || poll(Duration::from_secs(8)).then_some(()));
}
