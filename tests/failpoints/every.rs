//! Every failpoint is passed by a story, and the story ends well whatever happens there.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use gnt::admin::simulator;
use gnt::cluster::Config;
use gnt::failpoints::Point;
use gnt::failpoints::control::Action;
use gnt::hypervisor::VerbName;
use gnt::hypervisor::fake::{Outcome, Verb};
use gnt::queue::Status;
use gnt::store::Store;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::stories::{End, STORIES, Story, Tale};

/// How many stories are told at the same time.
const AT_ONCE: usize = 8;

/// Verbs that only real machines have a use for: no story of simulated ones comes to them.
const OF_MACHINES: [VerbName; 7] = [
    VerbName::Guests,
    VerbName::Definition,
    VerbName::Define,
    VerbName::Mark,
    VerbName::Autostart,
    VerbName::DeleteDisk,
    VerbName::Compare,
];

/// What is left when a story is over: all that must be the same however it was disturbed.
#[derive(Debug, Clone, PartialEq)]
struct Picture {
    settings: String,
    nodes: Vec<String>,
    instances: Vec<String>,
    /// How many jobs of each kind ended how.
    jobs: BTreeMap<(String, Status), usize>,
    /// How often each verb was done on each instance.
    deeds: BTreeMap<(Verb, String), usize>,
}

impl Picture {
    fn of(tale: &Tale) -> Picture {
        let store = tale.lab.store();
        let settings = store.settings().unwrap();
        let config = store.config().unwrap();
        let mut jobs = BTreeMap::new();
        let archived = store.archived_jobs().unwrap();
        for job in store.jobs().unwrap().into_iter().chain(archived) {
            *jobs.entry((job.summary, job.status)).or_insert(0) += 1;
        }
        let mut deeds = BTreeMap::new();
        for deed in simulator(&store).unwrap().log().unwrap() {
            assert!(deed.outcome.is_some(), "under way: {deed:?}");
            if deed.outcome == Some(Outcome::Done) {
                *deeds.entry((deed.verb, deed.instance)).or_insert(0) += 1;
            }
        }
        Picture {
            settings: format!(
                "{:?} drained={} held={} verb limits={:?} {:?}",
                settings.limits,
                settings.drained,
                settings.held,
                settings.verb_limits,
                settings.allocators
            ),
            nodes: nodes(&config),
            instances: instances(&config),
            jobs,
            deeds,
        }
    }

    /// Leaves out what may differ from an undisturbed story.
    fn without_repeated(mut self, verbs_fail: bool) -> Picture {
        // By these nobody sees whether they were done; doing them again changes nothing.
        (self.deeds).retain(|(verb, _), _| {
            !matches!(verb, Verb::Reboot | Verb::Activate | Verb::Deactivate)
        });
        if verbs_fail {
            // A failed job and those of its verbs that had come to pass are done again; or not, where
            // it had done what it was for.
            self.jobs.clear();
            self.deeds.clear();
        }
        self
    }
}

fn nodes(config: &Config) -> Vec<String> {
    let line = |node: &gnt::cluster::Node| {
        let (name, size) = (&node.name, node.capacity);
        format!(
            "{name} offline={} drained={} {size:?}",
            node.offline, node.drained
        )
    };
    config.nodes_by_name().map(|node| line(node)).collect()
}

fn instances(config: &Config) -> Vec<String> {
    let mut lines: Vec<String> = (config.instances.values())
        .map(|instance| {
            let (name, state) = (&instance.name, instance.admin_state);
            let primary = config.node_name(&instance.primary_node);
            let secondary = config
                .secondary(instance)
                .map(|node| config.node_name(node));
            let disks: Vec<u64> = config.disks_of(instance).map(|disk| disk.size).collect();
            let (backend, tags) = (config.backend(instance), &instance.tags);
            format!("{name} {state} {primary} {secondary:?} {disks:?} {backend:?} {tags:?}")
        })
        .collect();
    lines.sort();
    lines
}

/// What is done to a story.
#[derive(Debug, Clone, Copy)]
struct Harm {
    point: Point,
    action: Action,
    /// At which hit of the point, from 1.
    hit: u64,
}

impl Harm {
    /// Whether a verb may fail of it, and its job with it.
    fn fails_verbs(self) -> bool {
        self.action != Action::Kill && !matches!(self.point, Point::Commit(..))
    }
}

/// Tells a story; gives its end, and how often each point was hit.
fn tell(story: &Story, harm: Option<Harm>) -> (Picture, HashMap<Point, u64>) {
    let verbs_fail = harm.is_some_and(Harm::fails_verbs);
    let tale = Tale::new((story.begin)(), verbs_fail);
    if let Some(Harm { point, action, hit }) = harm {
        tale.control.arm(point, action, hit).unwrap();
    }
    (story.tell)(&tale);
    tale.finish();
    tale.lab.verify_clean();
    check_at_rest(&tale.lab.store());
    let picture = Picture::of(&tale);
    let points = Point::all().into_iter();
    let hits = points.map(|point| (point, tale.control.hits(point)));
    (picture, hits.collect())
}

fn check_at_rest(store: &Store) {
    assert_eq!(store.unfinished_count().unwrap(), 0);
    assert!(store.claims().unwrap().is_empty());
    assert!(store.held().unwrap().is_empty());
}

/// Does harm to a story, which has to end as if nothing had happened. Tells whether the point was
/// reached.
fn disturb(story: &Story, harm: Harm, expected: &Picture) -> bool {
    let (picture, hits) = tell(story, Some(harm));
    let mut picture = picture.without_repeated(harm.fails_verbs());
    let mut expected = expected.clone().without_repeated(harm.fails_verbs());
    if harm.fails_verbs() && story.end == End::Open {
        picture.instances.clear();
        expected.instances.clear();
    }
    assert_eq!(picture, expected, "{} with {harm:?}", story.name);
    hits[&harm.point] >= harm.hit
}

/// What can be done at a point.
fn actions(point: Point) -> Vec<Action> {
    match (point.can_fail(), point) {
        (false, _) => vec![Action::Kill],
        (true, Point::Verb(..)) => vec![Action::Kill, Action::Error],
        (true, _) => vec![Action::Kill, Action::Error, Action::Full],
    }
}

/// Does something for each of `items`, several at a time; gives what came of each, in any order.
fn for_each<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let items = Mutex::new(items.into_iter());
    let results = Mutex::new(vec![]);
    let next = || items.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(item) = next() {
                    let result = work(item);
                    results.lock().unwrap().push(result);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

/// `GNT_POINT` names the points to look at, all that contain it; `GNT_SEED` chooses other hits.
#[test]
fn every_point_is_survived() {
    let only = std::env::var("GNT_POINT").unwrap_or_default();
    let seed = std::env::var("GNT_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let undisturbed = for_each(STORIES.to_vec(), |story| (story, tell(&story, None)));
    let mut points = Point::all();
    points.retain(|point| !matches!(point, Point::Verb(verb, _) if OF_MACHINES.contains(verb)));
    let (mut missing, mut plan) = (vec![], vec![]);
    for (number, point) in points.iter().enumerate() {
        if !point.to_string().contains(&only) {
            continue;
        }
        let mut random = StdRng::seed_from_u64(seed.unwrap_or(0_u64) ^ (number as u64) << 32);
        let reach = |(_, (_, hits)): &&(Story, (Picture, HashMap<Point, u64>))| hits[point] > 0;
        let Some((story, (picture, hits))) = undisturbed.iter().find(reach) else {
            missing.push(point.to_string());
            continue;
        };
        for action in actions(*point) {
            let hit = random.random_range(1..=hits[point]);
            let harm = Harm {
                point: *point,
                action,
                hit,
            };
            plan.push((*story, harm, picture));
        }
    }
    assert!(missing.is_empty(), "no story reaches {missing:?}");
    let told = for_each(plan, |(story, harm, picture)| {
        let ended = catch_unwind(AssertUnwindSafe(|| {
            // How often a point is hit depends on the moment; the first time it is.
            disturb(&story, harm, picture) || disturb(&story, Harm { hit: 1, ..harm }, picture)
        }));
        match ended {
            Ok(true) => None,
            Ok(false) => Some(format!("{} does not reach {}", story.name, harm.point)),
            Err(_) => Some(format!("{} ends badly with {harm:?}", story.name)),
        }
    });
    let count = told.len();
    let broken: Vec<String> = told.into_iter().flatten().collect();
    assert!(
        broken.is_empty(),
        "{} of {count}:\n{}",
        broken.len(),
        broken.join("\n")
    );
}
