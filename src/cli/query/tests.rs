use proptest::prelude::*;
use proptest::sample::select;

use super::super::table::{Cell, Kind};
use super::lexer::DELIMITERS;
use super::*;
use crate::limits::{FILTER_BYTES, FILTER_DEPTH};
use crate::testing::{cases, texts};

// ------------------------------------------------------------ printing and reading

fn name() -> impl Strategy<Value = FieldName> {
    "[a-z][a-z0-9_/.]{0,6}"
        .prop_filter("a keyword is no field", |name| {
            !["and", "or", "not", "in"].contains(&name.as_str())
        })
        .prop_map(|name| FieldName {
            name,
            place: Place(0),
        })
}

fn constant() -> impl Strategy<Value = Constant> {
    let value = prop_oneof![
        any::<i64>().prop_map(Value::Number),
        any::<String>().prop_map(Value::Text),
        "[a\"'\\\\]{0,5}".prop_map(Value::Text),
    ];
    value.prop_map(|value| Constant {
        value,
        place: Place(0),
    })
}

fn pattern() -> impl Strategy<Value = Pattern> {
    // Whatever follows a backslash is no end, so neither does a backslash stand at the end.
    let source = prop::collection::vec(prop_oneof!["[a-z.*]", "\\\\[/#^|\\\\d]"], 0..5);
    let flags = (
        select(vec![Case::Matters, Case::Ignored]),
        select(vec![Dot::InLine, Dot::Anything]),
    );
    (source, select(&DELIMITERS[..]), flags).prop_map(|(source, delimiter, (case, dot))| Pattern {
        delimiter,
        source: source.concat(),
        case,
        dot,
        place: Place(0),
    })
}

fn test() -> impl Strategy<Value = Test> {
    let sense = || select(vec![Sense::Does, Sense::DoesNot]);
    let relation = select(vec![
        Relation::Equal,
        Relation::NotEqual,
        Relation::Less,
        Relation::AtMost,
        Relation::More,
        Relation::AtLeast,
    ]);
    prop_oneof![
        Just(Test::True),
        (relation, constant()).prop_map(|(relation, value)| Test::Compare(relation, value)),
        (sense(), pattern()).prop_map(|(sense, pattern)| Test::Regex(sense, pattern)),
        (sense(), any::<String>()).prop_map(|(sense, glob)| Test::Glob(sense, glob)),
        (sense(), constant()).prop_map(|(sense, value)| Test::Contains(sense, value)),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let leaf = (name(), test()).prop_map(|(name, test)| Filter::Test(name, test));
    leaf.prop_recursive(5, 24, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            several().prop_map(Filter::All),
            several().prop_map(Filter::Any),
            inner.clone().prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

const PARTS: &[&str] = &[
    "name", "and ", " or ", "not ", " in ", "(", ")", "==", "=", "!=", "<", "<=", "=~", "!~", "=*",
    "!*", "m/a/", "m#", "m|a|is", "\"", "'", "\"a\"", "\\", "-", "5", " ",
];

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn any_filter_is_read_as_it_is_printed(filter in filter()) {
        let text = filter.to_string();
        match parse(&text) {
            Ok(read) => {
                prop_assert_eq!(read.to_string(), text);
                prop_assert_eq!(read, filter);
            }
            Err(error) => prop_assert!(false, "{text}: {error:?}"),
        }
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_in_it(text in texts(PARTS)) {
        match parse(&text) {
            Ok(filter) => prop_assert_eq!(parse(&filter.to_string()).ok(), Some(filter)),
            Err(error) => {
                prop_assert!(error.place.0 <= text.len());
                prop_assert!(text.is_char_boundary(error.place.0));
                let [line, mark] = excerpt(&text, error.place);
                prop_assert!(mark.chars().count() <= line.chars().count() + 1);
            }
        }
    }
}

#[test]
fn words_bind_as_in_the_reference() {
    for (text, same) in [
        ("a or b and c", "a or (b and c)"),
        ("not a and b", "(not a) and b"),
        ("a or b or c and not d", "a or b or (c and (not d))"),
        ("name='x'", "name == \"x\""),
        ("'x'in tags", "\"x\" in tags"),
        ("5 not in disk.sizes", "5 not in disk.sizes"),
        ("name=~m|a\\|b|i", "name =~ m|a\\|b|i"),
        ("(((a)))", "a"),
    ] {
        assert_eq!(parse(text), parse(same), "{text}");
    }
    assert_ne!(parse("(a or b) and c"), parse("a or b and c"));
    assert_ne!(parse("(a and b) and c"), parse("a and b and c"));
}

#[test]
fn a_filter_as_large_as_allowed_and_one_larger() {
    let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    assert!(parse(&nested(FILTER_DEPTH)).is_ok());
    assert!(parse(&nested(FILTER_DEPTH + 1)).is_err());
    assert!(parse(&format!("{}a", "not ".repeat(FILTER_DEPTH + 1))).is_err());
    let long = |bytes: usize| format!("name == \"{}\"", "x".repeat(bytes - 10));
    assert!(parse(&long(FILTER_BYTES)).is_ok());
    assert!(parse(&long(FILTER_BYTES + 1)).is_err());
    assert!(parse(&"(".repeat(FILTER_BYTES)).is_err());
}

// ------------------------------------------------------------------------- errors

fn problem(text: &str) -> Problem {
    let read = Query::read(vec![text.to_owned()], Reading::Filter, &FIELDS);
    match read {
        Ok(_) => panic!("{text} is understood"),
        Err(problem) => problem,
    }
}

#[test]
fn whatever_makes_no_sense_is_pointed_at() {
    for (text, what, mark) in [
        ("", "a field is expected here", "^"),
        (
            "size ==",
            "a number or a text in quotes is expected here",
            "       ^",
        ),
        (
            "size == 4G",
            "a whole number has no 'G' in it",
            "         ^",
        ),
        ("size == name", "a text stands in quotes", "        ^"),
        ("size == \"4\"", "size is a size in MiB", "        ^"),
        (
            "size == 99999999999999999999",
            "the number is too large",
            "        ^",
        ),
        ("name == 4", "name is a text", "        ^"),
        (
            "name == \"a",
            "the quote that begins here has no end",
            "        ^",
        ),
        (
            "name =~ \"a\"",
            "a regular expression is expected here",
            "        ^",
        ),
        (
            "name =~ m/a/x",
            "a regular expression has no flag 'x'",
            "            ^",
        ),
        (
            "name =~ m(a)",
            "a regular expression stands between / / or # # or ^ ^ or | |",
            "        ^",
        ),
        (
            "name =~ m/a",
            "the regular expression that begins here has no end",
            "        ^",
        ),
        (
            "name =~ m/(/",
            "the regular expression makes no sense: unclosed group",
            "          ^",
        ),
        (
            "size =* \"4*\"",
            "size is a size in MiB, which fits no pattern",
            "^",
        ),
        ("name =* 4", "a pattern stands in quotes", "        ^"),
        ("up == 1", "up is yes or no", "      ^"),
        ("tags == \"a\"", "tags is a list", "        ^"),
        ("\"a\" in name", "name is a text, no list", "       ^"),
        (
            "\"a\" == name",
            "the field comes first in a comparison",
            "^",
        ),
        (
            "\"a\" name",
            "in or not in is expected behind a value",
            "    ^",
        ),
        ("since > \"soon\"", "since is a moment", "        ^"),
        ("up && name", "nothing can begin with '&'", "   ^"),
        ("up or", "a field is expected here", "     ^"),
        ("up name", "and, or, or the end is expected here", "   ^"),
        (
            "(up",
            "the parenthesis that is opened here is not closed",
            "^",
        ),
        (
            "up)",
            "this parenthesis closes nothing that was opened",
            "  ^",
        ),
        ("and up", "a field is expected before and", "^"),
    ] {
        let problem = problem(text);
        assert_eq!(problem.error.message, what, "{text}");
        let place = [text.to_owned(), mark.to_owned()];
        assert_eq!(problem.excerpt, Some(Box::new(place)), "{text}");
        assert_eq!(problem.exit, ExitCode::Usage, "{text}");
    }
    let unknown = problem("up and nmae == \"a\"");
    assert_eq!(unknown.error.message, "there is no field nmae");
    assert_eq!(unknown.error.hint.as_deref(), Some("did you mean name?"));
    assert_eq!(unknown.exit, ExitCode::UnknownField);
}

#[test]
fn of_a_long_filter_the_part_around_the_place_is_shown() {
    let text = format!(
        "{}size == \"4\" and {}up",
        "up and ".repeat(20),
        "up and ".repeat(20)
    );
    let [line, mark] = *problem(&text).excerpt.unwrap();
    assert!(line.starts_with('…') && line.ends_with('…'), "{line}");
    let at = mark.chars().count() - 1;
    let shown: String = line.chars().skip(at).take(3).collect();
    assert_eq!(shown, "\"4\"");
}

// --------------------------------------------------------------------------- rows

struct Row {
    name: &'static str,
    size: Cell,
    up: bool,
    tags: &'static [&'static str],
    since: Cell,
    other: Cell,
}

macro_rules! field {
    ($name:literal, $kind:ident, $get:expr) => {
        Field::new($name, $name, Kind::$kind, "", $get)
    };
}

static FIELDS: [Field<Row>; 6] = [
    field!("name", Name, |r| Cell::Text(r.name.to_owned())),
    field!("size", Unit, |r| r.size.clone()),
    field!("up", Bool, |r| Cell::Bool(r.up)),
    field!("tags", List, |r| Cell::List(
        r.tags.iter().map(|tag| (*tag).to_owned()).collect()
    )),
    field!("since", Time, |r| r.since.clone()),
    field!("other", Other, |r| r.other.clone()),
];

fn rows() -> [Row; 3] {
    [
        Row {
            name: "node1.example.org",
            size: Cell::Mib(4096),
            up: true,
            tags: &["rack:1", "7"],
            since: Cell::Time(1_700_000_000_000_000),
            other: Cell::Json(serde_json::json!(["success", 5])),
        },
        Row {
            name: "node2.example.org",
            size: Cell::Offline,
            up: false,
            tags: &[],
            since: Cell::Unavailable,
            other: Cell::Json(serde_json::json!({"cpus": 4})),
        },
        Row {
            name: "Other",
            size: Cell::Mib(0),
            up: true,
            tags: &["rack:2"],
            since: Cell::Time(1_800_000_000_000_000),
            other: Cell::Number(5),
        },
    ]
}

/// Which of the three rows a filter wants.
fn wanted(text: &str) -> Vec<usize> {
    let read = Query::read(vec![text.to_owned()], Reading::Filter, &FIELDS);
    let query = read.unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
    let rows = rows();
    (0..3).filter(|nr| query.wants(&rows[*nr])).collect()
}

#[test]
fn rows_fit_as_the_fields_say() {
    for (text, expected) in [
        ("name == \"node1\"", &[0][..]),
        ("name == \"NODE1.example\"", &[0]),
        ("name == \"node\"", &[]),
        ("name != \"node1\"", &[1, 2]),
        ("name > \"node1.example.org\"", &[1]),
        ("name =~ m/^node\\d/", &[0, 1]),
        ("name !~ m/NODE/", &[0, 1, 2]),
        ("name =~ m/NODE|other/i", &[0, 1, 2]),
        ("name =* \"node?.*\"", &[0, 1]),
        ("name =* \"node\"", &[]),
        ("name !* \"node*\"", &[2]),
        ("size > 4095", &[0]),
        ("size >= 4096", &[0]),
        ("size < 1", &[2]),
        ("size == -1", &[]),
        ("size != 0", &[0, 1]),
        ("not size > 5", &[1, 2]),
        ("size", &[0]),
        ("up", &[0, 2]),
        ("not up", &[1]),
        ("tags", &[0, 2]),
        ("\"rack:1\" in tags", &[0]),
        ("\"rack:1\" not in tags", &[1, 2]),
        ("7 in tags", &[0]),
        ("tags =* \"rack:*\"", &[0, 2]),
        ("tags !* \"rack:*\"", &[1]),
        ("since", &[0, 2]),
        ("since < 1750000000", &[0]),
        ("since >= \"2027-01-15T08:00:00Z\"", &[2]),
        ("since < \"2027-01-15T08:00:00Z\"", &[0]),
        ("\"success\" in other", &[0]),
        ("5 in other", &[0]),
        ("\"cpus\" in other", &[1]),
        ("other == 5", &[2]),
        ("other =~ m/succ/", &[0]),
        ("up and size > 1 or name == \"other\"", &[0, 2]),
        ("up and (size > 1 or not tags)", &[0]),
    ] {
        assert_eq!(wanted(text), expected, "{text}");
    }
}

#[test]
fn one_argument_that_can_be_no_name_is_a_filter() {
    let read = |words: &[&str], reading| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Query::read(words, reading, &FIELDS)
    };
    for names in [&["up"][..], &["node*"], &["up", "not up"], &[]] {
        let query = read(names, Reading::Guessed);
        assert_eq!(query.ok().map(|q| q.names().len()), Some(names.len()));
    }
    for filter in ["not up", "up\t", "(up)", "tags=*'a'"] {
        let query = read(&[filter], Reading::Guessed);
        assert!(matches!(query, Ok(Query::Filter(_))), "{filter}");
    }
    assert!(matches!(
        read(&["up"], Reading::Filter),
        Ok(Query::Filter(_))
    ));
    for wrong in [&[][..], &["up", "up"]] {
        let problem = read(wrong, Reading::Filter).err().unwrap();
        assert_eq!(problem.exit, ExitCode::Usage);
    }
}
