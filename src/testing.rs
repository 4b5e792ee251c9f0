//! What property tests share.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value};

/// A configuration with so many cases, unless the environment's `PROPTEST_CASES` says otherwise.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig {
            cases: usual,
            ..config
        },
    }
}

/// Texts that a parser nearly understands: its own words, one after the other, with others between
/// them; and any text at all.
pub(crate) fn texts(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => select(words).prop_map(str::to_owned),
        2 => "[0-9]{1,20}",
        1 => "[a-zé]{0,3}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop_oneof![
        6 => prop::collection::vec(word, 0..8).prop_map(|words| words.concat()),
        1 => any::<String>(),
    ]
}

/// Any JSON, some of its texts out of these.
pub(crate) fn json(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-20i64..20).prop_map(Value::from),
        select(vec![i64::MIN, i64::MAX, 1 << 44, (1 << 44) + 1]).prop_map(Value::from),
        select(vec![u64::MAX, 1 << 63]).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(words).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{1,6}", inner), 0..4)
                .prop_map(|pairs| Value::Object(Map::from_iter(pairs))),
        ]
    })
}

/// One change somewhere in a value.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    way: Vec<Index>,
    put: Option<Value>,
}

/// Changes; the deeper the way, the further from the root.
pub(crate) fn changes(words: &'static [&'static str]) -> impl Strategy<Value = Vec<Change>> {
    let way = prop::collection::vec(any::<Index>(), 1..7);
    let put = prop::option::weighted(0.7, json(words));
    let change = (way, put).prop_map(|(way, put)| Change { way, put });
    prop::collection::vec(change, 1..4)
}

impl Change {
    /// Puts another value in the place of one that is there, or takes it away.
    pub(crate) fn apply(&self, value: &mut Value) {
        put(value, &self.way, self.put.as_ref());
    }
}

fn put(here: &mut Value, way: &[Index], new: Option<&Value>) {
    let Some((at, rest)) = way.split_first() else {
        *here = new.cloned().unwrap_or_default();
        return;
    };
    match here {
        Value::Object(map) if !map.is_empty() => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let key = at.get(&keys);
            match (rest, new) {
                ([], None) => drop(map.remove(key)),
                _ => put(&mut map[key], rest, new),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let place = at.index(items.len());
            match (rest, new) {
                ([], None) => drop(items.remove(place)),
                _ => put(&mut items[place], rest, new),
            }
        }
        leaf => *leaf = new.cloned().unwrap_or_default(),
    }
}

/// Whether a text can stand in an error message.
pub(crate) fn says_something(text: &str) -> bool {
    !text.trim().is_empty()
}
