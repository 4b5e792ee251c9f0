//! As much of JSON Schema as `docs/schema/` uses, and stricter in one point: a field that no schema
//! names is wrong here, although programs ignore it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The schemas, by the names of their files.
pub(crate) struct Schemas(BTreeMap<String, Value>);

/// A schema, and the file in which its references begin.
#[derive(Clone, Copy)]
struct At<'a> {
    file: &'a str,
    schema: &'a Value,
}

/// Whether what is looked at has to be known whole by the schema, or only in part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    Part,
}

impl Schemas {
    pub(crate) fn read() -> Schemas {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
        let files = fs::read_dir(folder).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let schema = serde_json::from_str(&text);
            (
                name.clone(),
                schema.unwrap_or_else(|error| panic!("{name}: {error}")),
            )
        });
        Schemas(files.collect())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A part of a schema, such as `operation.json#/$defs/status`.
    pub(crate) fn part(&self, reference: &str) -> &Value {
        self.resolve("", reference).schema
    }

    /// What is wrong with a document, a line each.
    pub(crate) fn complaints(&self, file: &str, value: &Value) -> Vec<String> {
        let (file, schema) = self.0.get_key_value(file).unwrap();
        self.check(At { file, schema }, value, "", Extent::Whole)
    }

    fn resolve<'a>(&'a self, from: &'a str, reference: &str) -> At<'a> {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let name = if file.is_empty() { from } else { file };
        let (file, root) = (self.0.get_key_value(name)).unwrap_or_else(|| panic!("{reference}"));
        let schema = root
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{reference}"));
        At { file, schema }
    }

    /// The fields that a schema names; none where it allows all.
    fn fields<'a>(&'a self, at: At<'a>) -> Option<BTreeSet<&'a str>> {
        let schema = at.schema.as_object()?;
        let own = schema.get("properties").and_then(Value::as_object);
        let mut fields: BTreeSet<&str> = (own.into_iter())
            .flat_map(|own| own.keys().map(String::as_str))
            .collect();
        let parts = schema.get("allOf").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            fields.extend(self.fields(At { schema: part, ..at })?);
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            fields.extend(self.fields(self.resolve(at.file, reference))?);
        }
        (!fields.is_empty()).then_some(fields)
    }

    fn check(&self, at: At<'_>, value: &Value, path: &str, extent: Extent) -> Vec<String> {
        let mut wrong = vec![];
        let Some(schema) = at.schema.as_object() else {
            if at.schema != &Value::Bool(true) {
                wrong.push(format!("{path}: nothing may be here"));
            }
            return wrong;
        };
        if let (Extent::Whole, Some(object), Some(fields)) =
            (extent, value.as_object(), self.fields(at))
        {
            let unknown = object.keys().filter(|key| !fields.contains(key.as_str()));
            wrong.extend(unknown.map(|key| format!("{path}/{key}: no schema names it")));
        }
        let inner = |schema| At { schema, ..at };
        for (keyword, rule) in schema {
            match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" | "additionalProperties" => {}
                "$ref" => {
                    let target = self.resolve(at.file, rule.as_str().unwrap());
                    wrong.extend(self.check(target, value, path, extent));
                }
                "type" => {
                    let types = rule
                        .as_array()
                        .map_or(std::slice::from_ref(rule), Vec::as_slice);
                    if !types.iter().any(|name| is(value, name.as_str().unwrap())) {
                        wrong.push(format!("{path}: {value} is not {rule}"));
                    }
                }
                "const" if value != rule => wrong.push(format!("{path}: {value} is not {rule}")),
                "enum" if !rule.as_array().unwrap().contains(value) => {
                    wrong.push(format!("{path}: {value} is none of {rule}"));
                }
                "const" | "enum" => {}
                "minimum" => {
                    let least = rule.as_f64().unwrap();
                    if value.as_f64().is_some_and(|number| number < least) {
                        wrong.push(format!("{path}: {value} is below {rule}"));
                    }
                }
                "format" => {
                    assert_eq!(rule, "date-time");
                    if value
                        .as_str()
                        .is_some_and(|text| text.parse::<jiff::Timestamp>().is_err())
                    {
                        wrong.push(format!("{path}: {value} is no time"));
                    }
                }
                "required" => {
                    let names = rule.as_array().unwrap().iter().filter_map(Value::as_str);
                    let object = value.as_object();
                    let missing =
                        names.filter(|name| object.is_some_and(|o| !o.contains_key(*name)));
                    wrong.extend(missing.map(|name| format!("{path}/{name}: is missing")));
                }
                "properties" => {
                    for (name, rule) in rule.as_object().unwrap() {
                        if let Some(value) = value.get(name) {
                            let path = format!("{path}/{name}");
                            wrong.extend(self.check(inner(rule), value, &path, Extent::Whole));
                        }
                    }
                }
                "prefixItems" => {
                    let rules = rule.as_array().unwrap();
                    let items = value.as_array().into_iter().flatten();
                    for (nr, (rule, item)) in rules.iter().zip(items).enumerate() {
                        let path = format!("{path}/{nr}");
                        wrong.extend(self.check(inner(rule), item, &path, Extent::Whole));
                    }
                }
                "items" => {
                    let before = schema.get("prefixItems").and_then(Value::as_array);
                    let items = value.as_array().into_iter().flatten().enumerate();
                    for (nr, item) in items.skip(before.map_or(0, Vec::len)) {
                        let path = format!("{path}/{nr}");
                        wrong.extend(self.check(inner(rule), item, &path, Extent::Whole));
                    }
                }
                "minItems" => {
                    let count = value.as_array().map(|items| items.len() as u64);
                    if count.is_some_and(|count| count < rule.as_u64().unwrap()) {
                        wrong.push(format!("{path}: it is too short"));
                    }
                }
                "allOf" => {
                    for rule in rule.as_array().unwrap() {
                        wrong.extend(self.check(inner(rule), value, path, Extent::Part));
                    }
                }
                "oneOf" => {
                    let ways = rule.as_array().unwrap().iter();
                    let ways: Vec<_> = ways
                        .map(|rule| self.check(inner(rule), value, path, extent))
                        .collect();
                    match ways.iter().filter(|way| way.is_empty()).count() {
                        1 => {}
                        // The way that is nearest tells most.
                        0 => wrong.extend(ways.into_iter().min_by_key(Vec::len).unwrap()),
                        _ => wrong.push(format!("{path}: {value} is several things at once")),
                    }
                }
                other => panic!("{}: {other} is not understood here", at.file),
            }
        }
        wrong
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    }
}
