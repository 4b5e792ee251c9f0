//! What the commands print for programs is what `docs/schema/` says: every command is run with
//! `--json`, and its document is held against the schema that stands before it.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss; it reads schemas and what it exported"
)]

use std::collections::BTreeSet;
use std::fs;

use clap::ValueEnum;
use serde_json::{Value, json};

use gnt::cli::document::{Document, REFUSED, Verdict};
use gnt::lu::Severity;
use gnt::opcodes::{ErrorClass, ErrorCode};
use gnt::queue::Status;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/leaves.rs"]
mod leaves;
mod validator;

use common::Lab;
use leaves::leaves;
use validator::Schemas;

/// Each with the schema of its document, or `-` where its output is of another form. `TEMP` is a
/// directory. Files of JSON stand ready: `job` and `batch`.
const SCRIPT: &str = "
done        gnt-cluster init demo --sample --nodes 4 --instances 8
operation   gnt-cluster init other
done        gnt-cluster modify --simulator start=0,stop=0,reboot=0,migrate=0,sync=0,sync_per_gib=0
operation   gnt-cluster modify --simulator nonsense=0
operation   gnt-cluster modify --shared-path /srv/vms
operation   gnt-cluster modify -B memory=256
list        gnt-cluster show-ispecs-cmd
list        gnt-cluster info
operation   gnt-cluster add-tags one two
list        gnt-cluster list-tags
list        gnt-cluster search-tags .
operation   gnt-cluster remove-tags one
operation   gnt-cluster rename --yes demo2
operation   gnt-cluster rename demo3
list        gnt-node list
list        gnt-node list -o name,role,mfree,ndparams,tags
operation   gnt-node list nonsense
list        gnt-node list -o nonsense
list        gnt-node list-fields
list        gnt-node info
operation   gnt-node evacuat node1
operation   gnt-node evacuate --dry-run node1
operation   gnt-node evacuate node1
operation   gnt-node evacuate --yes node1
operation   gnt-node migrate --yes node2
operation   gnt-node failover --yes node3
operation   gnt-node modify --drained yes node4
operation   gnt-node evacuate --yes --new-secondary node4 node1
operation   gnt-node modify --drained no node4
operation   gnt-node maintenance enter --dry-run node3
operation   gnt-node maintenance enter --yes node3
list        gnt-node maintenance status
operation   gnt-node maintenance leave --yes --deadline 1h node3
operation   gnt-node maintenance leave --yes node3
operation   gnt-node maintenance enter --yes --one-at-a-time node2 node3
operation   gnt-node maintenance leave --yes node2 node3
rolling     gnt-cluster rolling --exec true --dry-run
operation   gnt-cluster rolling --exec true
rolling     gnt-cluster rolling --yes --exec true --nodes node3
rolling     gnt-cluster rolling --yes --exec false --nodes node3
rolling     gnt-cluster rolling --yes --exec true --nodes node3 --restart --deadline 1h
operation   gnt-node maintenance leave --yes node3
operation   gnt-node add --capacity memory=64G,disk=1T,cpus=32 node5
operation   gnt-node remove node5
operation   gnt-node add-tags node1 rack
list        gnt-node list-tags node1
operation   gnt-node remove-tags node1 rack
list        gnt-instance list
list        gnt-instance list-fields
list        gnt-instance info --all
operation   gnt-instance add -t plain -n node1 --disk 0:size=1G -B memory=1G web1
operation   gnt-instance add -t drbd --disk 0:size=900T web2
operation   gnt-instance batch-create TEMP/batch
operation   gnt-instance shutdown web1 web3
operation   gnt-instance shutdown --force-multiple web1 web3
operation   gnt-instance startup --force-multiple web1 web3
operation   gnt-instance reboot web1
operation   gnt-instance move --yes -n node2 web1
operation   gnt-instance modify -B memory=512M web1
operation   gnt-instance grow-disk web1 0 1G
operation   gnt-instance rename web1 web2
operation   gnt-instance shutdown web1
operation   gnt-instance shutdown web2
operation   gnt-instance rename web2 web1
operation   gnt-instance activate-disks web1
operation   gnt-instance deactivate-disks web1
operation   gnt-instance recreate-disks --yes web1
operation   gnt-instance remove --yes web1
operation   gnt-instance migrate --yes inst1
operation   gnt-instance failover --yes inst1
operation   gnt-instance replace-disks -a inst1
operation   gnt-instance change-group inst1
operation   gnt-instance add-tags inst1 tag
list        gnt-instance list-tags inst1
operation   gnt-instance remove-tags inst1 tag
operation   gnt-instance adopt --all node1
operation   gnt-instance forget --yes inst1
operation   gnt-instance console inst1
operation   gnt-group add rack2
list        gnt-group list
list        gnt-group list-fields
list        gnt-group info
operation   gnt-group modify --alloc-policy last_resort rack2
list        gnt-group show-ispecs-cmd rack2
operation   gnt-group assign-nodes rack2 node4
operation   gnt-group assign-nodes --force default node4
operation   gnt-group evacuate default
operation   gnt-group rename rack2 rack3
operation   gnt-group add-tags rack3 tag
list        gnt-group list-tags rack3
operation   gnt-group remove-tags rack3 tag
operation   gnt-group remove rack3
fault       gnt-debug fault add node-dead -n node4
list        gnt-debug fault list
operation   gnt-cluster verify
disks       gnt-cluster verify-disks
check       gnt-cluster verify-config --deep
doctor      gnt-cluster doctor
watcher     gnt-cluster watcher run
operation   gnt-node migrate --yes --allow-partial node4
fault       gnt-debug fault clear
operation   gnt-cluster verify
check       gnt-cluster verify-config
pause       gnt-cluster watcher pause 1h
pause       gnt-cluster watcher info
doctor      gnt-cluster doctor
watcher     gnt-cluster watcher run
pause       gnt-cluster watcher continue
watcher     gnt-cluster watcher run
operation   gnt-debug iallocator --dir out inst1
operation   gnt-debug submit-job TEMP/job TEMP/job
operation   gnt-debug submit-job TEMP/batch
operation   gnt-debug delay 0
queue       gnt-cluster queue hold
operation   gnt-debug delay --submit 0
operation   gnt-debug delay --timeout 0s 0
operation   gnt-node evacuate --yes --submit node1
queue       gnt-cluster queue drain
operation   gnt-debug delay 0
queue       gnt-cluster queue info
queue       gnt-cluster queue undrain
list        gnt-job list --pending -o +why
answers     gnt-job change-priority --priority high --pending --force
answers     gnt-job cancel --pending --force
answers     gnt-job cancel 1
queue       gnt-cluster queue release
operation   gnt-job wait 1
operation   gnt-job watch 1
operation   gnt-job wait 99999
list        gnt-job info 1
list        gnt-job list-fields
list        gnt-debug locks
answers     gnt-job archive 1 99999
autoarchive gnt-job autoarchive all
purge       gnt-job purge --export TEMP/jobs all
list        gnt-cluster history
backup      gnt-cluster backup TEMP/backup
restore     gnt-cluster restore --replace TEMP/backup
-           gnt-cluster export -o TEMP/config.data
done        gnt-cluster import --replace TEMP/config.data
done        gnt-cluster destroy --yes-do-it
operation   gnt-node list
";

/// The schemas and commands of the script.
fn script() -> Vec<(Option<String>, Vec<String>)> {
    let lines = SCRIPT.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let schema = words.next().filter(|word| word != "-");
            (schema.map(|name| format!("{name}.json")), words.collect())
        })
        .collect()
}

#[test]
fn every_command_prints_what_its_schema_says() {
    let schemas = Schemas::read();
    let lab = Lab::new();
    let temp = lab.temp.path().to_str().unwrap();
    let op = json!({"OP_ID": "OP_TEST_DELAY", "duration": 0});
    fs::write(format!("{temp}/job"), json!([op]).to_string()).unwrap();
    let instances =
        json!([{"instance_name": "web3", "disk_template": "rbd", "disks": [{"size": 1024}]}]);
    fs::write(format!("{temp}/batch"), instances.to_string()).unwrap();
    let mut wrong = vec![];
    for (schema, words) in script() {
        let line = words.join(" ");
        let words = words.iter().map(|word| word.replace("TEMP", temp));
        let output = lab.run(words.chain(["--json".to_owned()]));
        let Some(schema) = schema else {
            output.exits(0);
            continue;
        };
        let documents = serde_json::Deserializer::from_str(&output.stdout).into_iter::<Value>();
        let documents: Vec<Value> = documents.map(|document| document.unwrap()).collect();
        let [document] = &documents[..] else {
            wrong.push(format!("{line}: not one document: {output:?}"));
            continue;
        };
        if let Some(exit) = document.get("exit") {
            assert_eq!(exit, output.code, "{line}");
        }
        let complaints = schemas.complaints(&schema, document);
        wrong.extend(
            complaints
                .into_iter()
                .map(|text| format!("{line}: {schema}: {text}")),
        );
    }
    let jobs = fs::read_to_string(format!("{temp}/jobs")).unwrap_or_default();
    assert!(jobs.lines().count() > 60, "{jobs}");
    for line in jobs.lines() {
        let job = serde_json::from_str(line).unwrap();
        let complaints = schemas.complaints("job.json", &job);
        wrong.extend(complaints.into_iter().map(|text| format!("{line}: {text}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_event_is_what_its_schema_says() {
    let schemas = Schemas::read();
    let lab = Lab::sample(4, 8, 20);
    let mut streams = vec![];
    for line in [
        "gnt-node evacuate --yes --json-stream node1",
        "gnt-node evacuate --yes --json-stream node1",
        "gnt-node evacuate --json-stream node2",
        "gnt-node evacuate --json-stream nowhere",
    ] {
        streams.push(lab.run(line.split(' ')).stdout);
    }
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let held = lab.spawn(["gnt-debug", "delay", "--json-stream", "0"]);
    let waits = || held.stdout().contains(r#""event":"waits""#).then_some(());
    common::wait_for("the reason why it waits", waits);
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    streams.push(held.finish().exits(0).stdout);
    let mut met = BTreeSet::new();
    for event in streams.iter().flat_map(|stream| stream.lines()) {
        let event: Value = serde_json::from_str(event).unwrap();
        let complaints = schemas.complaints("event.json", &event);
        assert!(complaints.is_empty(), "{event}: {complaints:?}");
        met.insert(event["event"].as_str().unwrap().to_owned());
    }
    for event in ["state", "log", "verdict", "waits"] {
        assert!(met.contains(event), "{event} was not met: {met:?}");
    }
}

#[test]
fn every_command_is_in_the_script() {
    let script: Vec<String> = script().iter().map(|(_, words)| words.join(" ")).collect();
    let never = leaves().into_iter().map(|leaf| leaf.full()).filter(|name| {
        let own = format!("{name} ");
        !script
            .iter()
            .any(|line| line == name || line.starts_with(&own))
    });
    let never: Vec<String> = never.collect();
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn every_schema_is_used_and_told_of() {
    let script = script().into_iter();
    let mut used: BTreeSet<String> = script.filter_map(|(schema, _)| schema).collect();
    used.extend(["event.json", "job.json"].map(str::to_owned));
    let schemas = Schemas::read();
    let there: BTreeSet<String> = schemas.names().map(str::to_owned).collect();
    assert_eq!(there, used);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md");
    let text = fs::read_to_string(path).unwrap();
    for name in there {
        let link = format!("(schema/{name})");
        assert!(text.contains(&link), "docs/json.md does not tell of {name}");
    }
}

fn words<W: ValueEnum>() -> Vec<Value> {
    let values = W::value_variants().iter();
    let values = values.map(|one| one.to_possible_value().unwrap());
    values.map(|value| json!(value.get_name())).collect()
}

#[test]
fn the_words_of_the_schemas_are_those_of_the_types() {
    let schemas = Schemas::read();
    let listed = |place: &str| {
        let list = schemas.part(&format!("operation.json#/{place}/enum"));
        list.as_array().unwrap().clone()
    };
    let error = "$defs/error/properties";
    let results = "properties/results/items/properties";
    let finding = "properties/findings/items/properties";
    assert_eq!(listed("$defs/status"), words::<Status>());
    assert_eq!(listed("properties/verdict"), words::<Verdict>());
    assert_eq!(listed(&format!("{error}/class")), words::<ErrorClass>());
    let mut codes = words::<ErrorCode>();
    codes.push(Value::Null);
    assert_eq!(listed(&format!("{error}/code")), codes);
    let mut states = words::<Status>();
    states.push(json!(REFUSED));
    assert_eq!(listed(&format!("{results}/status")), states);
    assert_eq!(listed(&format!("{finding}/severity")), words::<Severity>());
}

#[test]
fn what_is_wrong_is_found() {
    let schemas = Schemas::read();
    let good = json!(Document::new("gnt-node evacuate", Verdict::Done, 0));
    let found = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        schemas.complaints("operation.json", &value)
    };
    assert_eq!(found(&|_| {}), [""; 0]);
    assert_eq!(
        found(&|v| v["jobs"] = json!([[true, 1], [false, "full"]])),
        [""; 0]
    );
    type Change<'a> = &'a dyn Fn(&mut Value);
    let wrong: [(Change<'_>, &str); 9] = [
        (&|v| v["schema"] = json!(2), "/schema: 2 is not 1"),
        (
            &|v| v["exit"] = json!("0"),
            "/exit: \"0\" is not \"integer\"",
        ),
        (&|v| v["exit"] = json!(-1), "/exit: -1 is below 0"),
        (
            &|v| v["verdict"] = json!("good"),
            "/verdict: \"good\" is none of",
        ),
        (&|v| v["colour"] = json!(1), "/colour: no schema names it"),
        (
            &|v| drop(v.as_object_mut().unwrap().remove("job")),
            "/job: is missing",
        ),
        (
            &|v| v["jobs"] = json!([[true, "full"]]),
            "/jobs/0/1: \"full\" is not \"integer\"",
        ),
        (
            &|v| v["jobs"] = json!([[true, 1, 2]]),
            "/jobs/0/2: nothing may be here",
        ),
        (&|v| v["error"] = json!({"class": "OpExecError"}), "/error"),
    ];
    for (change, expected) in wrong {
        let found = found(change);
        assert!(
            found.first().is_some_and(|text| text.starts_with(expected)),
            "{found:?}"
        );
    }
    let event = json!({"schema": 1, "time": "yesterday", "event": "runner"});
    let found = schemas.complaints("event.json", &event);
    assert_eq!(found, ["/time: \"yesterday\" is no time"]);
}
