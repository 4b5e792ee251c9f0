use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::cluster::Capacity;
use crate::testing::{says_something, texts};

#[test]
fn durations() {
    let seconds = |text| duration(text).map(|d| d.as_secs());
    assert_eq!(seconds("0"), Ok(0));
    assert_eq!(seconds("30"), Ok(30));
    assert_eq!(seconds("30s"), Ok(30));
    assert_eq!(seconds("5m"), Ok(300));
    assert_eq!(seconds("2h"), Ok(7_200));
    assert_eq!(seconds("1d"), Ok(86_400));
    assert_eq!(seconds("1w"), Ok(604_800));
    for wrong in [
        "",
        "m",
        "-1",
        "+1",
        "1.5h",
        "1y",
        "5 m",
        "1é",
        "99999999999999999999",
        "9999999999w",
    ] {
        assert!(duration(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn sizes_are_mib_rounded_up_to_four() {
    assert_eq!(size("128"), Ok(128));
    assert_eq!(size("1"), Ok(4));
    assert_eq!(size("129M"), Ok(132));
    assert_eq!(size("1G"), Ok(1024));
    assert_eq!(size("1.5g"), Ok(1536));
    assert_eq!(size("2TiB"), Ok(2 * 1024 * 1024));
    assert_eq!(size("10 GB"), Ok(10240));
    for wrong in [
        "",
        "G",
        "-1",
        "1K",
        "1.2.3",
        "NaN",
        "inf",
        "1e99",
        "99999999999999999T",
    ] {
        assert!(size(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn flags_and_shares() {
    assert_eq!(yes_no("Yes"), Ok(true));
    assert_eq!(yes_no("FALSE"), Ok(false));
    assert!(yes_no("1").is_err());
    assert_eq!(probability("0.25"), Ok(0.25));
    assert!(probability("1.01").is_err());
    assert!(probability("nan").is_err());
    assert!(seconds("-1").is_err());
    assert!(seconds("inf").is_err());
}

#[test]
fn keys_and_values() {
    let parsed = key_vals(r"a=1,b,no_c,-d,e=x\,y=z,f=").unwrap();
    assert_eq!(
        Value::Object(parsed.to_json()),
        json!({"a": "1", "b": true, "c": false, "d": null, "e": "x,y=z", "f": ""})
    );
    assert_eq!(key_vals("a=1,a=2"), Err("the key a is given twice".into()));
    for wrong in ["", "=1", "a=1,", "no_", "-"] {
        assert!(key_vals(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn disks_and_backend_parameters() {
    assert_eq!(
        disk("0:size=10G,name=root"),
        Ok(DiskArg {
            index: 0,
            size: 10240,
            name: Some("root".into()),
            mode: None
        })
    );
    for wrong in [
        "0",
        "0:",
        "x:size=1G",
        "0:size=0",
        "0:size=1G,mode=wo",
        "0:size=1G,color=red",
    ] {
        assert!(disk(wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(
        Value::Object(
            backend("memory=1G,vcpus=2,no_auto_balance,-spindle_use")
                .unwrap()
                .0
        ),
        json!({"maxmem": 1024, "minmem": 1024, "vcpus": 2, "auto_balance": false, "spindle_use": null})
    );
    for wrong in ["vcpus=two", "vcpus", "color=red", "memory"] {
        assert!(backend(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn capacities_fill_in_what_is_given() {
    let now = Capacity {
        memory: 1,
        disk: 2,
        cpus: 3,
        spindles: 4,
    };
    let new = capacity("memory=64G,cpus=32").unwrap().over(now);
    assert_eq!(
        new,
        Capacity {
            memory: 65536,
            disk: 2,
            cpus: 32,
            spindles: 4
        }
    );
    for wrong in ["memory", "ram=1G", "cpus=1.5", ""] {
        assert!(capacity(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn placements_and_ages() {
    let both = placement("node1:node2").unwrap();
    assert_eq!(
        (both.primary.as_str(), both.secondary.as_deref()),
        ("node1", Some("node2"))
    );
    assert_eq!(placement("node1").unwrap().secondary, None);
    for wrong in ["", ":", "a:", ":b", "a:b:c"] {
        assert!(placement(wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(age("all"), Ok(Age::All));
    assert_eq!(age("1d"), Ok(Age::AtLeast(Duration::from_secs(86_400))));
    assert!(age("some").is_err());
}

/// What the parsers of values are made of.
const WORDS: &[&str] = &[
    ",",
    "=",
    ":",
    "\\",
    "\\,",
    "-",
    "no_",
    ".",
    "+",
    "e",
    "0",
    "1",
    "inf",
    "nan",
    "s",
    "m",
    "h",
    "d",
    "w",
    "M",
    "GiB",
    "T",
    " ",
    "all",
    "yes",
    "False",
    "size",
    "size=1G",
    "mode=rw",
    "name=",
    "memory",
    "maxmem=",
    "vcpus=",
    "auto_balance",
    "disk=",
    "cpus=4",
    "node1",
];

/// One of these parsers; each error says something.
fn speaks<T>(parsed: Result<T, String>) -> Option<T> {
    match parsed {
        Ok(value) => Some(value),
        Err(wrong) => {
            assert!(says_something(&wrong), "{wrong:?}");
            None
        }
    }
}

/// A text with a backslash before each comma and backslash.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(',', "\\,")
}

proptest! {
    #[test]
    fn any_value_is_read_or_refused(text in texts(WORDS)) {
        let text = text.as_str();
        if let Some(duration) = speaks(duration(text)) {
            prop_assert!(duration <= MAX_DURATION);
        }
        if let Some(size) = speaks(size(text)) {
            prop_assert!(size <= SIZE + SIZE_STEP_MIB && size.is_multiple_of(SIZE_STEP_MIB));
        }
        if let Some(share) = speaks(probability(text)) {
            prop_assert!((0.0..=1.0).contains(&share));
        }
        if let Some(seconds) = speaks(seconds(text)) {
            prop_assert!(seconds >= 0.0 && seconds.is_finite());
        }
        if let Some(disk) = speaks(disk(text)) {
            prop_assert!(disk.size > 0);
        }
        if let Some(KeyVals(pairs)) = speaks(key_vals(text)) {
            prop_assert!(!pairs.contains_key(""));
        }
        if let Some(placement) = speaks(placement(text)) {
            let written = match &placement.secondary {
                Some(secondary) => format!("{}:{secondary}", placement.primary),
                None => placement.primary,
            };
            prop_assert_eq!(written, text);
        }
        speaks(yes_no(text));
        speaks(ident_key_vals(text));
        speaks(backend(text));
        speaks(capacity(text));
        speaks(numbers(text));
        speaks(age(text));
        speaks(request_id(text));
        speaks(reason(text));
    }

    #[test]
    fn any_duration_written_with_a_unit_is_itself(number in 0u64..5_000, unit in 0usize..5) {
        let (unit, factor) = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)][unit];
        prop_assert_eq!(duration(&format!("{number}{unit}")), Ok(Duration::from_secs(number * factor)));
    }

    #[test]
    fn any_text_survives_in_a_list(pairs in prop::collection::btree_map("[a-z]{1,5}", any::<String>(), 1..4)) {
        let list: Vec<String> = pairs.iter().map(|(k, v)| escaped(&format!("{k}={v}"))).collect();
        let read = key_vals(&list.join(",")).unwrap();
        let expected = pairs.into_iter().map(|(key, text)| (key, KeyVal::Text(text)));
        prop_assert_eq!(read.0, expected.collect());
    }

    #[test]
    fn sizes_never_shrink(mib in 0u64..1 << 40) {
        let parsed = size(&mib.to_string()).unwrap();
        prop_assert!(parsed >= mib && parsed < mib + SIZE_STEP_MIB);
    }
}

#[test]
fn options_of_a_program() {
    let none = || None::<String>;
    let some = |text: &str| Some(text.to_owned());
    let options = |text: &str| program_options(text).map(|options| options.0);
    let expected = [("mond".into(), none()), ("x-y".into(), some("a,b=c"))];
    assert_eq!(options("mond,x-y=a\\,b=c"), Ok(expected.into()));
    assert_eq!(options(""), Ok([].into()));
    for wrong in ["=1", "--x", "a b", "x,x=1", ","] {
        assert!(options(wrong).is_err(), "{wrong}");
    }
    let group = of_group("rack2=hail").unwrap();
    assert_eq!((group.group.as_str(), group.value), ("rack2", some("hail")));
    assert_eq!(of_group("rack2=").unwrap().value, None);
    assert!(of_group("rack2").is_err() && of_group("=hail").is_err());
    assert!(absolute_path("/usr/lib").is_ok());
    assert!(absolute_path("lib").is_err() && absolute_path("").is_err());
}

#[test]
fn intervals_are_between_a_second_and_an_hour() {
    assert_eq!(interval("1"), Ok(Duration::from_secs(1)));
    assert_eq!(interval("5m"), Ok(Duration::from_secs(300)));
    assert_eq!(interval("1h"), Ok(Duration::from_secs(WATCH_SECONDS)));
    for wrong in ["0", "3601", "node1", "", "-1", "0.5"] {
        let error = interval(wrong).unwrap_err();
        assert!(
            error.contains("names stand before --watch"),
            "{wrong}: {error}"
        );
    }
}
