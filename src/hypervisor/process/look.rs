//! What several nodes that were asked for one guest say together. Nothing here asks.

use std::time::Duration;

use gnt_driver::{Guest, GuestState};

use crate::cluster::NodeUuid;
use crate::hypervisor::{Activity, Observed};

/// How long one half of a migration can outlive the other: hosts find each other silent by their
/// keepalive, libvirt's within 28 s, and then give up by themselves.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(30);

/// How long a host that answers may be between two states of a migration that is ending.
const ENDING: Duration = Duration::from_secs(5);

/// What one node says of a guest.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Look {
    /// It does not answer.
    Silent,
    /// It does not know it.
    Absent,
    /// It knows it.
    Guest(Guest),
}

impl Look {
    pub(super) fn guest(&self) -> Option<&Guest> {
        match self {
            Look::Guest(guest) => Some(guest),
            Look::Silent | Look::Absent => None,
        }
    }

    /// Whether it runs there, or stands still there with all that it is.
    pub(super) fn runs(&self) -> bool {
        self.guest().is_some_and(runs)
    }

    /// Whether it comes in there by a migration.
    pub(super) fn comes(&self) -> bool {
        self.is(GuestState::Incoming)
    }

    /// Whether it leaves by a migration.
    pub(super) fn leaves(&self) -> bool {
        self.guest().is_some_and(|guest| guest.leaving)
    }

    /// Whether it is known there, and does not run.
    pub(super) fn rests(&self) -> bool {
        self.is(GuestState::Stopped) || self.is(GuestState::Crashed)
    }

    pub(super) fn is(&self, state: GuestState) -> bool {
        self.guest().is_some_and(|guest| guest.state == state)
    }
}

/// Whether a guest runs, or stands still with all that it is.
pub(super) fn runs(guest: &Guest) -> bool {
    match guest.state {
        GuestState::Running | GuestState::Paused | GuestState::Stopping => true,
        GuestState::Incoming | GuestState::Stopped | GuestState::Crashed => false,
    }
}

/// What the nodes say together.
pub(super) fn judge(looks: &[(NodeUuid, Look)]) -> Observed {
    let those = |which: fn(&Look) -> bool| -> Vec<NodeUuid> {
        let those = looks.iter().filter(|(_, look)| which(look));
        those.map(|(node, _)| node.clone()).collect()
    };
    let silent = those(|look| *look == Look::Silent);
    let (coming, leaving) = (those(Look::comes), those(Look::leaves));
    // A target lets its guest run when the source has stopped it for good, and only waits to hear so.
    let arrived = match coming.is_empty() {
        true => those(|look| look.is(GuestState::Running) && !look.leaves()),
        false => vec![],
    };
    let running_on = match arrived.is_empty() {
        true => those(Look::runs),
        false => those(|look| look.runs() && !look.leaves()),
    };
    let stopping = those(|look| look.is(GuestState::Stopping));
    let mut unsettled = match (coming.is_empty(), leaving.is_empty()) {
        // Only one half is seen. Where the other may be on a host that does not answer, they part by
        // their keepalive; where all answer, it is just ending.
        (false, true) if !silent.is_empty() => Some(KEEPALIVE),
        (false, true) => Some(ENDING),
        // Where it goes is not seen yet, and could be more than one.
        (true, false) if silent.is_empty() && looks.len() > 2 => Some(ENDING),
        _ => None,
    };
    let elsewhere = |from: &NodeUuid| {
        let others = || looks.iter().map(|(node, _)| node).filter(|n| *n != from);
        let known = coming.first().or(arrived.first());
        let known = known.or(silent.iter().find(|node| *node != from));
        known.or(others().next()).cloned()
    };
    let from = match leaving.first() {
        Some(from) => Some(from),
        // Whoever sends it does not answer.
        None if !coming.is_empty() => silent.first(),
        None => None,
    };
    let moving = from.and_then(|from| {
        Some(Activity::Migrating {
            from: from.clone(),
            to: elsewhere(from)?,
        })
    });
    // One that arrives is made persistent only when it is there for good.
    let running = those(|look| {
        let guest = look.guest();
        guest.is_some_and(|guest| guest.state == GuestState::Running && guest.persistent)
    });
    let on_its_way = [&coming, &leaving, &stopping];
    let remains_on = match running.as_slice() {
        [_] if on_its_way.iter().all(|some| some.is_empty()) => {
            those(|look| look.is(GuestState::Paused))
        }
        _ => vec![],
    };
    // What stands still beside itself running goes within a moment, unless nobody is left to end it.
    if !remains_on.is_empty() || !arrived.is_empty() && !leaving.is_empty() {
        unsettled = Some(ENDING);
    }
    Observed {
        activity: moving.or_else(|| {
            let node = stopping.first()?.clone();
            Some(Activity::Stopping { node })
        }),
        remains_on,
        defined_on: those(Look::rests),
        running_on,
        silent,
        unsettled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(state: GuestState) -> Guest {
        Guest {
            uuid: "u".into(),
            name: "web".into(),
            state,
            leaving: false,
            persistent: state != GuestState::Incoming,
            autostart: false,
            memory: 64,
            vcpus: 1,
            cluster: None,
        }
    }

    fn is(state: GuestState) -> Look {
        Look::Guest(guest(state))
    }

    fn leaving() -> Look {
        Look::Guest(Guest {
            leaving: true,
            ..guest(GuestState::Running)
        })
    }

    fn judged(looks: [Look; 2]) -> Observed {
        let [a, b] = looks;
        judge(&[("a".into(), a), ("b".into(), b)])
    }

    #[test]
    fn both_halves_of_a_migration_are_one() {
        let moving = Some(Activity::Migrating {
            from: "a".into(),
            to: "b".into(),
        });
        let seen = judged([leaving(), is(GuestState::Incoming)]);
        assert_eq!(seen.activity, moving);
        assert_eq!(seen.running_on, ["a".into()]);
        assert_eq!(seen.unsettled, None);
        // The other one has not begun, or does not answer.
        let seen = judged([leaving(), Look::Absent]);
        assert_eq!((seen.activity, seen.unsettled), (moving.clone(), None));
        let seen = judged([leaving(), Look::Silent]);
        assert_eq!((seen.activity, seen.unsettled), (moving.clone(), None));
        // Nobody knows what the source does.
        let seen = judged([Look::Silent, is(GuestState::Incoming)]);
        assert_eq!((seen.activity, seen.unsettled), (moving, Some(KEEPALIVE)));
        assert!(seen.running_on.is_empty());
    }

    #[test]
    fn one_that_has_just_arrived_runs_there_alone() {
        let leaving_paused = Look::Guest(Guest {
            leaving: true,
            ..guest(GuestState::Paused)
        });
        // The nodes need not have been asked at the same moment.
        for source in [leaving_paused, leaving()] {
            let seen = judged([source, is(GuestState::Running)]);
            assert_eq!(seen.running_on, ["b".into()]);
            let moving = Activity::Migrating {
                from: "a".into(),
                to: "b".into(),
            };
            assert_eq!(
                (seen.activity, seen.unsettled),
                (Some(moving), Some(ENDING))
            );
            assert_eq!(seen.remains_on, []);
        }
        let seen = judged([is(GuestState::Paused), is(GuestState::Running)]);
        assert_eq!(
            (seen.remains_on, seen.unsettled),
            (vec!["a".into()], Some(ENDING))
        );
    }

    #[test]
    fn what_is_ending_is_asked_for_again() {
        for source in [Look::Absent, is(GuestState::Running)] {
            let seen = judged([source, is(GuestState::Incoming)]);
            assert_eq!((seen.activity, seen.unsettled), (None, Some(ENDING)));
        }
    }

    #[test]
    fn a_definition_beside_a_running_guest_is_seen() {
        let seen = judged([is(GuestState::Running), is(GuestState::Stopped)]);
        assert_eq!(seen.running_on, ["a".into()]);
        assert_eq!(seen.defined_on, ["b".into()]);
        assert_eq!((seen.activity, seen.unsettled), (None, None));
    }

    #[test]
    fn twice_is_seen_as_twice_and_silence_as_silence() {
        let seen = judged([is(GuestState::Running), is(GuestState::Paused)]);
        assert_eq!(seen.running_on, ["a".into(), "b".into()]);
        let seen = judged([Look::Silent, Look::Absent]);
        assert_eq!(seen.silent, ["a".into()]);
        assert!(seen.running_on.is_empty() && seen.activity.is_none());
    }

    #[test]
    fn one_that_stands_still_is_left_over_only_beside_one_that_runs() {
        let remains = |looks| judged(looks).remains_on;
        let paused = || is(GuestState::Paused);
        assert_eq!(remains([paused(), is(GuestState::Running)]), ["a".into()]);
        let leaving_paused = Look::Guest(Guest {
            leaving: true,
            ..guest(GuestState::Paused)
        });
        let not_there_for_good = Look::Guest(Guest {
            persistent: false,
            ..guest(GuestState::Running)
        });
        for looks in [
            [paused(), not_there_for_good],
            [paused(), paused()],
            [paused(), Look::Absent],
            [paused(), Look::Silent],
            [paused(), is(GuestState::Incoming)],
            [paused(), is(GuestState::Stopping)],
            [paused(), is(GuestState::Stopped)],
            [paused(), leaving()],
            [leaving_paused, is(GuestState::Running)],
            [is(GuestState::Running), is(GuestState::Running)],
        ] {
            assert_eq!(remains(looks), []);
        }
    }

    #[test]
    fn one_that_is_shut_down_still_runs() {
        let seen = judged([is(GuestState::Stopping), Look::Absent]);
        assert_eq!(seen.running_on, ["a".into()]);
        let node = "a".into();
        assert_eq!(seen.activity, Some(Activity::Stopping { node }));
    }
}
