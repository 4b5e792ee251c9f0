//! Failpoints, clock and version of the processes of a story. Builds without debug assertions have
//! none of them; there nothing of this happens.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::common::Lab;

/// What happens at a failpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The process dies.
    Kill,
    /// It stands still until it is woken.
    Stop,
    /// It stands still for some milliseconds.
    Pause,
    /// The disk or the driver fails.
    Fail,
}

/// What was ordered.
pub struct Order {
    pub text: String,
    /// The driver or reality fails, not the database.
    pub of_driver: bool,
}

#[cfg(debug_assertions)]
mod built {
    use gnt::failpoints::Point;
    use gnt::failpoints::control::{Action, Control};

    use super::*;

    /// The test's end of the control directory.
    pub struct Steering {
        control: Control,
        /// Where what was ordered, and at which hit.
        armed: Vec<(Point, Deed, u64)>,
        clock: i64,
    }

    impl Steering {
        pub fn new(lab: &mut Lab) -> Steering {
            Steering {
                control: lab.steer(),
                armed: vec![],
                clock: 0,
            }
        }

        /// Lets something happen at one of the points.
        pub fn arm(&mut self, random: &mut StdRng, deed: Deed) -> Option<Order> {
            let mut points = Point::all();
            points.retain(|point| deed != Deed::Fail || point.can_fail());
            // Mostly at one that this story comes by.
            if random.random_bool(0.8) {
                points.retain(|point| self.control.hits(*point) > 0);
            }
            let point = *points.choose(random)?;
            let action = match deed {
                Deed::Kill => Action::Kill,
                Deed::Stop => Action::Stop,
                Deed::Pause => Action::Pause(random.random_range(1..80)),
                Deed::Fail if random.random_bool(0.5) => Action::Full,
                Deed::Fail => Action::Error,
            };
            let hit = random.random_range(1..=3);
            let at = self.control.hits(point) + hit;
            self.control.arm(point, action, hit).unwrap();
            self.armed.retain(|(armed, ..)| *armed != point);
            self.armed.push((point, deed, at));
            Some(Order {
                text: format!("{action} at hit {hit} of {point}"),
                of_driver: matches!(point, Point::Verb(..) | Point::Change(..)),
            })
        }

        /// Nothing happens any more; tells what has happened.
        pub fn disarm(&mut self) -> Vec<Deed> {
            let mut happened = vec![];
            for (point, deed, at) in self.armed.drain(..) {
                self.control.disarm(point).unwrap();
                happened.extend((self.control.hits(point) >= at).then_some(deed));
            }
            happened
        }

        /// Moves the wall clock once more.
        pub fn move_clock(&mut self, seconds: i64) {
            self.clock += seconds;
            self.control.set_clock(self.clock).unwrap();
        }

        pub fn version(&self, version: Option<&str>) {
            self.control.set_version(version).unwrap();
        }

        /// Which points were hit, and which were not.
        pub fn hits(&self) -> Vec<(String, u64)> {
            let hits = |point: Point| (point.to_string(), self.control.hits(point));
            Point::all().into_iter().map(hits).collect()
        }
    }
}

#[cfg(not(debug_assertions))]
mod built {
    use super::*;

    pub struct Steering;

    impl Steering {
        pub fn new(_: &mut Lab) -> Steering {
            Steering
        }

        pub fn arm(&mut self, _: &mut StdRng, _: Deed) -> Option<Order> {
            None
        }

        pub fn disarm(&mut self) -> Vec<Deed> {
            vec![]
        }

        pub fn move_clock(&mut self, _: i64) {}

        pub fn version(&self, _: Option<&str>) {}

        pub fn hits(&self) -> Vec<(String, u64)> {
            vec![]
        }
    }
}

pub use built::Steering;
