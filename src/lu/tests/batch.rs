//! Several new instances at once.

use super::advice::hail;
use super::plans::{jobs, shape};
use super::*;

fn new(name: &str, template: &str, memory: u64) -> Value {
    json!({"instance_name": name, "disk_template": template, "disks": [{"size": 2000}],
        "beparams": {"memory": memory}, "nics": [{}]})
}

fn on(mut new: Value, node: &str) -> Value {
    new["pnode"] = json!(node);
    new
}

fn batch(instances: &[Value]) -> Opcode {
    op(json!({"OP_ID": "OP_INSTANCE_MULTI_ALLOC", "instances": instances}))
}

#[test]
fn each_is_placed_beside_those_before_it_and_made_by_a_job() {
    let mut lab = Lab::new();
    // Two of them fill any node: no third one fits beside, and the last nowhere.
    let all: Vec<Value> = (1..=10)
        .map(|number| new(&format!("New{number}"), "rbd", 3000))
        .collect();
    let outcome = lab.run(batch(&all)).unwrap();
    let detail = outcome.detail.clone();
    let planned = jobs(outcome);
    assert_eq!(shape(&planned)[0], "New1: CREATE");
    assert_eq!(planned.jobs.len(), detail.plan.len());
    assert_eq!(planned.planned_on, Some(7));
    let placed = planned.jobs.len();
    assert!((6..10).contains(&placed), "{placed}");
    let names: Vec<String> = (1..=10).map(|number| format!("new{number}")).collect();
    assert_eq!(planned.other["allocatable"], json!(names[..placed]));
    assert_eq!(planned.other["failed"], json!(names[placed..]));
    let last = &detail.unmovable[0];
    assert_eq!(last.instance, names[placed]);
    assert!(last.reason.contains("FailMem"), "{last:?}");
    assert!(lab.said(&format!("{} is not created: ", last.instance)));
    for (place, job) in planned.jobs.iter().enumerate() {
        assert_eq!(job.claims.len(), 1);
        let op = job.ops[0].to_value();
        assert_eq!(op["pnode"], detail.plan[place].moves[0].to);
    }
    // Each job fits beside the others.
    let claims = planned.jobs.iter().flat_map(|job| job.claims.clone());
    let claims: Vec<Claim> = claims.collect();
    assert_eq!(crate::allocator::still_fits(&lab.world, &claims), Ok(()));
    lab.run(planned.jobs[0].ops[0].clone()).unwrap();
    assert_eq!(lab.nodes_of("new1").0, detail.plan[0].moves[0].to);
}

#[test]
fn named_nodes_are_kept_and_have_to_have_the_room() {
    let mut lab = Lab::new();
    let all: Vec<Value> = (1..=4)
        .map(|number| on(new(&format!("new{number}"), "rbd", 3000), "node4"))
        .collect();
    lab.allocators.default = Some("no-such".into());
    let outcome = lab.run(batch(&all)).unwrap();
    let unplaced = outcome.detail.unmovable.clone();
    let planned = jobs(outcome);
    assert_eq!(planned.jobs.len(), 2);
    assert_eq!(planned.other["failed"], json!(["new3", "new4"]));
    assert!(
        unplaced[0]
            .reason
            .starts_with("node4 has no room for instance new3: ")
    );
    let dry = lab.run(with(batch(&all), "dry_run", json!(true))).unwrap();
    assert_eq!(dry.detail.plan.len(), 2);
}

#[test]
fn with_no_place_for_any_it_fails() {
    let mut lab = Lab::new();
    let failure = lab.run(batch(&[new("new1", "rbd", 9000)])).unwrap_err();
    assert_eq!(code(&failure.error), ErrorCode::InsufficientResources);
    let text = &failure.error.message;
    assert!(
        text.starts_with("Unable to create instances new1 ("),
        "{text}"
    );
    assert_eq!(failure.detail.unmovable.len(), 1);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let mut lab = Lab::new();
    let named = || new("new1", "rbd", 512);
    let mut by_hail = named();
    by_hail["iallocator"] = json!("hail");
    let mut bad = named();
    bad["beparams"] = json!({"memory": "much"});
    for (instances, expected, why) in [
        (vec![], ErrorCode::WrongInput, "no instances were given"),
        (
            vec![named(), named()],
            ErrorCode::WrongInput,
            "instance new1: it is there twice",
        ),
        (
            vec![by_hail],
            ErrorCode::WrongInput,
            "all are placed together",
        ),
        (
            vec![on(named(), "node1"), new("new2", "rbd", 512)],
            ErrorCode::WrongInput,
            "instance new2: some instances name their nodes and this one does not",
        ),
        (
            vec![new("rbd1", "rbd", 512)],
            ErrorCode::AlreadyExists,
            "instance rbd1 exists",
        ),
        (
            vec![bad],
            ErrorCode::WrongInput,
            "instance new1: backend parameter memory",
        ),
        (
            vec![new("new1", "ext", 512)],
            ErrorCode::WrongState,
            "instance new1: ",
        ),
    ] {
        let error = lab.fails(batch(&instances));
        assert_eq!(code(&error), expected, "{error}");
        assert!(error.message.contains(why), "{error}");
    }
    let both = batch(&[on(named(), "node1")]);
    let error = lab.fails(with(both, "iallocator", json!("mine")));
    assert_eq!(code(&error), ErrorCode::WrongInput);
    for (item, why) in [
        (
            json!(3),
            "instance 1: an opcode is a JSON object, not a number",
        ),
        (
            json!({"OP_ID": "OP_TEST_DUMMY"}),
            "instance 1: OP_TEST_DUMMY creates no instance",
        ),
        (
            json!({"instance_name": "x", "what": 1}),
            "unknown field `what`",
        ),
    ] {
        let value = json!({"OP_ID": "OP_INSTANCE_MULTI_ALLOC", "instances": [named(), item]});
        let error = Opcode::from_value(value).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn hail_places_a_batch() {
    let Some(mut lab) = hail() else { return };
    (lab.allocators.parameters).insert("no-capacity-checks".to_owned(), None);
    let mut all = vec![new("new1", "drbd", 512), new("new2", "rbd", 512)];
    let by_hail = |all: &[Value]| with(batch(all), "iallocator", json!("hail"));
    let planned = jobs(lab.run(by_hail(&all)).unwrap());
    assert_eq!(planned.other["allocatable"], json!(["new1", "new2"]));
    assert_eq!(planned.other["failed"], json!([]));
    assert_eq!(planned.jobs[0].claims.len(), 2);
    // It places all or none.
    all.push(new("new3", "rbd", 9000));
    let error = lab.fails(by_hail(&all));
    assert!(error.message.contains("FailMem"), "{error}");
}

#[test]
fn both_ways_of_saying_who_has_no_place_are_understood() {
    for failed in [
        json!(["new2"]),
        json!([["new2", "too fat"]]),
        json!([["new2", null]]),
    ] {
        let mut lab = Lab::new();
        lab.answer(&json!([[["new1", ["node4"]]], failed]));
        let all = [new("new1", "rbd", 512), new("new2", "rbd", 512)];
        let outcome = lab
            .run(with(batch(&all), "iallocator", json!("mine")))
            .unwrap();
        let reason = outcome.detail.unmovable[0].reason.clone();
        assert!(reason.starts_with("iallocator 'mine': "), "{reason}");
        assert_eq!(jobs(outcome).jobs[0].ops[0].to_value()["pnode"], "node4");
    }
    for (result, why) in [
        (
            json!([[["new1", ["node4"]]], []]),
            "it answers for 1 instances",
        ),
        (
            json!([[["new1", ["node4"]], ["new1", ["node3"]]], []]),
            "it answers for 2 instances",
        ),
        (
            json!([[["new1", ["node4"]], ["new3", ["node3"]]], []]),
            "nothing about instance new2",
        ),
        (
            json!([[["new1", ["node4", "node3"]]], ["new2"]]),
            "it names 2 nodes for instance new1",
        ),
        (
            json!([[["new1", ["node9"]]], ["new2"]]),
            "there is no node \"node9\"",
        ),
        (
            json!([[["new1", ["node4"]]], [3]]),
            "did not match any variant",
        ),
    ] {
        let mut lab = Lab::new();
        lab.answer(&result);
        let all = [new("new1", "rbd", 512), new("new2", "rbd", 512)];
        let error = lab.fails(with(batch(&all), "iallocator", json!("mine")));
        assert!(error.message.contains(why), "{error}: {why}");
    }
}
