use proptest::prelude::*;
use serde_json::json;

use super::*;

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

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC*", short in "[0-9a-z_=,:.\\\\é-]{0,12}") {
        for text in [text.as_str(), short.as_str()] {
            let _ = (duration(text), size(text), yes_no(text), probability(text), seconds(text));
            let _ = (key_vals(text), ident_key_vals(text), disk(text), backend(text));
            let _ = (capacity(text), numbers(text), placement(text), age(text));
        }
    }

    #[test]
    fn sizes_never_shrink(mib in 0u64..1 << 40) {
        let parsed = size(&mib.to_string()).unwrap();
        prop_assert!(parsed >= mib && parsed < mib + SIZE_STEP_MIB);
    }
}
