//! An instance of a list, and what reality says of it.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::super::super::table::Cell;
use super::super::Now;
use crate::cluster::{AdminSource, AdminState, Backend, Config, Group, Instance, Node};
use crate::hypervisor::InstanceNow;

/// An instance, where it stands.
#[derive(Debug)]
pub struct Row {
    pub(super) now: Rc<Now>,
    pub(super) instance: Arc<Instance>,
}

/// Where an instance was found to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Reality cannot be read, or the primary node does not answer.
    Unknown,
    /// On its primary node.
    Primary,
    /// On several nodes at once: its disks are in danger.
    Twice,
    /// On another node.
    Elsewhere,
    /// Nowhere.
    Nowhere,
}

impl Row {
    pub(super) fn config(&self) -> &Config {
        &self.now.config
    }

    pub(super) fn backend(&self) -> Backend {
        self.config().backend(&self.instance)
    }

    pub(super) fn primary(&self) -> Option<&Arc<Node>> {
        self.config().nodes.get(&self.instance.primary_node)
    }

    pub(super) fn group(&self, node: Option<&Arc<Node>>) -> Option<&Arc<Group>> {
        self.config().groups.get(&node?.group)
    }

    pub(super) fn secondary(&self) -> Option<&Arc<Node>> {
        let uuid = self.config().secondary(&self.instance)?;
        self.config().nodes.get(uuid)
    }

    pub(super) fn reality(&self) -> Option<&InstanceNow> {
        self.now.reality()?.instances.get(&self.instance.uuid)
    }

    fn found(&self) -> Found {
        let Some(reality) = self.now.reality() else {
            return Found::Unknown;
        };
        let running = self.reality().map_or(&[][..], |now| &now.running_on);
        if running.len() > 1 {
            return Found::Twice;
        }
        if running.contains(&self.instance.primary_node) {
            return Found::Primary;
        }
        if !running.is_empty() {
            return Found::Elsewhere;
        }
        match reality.nodes.get(&self.instance.primary_node) {
            Some(node) if node.alive => Found::Nowhere,
            _ => Found::Unknown,
        }
    }

    /// Ganeti's status words, in its order of precedence; before them one of ours, for the worst.
    pub(super) fn status(&self) -> &'static str {
        let found = self.found();
        if found != Found::Twice && self.primary().is_some_and(|node| node.offline) {
            return "ERROR_nodeoffline";
        }
        match (found, self.instance.admin_state) {
            (Found::Unknown, _) => "ERROR_nodedown",
            (Found::Twice, _) => "ERROR_runstwice",
            (Found::Elsewhere, _) => "ERROR_wrongnode",
            (Found::Primary, AdminState::Up) => "running",
            (Found::Primary, AdminState::Down | AdminState::Offline) => "ERROR_up",
            (Found::Nowhere, AdminState::Up) => "ERROR_down",
            (Found::Nowhere, AdminState::Down) if self.shut_down_inside() => "USER_down",
            (Found::Nowhere, AdminState::Down) => "ADMIN_down",
            (Found::Nowhere, AdminState::Offline) => "ADMIN_offline",
        }
    }

    /// Whether its user shut it down, where the cluster lets users do that.
    fn shut_down_inside(&self) -> bool {
        let yes = Some(&Value::Bool(true));
        let cluster = self.config().cluster.as_ref();
        let allowed = cluster.and_then(|cluster| cluster.rest.get("enabled_user_shutdown"));
        let own = || self.config().hvparams(&self.instance).get("user_shutdown");
        self.instance.admin_state_source == AdminSource::User
            && allowed == yes
            && (self.instance.hypervisor.as_str() != "kvm" || own() == yes)
    }

    /// A value that only a running instance has.
    pub(super) fn live(&self, cell: Cell) -> Cell {
        // Nobody is asked for that.
        if self.primary().is_some_and(|node| node.offline) {
            return Cell::Offline;
        }
        match self.found() {
            Found::Primary | Found::Elsewhere | Found::Twice => cell,
            Found::Nowhere => Cell::Unavailable,
            Found::Unknown => Cell::NoData,
        }
    }
}

impl Cell {
    /// `N` for what does not apply.
    pub(super) fn or_no(self) -> Cell {
        match self {
            Cell::Unavailable => Cell::Bool(false),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::hypervisor::{NodeNow, Snapshot};

    /// An instance whose primary is `node1`, of a cluster of two nodes that may be asked.
    struct Scene {
        cluster: Value,
        instance: Value,
        offline: bool,
        alive: bool,
        runs_on: &'static [&'static str],
    }

    impl Scene {
        fn status(self) -> &'static str {
            fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
                serde_json::from_value(value).unwrap()
            }
            let mut cluster = json!({"cluster_name": "demo", "uuid": "c"});
            cluster
                .as_object_mut()
                .unwrap()
                .append(self.cluster.clone().as_object_mut().unwrap());
            let mut instance = json!({"name": "inst1", "uuid": "i1", "primary_node": "n1"});
            instance
                .as_object_mut()
                .unwrap()
                .append(self.instance.clone().as_object_mut().unwrap());
            let node = |name: &str, uuid: &str, offline| {
                read(json!({"name": name, "uuid": uuid, "group": "g", "offline": offline}))
            };
            let nodes = vec![
                node("node1", "n1", self.offline),
                node("node2", "n2", false),
            ];
            let config = Config::new(
                read(cluster),
                vec![],
                nodes,
                vec![read(instance)],
                vec![],
                serde_json::Map::new(),
            );
            let mut reality = Snapshot::default();
            for (uuid, alive) in [("n1", self.alive), ("n2", true)] {
                let now = NodeNow {
                    alive,
                    ..NodeNow::default()
                };
                reality.nodes.insert(uuid.into(), now);
            }
            let now = InstanceNow {
                running_on: self.runs_on.iter().map(|uuid| (*uuid).into()).collect(),
                ..InstanceNow::default()
            };
            reality.instances.insert("i1".into(), now);
            let instance = Arc::clone(config.instance_named("inst1").unwrap());
            let now = Rc::new(Now::pretended(config, reality));
            Row { now, instance }.status()
        }
    }

    #[test]
    fn the_status_is_the_first_word_that_fits() {
        let scene = |instance: Value, runs_on: &'static [&'static str]| Scene {
            cluster: json!({"enabled_user_shutdown": true}),
            instance,
            offline: false,
            alive: true,
            runs_on,
        };
        let up = || json!({"admin_state": "up"});
        let down = || json!({"admin_state": "down"});
        for (instance, runs_on, status) in [
            (up(), &["n1"][..], "running"),
            (up(), &["n2"], "ERROR_wrongnode"),
            (up(), &["n1", "n2"], "ERROR_runstwice"),
            (down(), &["n1", "n2"], "ERROR_runstwice"),
            (up(), &[], "ERROR_down"),
            (down(), &["n1"], "ERROR_up"),
            (down(), &[], "ADMIN_down"),
            (json!({"admin_state": "offline"}), &[], "ADMIN_offline"),
            (
                json!({"admin_state": "down", "admin_state_source": "user"}),
                &[],
                "USER_down",
            ),
            (
                json!({"admin_state": "down", "admin_state_source": "user", "hypervisor": "kvm"}),
                &[],
                "ADMIN_down",
            ),
            (
                json!({
                    "admin_state": "down", "admin_state_source": "user", "hypervisor": "kvm",
                    "hvparams": {"user_shutdown": true},
                }),
                &[],
                "USER_down",
            ),
        ] {
            assert_eq!(
                scene(instance.clone(), runs_on).status(),
                status,
                "{instance}"
            );
        }
        let not_allowed = Scene {
            cluster: json!({}),
            ..scene(
                json!({"admin_state": "down", "admin_state_source": "user"}),
                &[],
            )
        };
        assert_eq!(not_allowed.status(), "ADMIN_down");
        let dead = |runs_on| Scene {
            alive: false,
            ..scene(up(), runs_on)
        };
        assert_eq!(dead(&[]).status(), "ERROR_nodedown");
        assert_eq!(dead(&["n2"]).status(), "ERROR_wrongnode");
        let offline = Scene {
            offline: true,
            ..scene(up(), &["n2"])
        };
        assert_eq!(offline.status(), "ERROR_nodeoffline");
    }
}
