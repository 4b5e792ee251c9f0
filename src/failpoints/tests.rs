use std::collections::BTreeSet;

use super::control::Action;
use super::{Injected, Point, Side, Stage};
use crate::hypervisor::VerbName;
use crate::hypervisor::fake::Change;
use crate::store::{Commit, StoreError};

#[test]
fn every_point_has_a_name_of_its_own() {
    let points = Point::all();
    let names: BTreeSet<String> = points.iter().map(Point::to_string).collect();
    assert_eq!(names.len(), points.len());
    assert!(names.contains("commit.submit.committed"));
    assert!(names.contains("reality.order.begin"));
    assert!(names.contains("verb.add-copy.after"));
    // Names are files' names, too.
    assert!(names.iter().all(|name| !name.contains(['/', ' '])));
}

#[test]
fn what_is_on_disk_cannot_fail() {
    let fails = Point::can_fail;
    assert!(fails(Point::Commit(Commit::Step, Stage::Begin)));
    assert!(fails(Point::Commit(Commit::Step, Stage::Commit)));
    assert!(!fails(Point::Commit(Commit::Step, Stage::Committed)));
    assert!(!fails(Point::Commit(Commit::Step, Stage::Announced)));
    assert!(!fails(Point::Change(Change::Order, Stage::Committed)));
    assert!(fails(Point::Verb(VerbName::Start, Side::After)));
}

#[test]
fn actions_are_read_as_they_are_written() {
    let all = [
        Action::Kill,
        Action::Stop,
        Action::Pause(250),
        Action::Error,
        Action::Full,
        Action::Panic,
    ];
    for action in all {
        assert_eq!(action.to_string().parse(), Ok(action));
    }
    assert_eq!("die".parse::<Action>(), Err(()));
    assert_eq!("pause:soon".parse::<Action>(), Err(()));
}

#[test]
fn an_injected_error_is_one_of_sqlite() {
    let file = std::path::Path::new("/queue.db");
    let error = |injected: Injected| StoreError::from_sqlite(injected.into(), file);
    assert!(matches!(error(Injected::Full), StoreError::Full(_)));
    let io = error(Injected::Io).to_string();
    assert_eq!(io, "/queue.db: disk I/O error");
}
