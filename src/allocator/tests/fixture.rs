//! A cluster to be put together piece by piece. UUIDs are names.

use std::sync::Arc;

use serde_json::{Map, json};

use crate::allocator::{Claim, Departure, Placed, Plan, Role, Rules, World, plan_departure};
use crate::cluster::{
    AdminState, Capacity, Cluster, Config, Disk, DiskTemplate, Group, Instance, Mirroring, Node,
};
use crate::opcodes::EvacMode;
use crate::queue::JobId;

pub(super) const MODES: [EvacMode; 3] = [
    EvacMode::PrimaryOnly,
    EvacMode::SecondaryOnly,
    EvacMode::All,
];

#[derive(Clone, Debug)]
pub(super) struct Lab {
    pub(super) cluster: Cluster,
    pub(super) groups: Vec<Group>,
    pub(super) nodes: Vec<Node>,
    pub(super) instances: Vec<Instance>,
    disks: Vec<Disk>,
    claims: Vec<(JobId, Claim)>,
}

impl Lab {
    /// A group `default` with so many nodes `node1`… of 10,000 MiB of memory, 100,000 MiB of disk,
    /// 16 CPUs and 100 spindles.
    pub(super) fn new(nodes: usize) -> Lab {
        let cluster = json!({"cluster_name": "lab", "uuid": "lab"});
        let mut lab = Lab {
            cluster: serde_json::from_value(cluster).unwrap(),
            groups: vec![],
            nodes: vec![],
            instances: vec![],
            disks: vec![],
            claims: vec![],
        };
        lab.group("default");
        for number in 1..=nodes {
            lab.add_node(&format!("node{number}"), "default");
        }
        lab
    }

    pub(super) fn group(&mut self, name: &str) -> &mut Group {
        let group = json!({"name": name, "uuid": name});
        self.groups.push(serde_json::from_value(group).unwrap());
        self.groups.last_mut().unwrap()
    }

    pub(super) fn add_node(&mut self, name: &str, group: &str) -> &mut Node {
        let node = json!({"name": name, "uuid": name, "group": group});
        let mut node: Node = serde_json::from_value(node).unwrap();
        node.capacity = Capacity {
            memory: 10_000,
            disk: 100_000,
            cpus: 16,
            spindles: 100,
        };
        self.nodes.push(node);
        self.nodes.last_mut().unwrap()
    }

    pub(super) fn node(&mut self, name: &str) -> &mut Node {
        (self.nodes.iter_mut()).find(|n| n.name == name).unwrap()
    }

    pub(super) fn instance(&mut self, name: &str) -> &mut Instance {
        (self.instances.iter_mut())
            .find(|i| i.name == name)
            .unwrap()
    }

    /// A running instance with one disk of 1,000 MiB and one virtual CPU.
    pub(super) fn add(
        &mut self,
        name: &str,
        template: DiskTemplate,
        nodes: &[&str],
        memory: u64,
    ) -> &mut Instance {
        let disks = match template {
            DiskTemplate::Diskless => vec![],
            _ => {
                let disk = json!({"uuid": format!("{name}-disk"), "dev_type": template,
                    "nodes": nodes, "size": 1000});
                self.disks.push(serde_json::from_value(disk).unwrap());
                vec![format!("{name}-disk")]
            }
        };
        let instance = json!({"name": name, "uuid": name, "primary_node": nodes[0],
            "admin_state": "up", "disks": disks, "beparams": {"maxmem": memory}});
        self.instances
            .push(serde_json::from_value(instance).unwrap());
        self.instances.last_mut().unwrap()
    }

    pub(super) fn drbd(&mut self, name: &str, nodes: [&str; 2], memory: u64) -> &mut Instance {
        self.add(name, DiskTemplate::Drbd, &nodes, memory)
    }

    pub(super) fn shared(&mut self, name: &str, node: &str, memory: u64) -> &mut Instance {
        self.add(name, DiskTemplate::Rbd, &[node], memory)
    }

    pub(super) fn stop(&mut self, name: &str) {
        self.instance(name).admin_state = AdminState::Down;
    }

    pub(super) fn claim(&mut self, job: i64, claim: Claim) {
        self.claims.push((JobId(job), claim));
    }

    pub(super) fn config(&self) -> Config {
        Config::new(
            self.cluster.clone(),
            self.groups.clone(),
            self.nodes.clone(),
            self.instances.clone(),
            self.disks.clone(),
            Map::new(),
        )
    }

    pub(super) fn world(&self) -> World {
        World {
            config: self.config(),
            claims: Arc::new(self.claims.clone()),
            serial: 1,
        }
    }

    pub(super) fn plan(&self, node: &str, mode: EvacMode) -> Plan {
        plan_departure(&self.world(), &leave(node, mode))
    }

    /// The only placed instance of the plan for `node1`.
    pub(super) fn only_placed(&self, mode: EvacMode) -> Placed {
        let plan = self.plan("node1", mode);
        assert_eq!(plan.unmovable, vec![]);
        assert_eq!(plan.placed.len(), 1);
        plan.placed.into_iter().next().unwrap()
    }

    /// The reason of the only instance of the plan for `node1`, which cannot move.
    pub(super) fn only_reason(&self, mode: EvacMode) -> String {
        let plan = self.plan("node1", mode);
        assert_eq!(plan.placed, vec![]);
        assert_eq!(plan.unmovable.len(), 1);
        plan.unmovable[0].reason.clone()
    }
}

pub(super) fn leave(node: &str, mode: EvacMode) -> Departure {
    Departure {
        node: node.into(),
        mode,
        new_secondary: None,
        target: None,
        rules: Rules::default(),
    }
}

pub(super) fn claim(node: &str, instance: &str, role: Role, memory: u64, disk: u64) -> Claim {
    Claim {
        node: node.into(),
        instance: instance.into(),
        role,
        memory,
        disk,
        vcpus: u64::from(role == Role::Primary),
    }
}

/// `primary node1>node2`, one word for each move.
pub(super) fn moves(placed: &Placed) -> Vec<String> {
    (placed.moves.iter())
        .map(|m| format!("{} {}>{}", m.role, m.from, m.to))
        .collect()
}

/// Where an instance is after its moves: primary and secondary.
pub(super) fn seats_after(config: &Config, placed: &Placed) -> (String, Option<String>) {
    let instance = &config.instances[&placed.instance];
    let mut primary = instance.primary_node.clone();
    let mut secondary = config.secondary(instance).cloned();
    let mirrored = config.template(instance).mirroring() == Mirroring::Internal;
    for step in &placed.moves {
        match step.role {
            Role::Primary => {
                assert_eq!(step.from, primary);
                if mirrored {
                    assert_eq!(Some(&step.to), secondary.as_ref());
                    secondary = Some(primary);
                }
                primary = step.to.clone();
            }
            Role::Secondary => {
                assert_eq!(Some(&step.from), secondary.as_ref());
                secondary = Some(step.to.clone());
            }
        }
    }
    (primary.to_string(), secondary.map(|node| node.to_string()))
}
