use serde_json::json;

use super::*;
use crate::cluster::export::write;
use crate::cluster::sample::sample;

fn exported() -> String {
    let settings = Settings {
        driver: "simulator".to_owned(),
        queue_limit: Some(500),
        max_running_jobs: Some(7),
        simulator: json!({"speed": 2.5}),
    };
    write(&sample("lab", 4, 13, 1_700_000_000.25).unwrap(), &settings)
}

fn value() -> Value {
    serde_json::from_str(&exported()).unwrap()
}

fn read_value(value: &Value) -> Result<Imported, ImportError> {
    read(value.to_string().as_bytes(), "file")
}

#[test]
fn what_was_exported_comes_back_and_out_again_the_same() {
    let text = exported();
    let back = read(text.as_bytes(), "file").unwrap();
    assert_eq!(back.notes, Vec::<String>::new());
    assert_eq!(back.settings.driver, "simulator");
    assert_eq!(back.settings.max_running_jobs, Some(7));
    assert_eq!(write(&back.config, &back.settings), text);
}

#[test]
fn our_own_keys_are_in_our_own_part_only() {
    let mut value = value();
    let own = value.as_object_mut().unwrap().remove("gnt").unwrap();
    assert_eq!(own["nodes"].as_object().unwrap().len(), 4);
    assert!(!value.to_string().contains("gnt_"));
}

fn try_file() -> Option<String> {
    std::env::var("GNT_TRY_FILE").ok()
}

#[test]
#[ignore = "reads the file that GNT_TRY_FILE names"]
fn a_file_by_hand() {
    let file = try_file().unwrap();
    match read(&std::fs::read(&file).unwrap(), &file) {
        Ok(read) => {
            let text = write(&read.config, &read.settings);
            let again = self::read(text.as_bytes(), "again").unwrap();
            assert_eq!(write(&again.config, &again.settings), text);
            panic!(
                "{:#?} {} nodes {:?} {} instances",
                read.notes,
                read.config.nodes.len(),
                read.config
                    .nodes_by_name()
                    .map(|n| n.capacity)
                    .collect::<Vec<_>>(),
                read.config.instances.len()
            )
        }
        Err(error) => panic!("{error}; {:?}", error.hint),
    }
}

#[test]
fn a_wrong_type_is_told_with_its_path() {
    let mut value = value();
    let uuid = value["nodes"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    value["nodes"][&uuid]["name"] = json!(3);
    let error = read_value(&value).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot import file: nodes.{uuid}.name: expected a string")
    );
}
