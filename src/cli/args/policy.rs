//! Instance policies, as they are written on the command line.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::values::{KeyVal, key_vals, size};
use crate::cluster::DiskTemplate;

/// What goes back to the cluster's is written so.
const DEFAULT: &str = "default";

/// The parts of a policy.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Instance policy")]
pub struct PolicyArgs {
    /// What an instance has at least and at most, such as min:cpu-count=1,…/max:cpu-count=8,…; several
    /// ranges are separated by //
    #[arg(long, value_name = "RANGES", group = "changes", value_parser = ranges, hide_short_help = true)]
    pub ipolicy_bounds_specs: Option<Value>,
    /// The disk templates that are allowed, separated by commas
    #[arg(long, value_name = "TEMPLATES", group = "changes", value_parser = templates, hide_short_help = true)]
    pub ipolicy_disk_templates: Option<Value>,
    /// Virtual CPUs for each CPU of a node
    #[arg(long, value_name = "NUMBER", group = "changes", value_parser = ratio, hide_short_help = true)]
    pub ipolicy_vcpu_ratio: Option<Value>,
    /// Spindles in use for each spindle of a node
    #[arg(long, value_name = "NUMBER", group = "changes", value_parser = ratio, hide_short_help = true)]
    pub ipolicy_spindle_ratio: Option<Value>,
}

impl PolicyArgs {
    /// The parts that are given, under their names on the wire; `None` if there are none.
    #[must_use]
    pub fn parts(self) -> Option<Map<String, Value>> {
        let parts = [
            ("minmax", self.ipolicy_bounds_specs),
            ("disk-templates", self.ipolicy_disk_templates),
            ("vcpu-ratio", self.ipolicy_vcpu_ratio),
            ("spindle-ratio", self.ipolicy_spindle_ratio),
        ];
        let given = parts.into_iter();
        let given: Map<String, Value> = given
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect();
        (!given.is_empty()).then_some(given)
    }
}

fn ranges(text: &str) -> Result<Value, String> {
    const EXPECTED: &str = "expected min:KEY=N,…/max:KEY=N,…, or default";
    if text == DEFAULT {
        return Ok(json!(DEFAULT));
    }
    let bound = |text: &str| -> Result<(String, Value), String> {
        let (name, specs) = text.split_once(':').ok_or(EXPECTED)?;
        let mut bound = Map::new();
        for (key, value) in key_vals(specs)?.0 {
            let KeyVal::Text(text) = value else {
                return Err(format!("{key} needs a number"));
            };
            let number = match key.as_str() {
                "memory-size" | "disk-size" => size(&text)?,
                _ => (text.parse()).map_err(|_| format!("{key} is a number, not {text:?}"))?,
            };
            bound.insert(key, json!(number));
        }
        Ok((name.to_owned(), Value::Object(bound)))
    };
    let range = |text: &str| -> Result<Value, String> {
        let bounds: Map<String, Value> = text.split('/').map(bound).collect::<Result<_, _>>()?;
        match bounds.len() == 2 && bounds.contains_key("min") && bounds.contains_key("max") {
            true => Ok(Value::Object(bounds)),
            false => Err(EXPECTED.to_owned()),
        }
    };
    text.split("//").map(range).collect()
}

fn templates(text: &str) -> Result<Value, String> {
    if text == DEFAULT {
        return Ok(json!(DEFAULT));
    }
    let one = |name: &str| {
        let template = <DiskTemplate as clap::ValueEnum>::from_str(name, false);
        template.map_err(|_| format!("{name} is not a disk template"))
    };
    let all: Vec<DiskTemplate> = text.split(',').map(one).collect::<Result<_, _>>()?;
    Ok(json!(all))
}

fn ratio(text: &str) -> Result<Value, String> {
    match text.parse::<f64>() {
        _ if text == DEFAULT => Ok(json!(DEFAULT)),
        Ok(number) if number.is_finite() && number > 0.0 => Ok(json!(number)),
        _ => Err("expected a number above 0, or default".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_a_least_and_a_most() {
        let expected = json!([
            {"min": {"cpu-count": 1, "memory-size": 1024}, "max": {"cpu-count": 2}},
            {"min": {"nic-count": 0}, "max": {"disk-size": 2048}},
        ]);
        let text =
            "min:cpu-count=1,memory-size=1G/max:cpu-count=2//max:disk-size=2G/min:nic-count=0";
        assert_eq!(ranges(text), Ok(expected));
        assert_eq!(ranges("default"), Ok(json!("default")));
        for wrong in [
            "",
            "min:a=1",
            "min:a=1/min:a=2",
            "min:a=1/mid:a=2",
            "min/max",
            "min:a/max:a=1",
        ] {
            assert!(ranges(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_other_parts() {
        assert_eq!(templates("drbd,plain"), Ok(json!(["drbd", "plain"])));
        assert_eq!(
            templates("tape").unwrap_err(),
            "tape is not a disk template"
        );
        assert_eq!(ratio("2.5"), Ok(json!(2.5)));
        for wrong in ["0", "-1", "inf", "NaN", "x", ""] {
            assert!(ratio(wrong).is_err(), "{wrong}");
        }
        let args = PolicyArgs {
            ipolicy_vcpu_ratio: ratio("default").ok(),
            ..PolicyArgs::default()
        };
        let expected = json!({"vcpu-ratio": "default"});
        assert_eq!(args.parts().map(Value::from), Some(expected));
        assert_eq!(PolicyArgs::default().parts(), None);
    }
}
