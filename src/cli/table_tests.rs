use super::*;

struct Row {
    name: &'static str,
    size: u64,
    tags: Vec<String>,
}

const FIELDS: [Field<Row>; 4] = [
    Field::new("name", "Name", Kind::Text, "", |row| {
        Cell::Text(row.name.to_owned())
    }),
    Field::new("size", "Size", Kind::Unit, "", |row| Cell::Mib(row.size)),
    Field::new("tags", "Tags", Kind::Other, "", |row| {
        Cell::List(row.tags.clone())
    }),
    Field::new("gone", "Gone", Kind::Text, "", |_| Cell::Offline),
];

fn rows() -> [Row; 2] {
    [
        Row {
            name: "größer",
            size: 2048,
            tags: vec!["a".into(), "b".into()],
        },
        Row {
            name: "b",
            size: 5,
            tags: vec![],
        },
    ]
}

type Columns<'n> = Vec<(&'n str, Option<&'static Field<Row>>)>;

fn columns<'n>(names: &[&'n str]) -> Columns<'n> {
    static TABLE: [Field<Row>; 4] = FIELDS;
    let find = |name: &&'n str| (*name, TABLE.iter().find(|field| field.name == *name));
    names.iter().map(find).collect()
}

#[test]
fn names_are_taken_added_and_cleaned() {
    assert_eq!(names(None, "a,b"), ["a", "b"]);
    assert_eq!(names(Some("c, d ,"), "a,b"), ["c", "d"]);
    assert_eq!(names(Some("+c"), "a,b"), ["a", "b", "c"]);
    assert_eq!(names(Some(" , "), "a,b"), [""; 0]);
}

#[test]
fn numbers_stand_to_the_right_and_the_last_column_is_not_padded() {
    let text = render(
        &columns(&["name", "size", "tags"]),
        &Style::default(),
        &rows(),
    );
    assert_eq!(text, "Name   Size Tags\ngrößer 2.0G a,b\nb        5M \n");
    // Letters are counted, not bytes.
    let text = render(&columns(&["size", "name"]), &Style::default(), &rows());
    assert_eq!(text, "Size Name\n2.0G größer\n  5M b\n");
}

#[test]
fn a_separator_leaves_no_padding_and_plain_sizes() {
    let style = Style {
        separator: Some("|".into()),
        no_headers: true,
        ..Style::default()
    };
    let text = render(&columns(&["name", "size", "gone"]), &style, &rows());
    assert_eq!(text, "größer|2048|*\nb|5|*\n");
}

#[test]
fn what_is_not_known_has_signs_or_words() {
    let style = |verbose| Style {
        verbose,
        no_headers: true,
        ..Style::default()
    };
    let names = columns(&["gone", "what"]);
    assert_eq!(render(&names, &style(false), &rows()[..1]), "* ??\n");
    assert_eq!(
        render(&names, &style(true), &rows()[..1]),
        "(offline) (unknown)\n"
    );
    for (cell, short, long) in [
        (Cell::NoData, "?", "(nodata)"),
        (Cell::Unavailable, "-", "(unavail)"),
        (Cell::Bool(true), "Y", "Y"),
        (Cell::Bool(false), "N", "N"),
        (Cell::Json(json!({})), "(empty)", "(empty)"),
        (
            Cell::Json(json!({"a": 1, "b": "x,y", "c": true})),
            "a=1,b=x\\,y,c=true",
            "a=1,b=x\\,y,c=true",
        ),
        (Cell::Json(json!({"a": {}})), "{\"a\":{}}", "{\"a\":{}}"),
        (Cell::Float(0.5), "0.5", "0.5"),
    ] {
        assert_eq!(cell.text(&style(false)), short);
        assert_eq!(cell.text(&style(true)), long);
    }
}

#[test]
fn a_document_has_an_object_a_row_with_plain_values() {
    let text = document(&columns(&["name", "size", "tags", "gone", "what"]), &rows());
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], SCHEMA);
    let first =
        json!({"name": "größer", "size": 2048, "tags": ["a", "b"], "gone": null, "what": null});
    assert_eq!(value["items"][0], first);
    assert_eq!(value["items"].as_array().unwrap().len(), 2);
    // A line a row, for those who look for one.
    assert_eq!(text.lines().count(), 4);
    let none: Value = serde_json::from_str(&document::<Row>(&columns(&["name"]), &[])).unwrap();
    assert_eq!(none, json!({"schema": SCHEMA, "items": []}));
}

#[test]
fn names_of_others_do_nothing_to_the_table() {
    let cell = Cell::List(vec!["a\nb".into(), "\u{1b}[2J\u{202e}".into()]);
    assert_eq!(cell.text(&Style::default()), "a?b,?[2J?");
    assert_eq!(cell.to_json(), json!(["a\nb", "\u{1b}[2J\u{202e}"]));
}

#[test]
fn sizes_in_all_units() {
    for (mib, readable, gib, tib) in [
        (0, "0M", "0.0", "0.0"),
        (1023, "1023M", "1.0", "0.0"),
        (1024, "1.0G", "1.0", "0.0"),
        ((1 << 20) - 1, "1024.0G", "1024.0", "1.0"),
        (1 << 20, "1.0T", "1024.0", "1.0"),
    ] {
        assert_eq!(mib_text(mib, Units::H), readable);
        assert_eq!(mib_text(mib, Units::M), mib.to_string());
        assert_eq!(mib_text(mib, Units::G), gib);
        assert_eq!(mib_text(mib, Units::T), tib);
    }
}

#[test]
fn moments_for_programs_and_those_that_are_none() {
    assert_eq!(utc_time(0), "1970-01-01T00:00:00Z");
    assert_eq!(utc_time(1_500_000), "1970-01-01T00:00:01.5Z");
    assert_eq!(utc_time(i64::MAX), i64::MAX.to_string());
    assert_eq!(local_time(i64::MIN), i64::MIN.to_string());
    assert_eq!(local_time(0).len(), "1970-01-01 00:00:00".len());
}
