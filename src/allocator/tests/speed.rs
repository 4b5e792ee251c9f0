use std::time::{Duration, Instant};

use super::fixture::Lab;
use crate::opcodes::EvacMode;

/// Far above what it takes even unoptimised on a busy machine, far below what a search that looks
/// at every instance for every candidate would take.
const BOUND: Duration = Duration::from_secs(20);

#[test]
fn two_thousand_instances_leave_one_of_two_hundred_nodes() {
    let mut lab = Lab::new(200);
    for node in &mut lab.nodes {
        node.capacity.memory = 10_000_000;
        node.capacity.disk = 10_000_000;
        node.capacity.cpus = 1000;
    }
    for number in 0..4000 {
        let name = format!("inst{number}");
        let primary = match number {
            0..2000 => "node1".to_owned(),
            _ => format!("node{}", 2 + number % 199),
        };
        let secondary = format!("node{}", 2 + (number + 1) % 199);
        match number % 2 {
            0 => lab.drbd(&name, [&primary, &secondary], 512),
            _ => lab.shared(&name, &primary, 512),
        };
    }
    let start = Instant::now();
    let plan = lab.plan("node1", EvacMode::All);
    let took = start.elapsed();
    println!("planned in {took:?}");
    assert_eq!(plan.placed.len(), 2000);
    assert!(took < BOUND, "{took:?}");
}
