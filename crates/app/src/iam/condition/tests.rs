#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const TAG: &str = "projects/_/buckets/us.artifacts.my-project.appspot.com/objects/containers/repositories/library/web/api/tag_v1";

fn attributes() -> Attributes<'static> {
    Attributes {
        name: TAG,
        kind: "storage.googleapis.com/Object",
        service: "storage.googleapis.com",
        time: "2026-11-24T12:30:15.5Z".parse().unwrap(),
    }
}

fn holds(text: &str) -> Result<bool, String> {
    let compiled = Compiled::parse(text).map_err(|error| error.to_string())?;
    compiled.evaluate(&attributes())
}

fn refusal(text: &str) -> String {
    let begun = Instant::now();
    let refused = Compiled::parse(text).unwrap_err().to_string();
    assert!(begun.elapsed() < Duration::from_secs(5), "{refused}");
    assert!(refused.len() < 600, "{refused}");
    refused
}

#[test]
fn the_conditions_that_people_write_work() {
    for text in [
        "true",
        r#"resource.name.startsWith("projects/_/buckets/us.artifacts.my-project.appspot.com")"#,
        r#"resource.name.endsWith("tag_v1") && resource.service == "storage.googleapis.com""#,
        r#"resource.type == "storage.googleapis.com/Object" || resource.type == "storage.googleapis.com/Bucket""#,
        r#"resource.type in ["storage.googleapis.com/Object", "x"]"#,
        r#"resource.name.contains("/library/web/")"#,
        r#"request.time < timestamp("2027-01-01T00:00:00Z")"#,
        r#"request.time > timestamp("2026-11-24T12:30:15Z")"#,
        r#"request.time.getHours("Europe/Berlin") == 13 && request.time.getHours() == 12"#,
        "request.time.getDayOfWeek() >= 1 && request.time.getDayOfWeek() <= 5",
        "request.time.getFullYear() == 2026 && request.time.getMonth() == 10 && request.time.getDate() == 24",
        r#"request.time - timestamp("2026-11-24T00:00:00Z") < duration("86400s")"#,
        r#"timestamp("2026-11-24T00:00:00Z") + duration("86400s") > request.time"#,
        r#"resource.name.extract("repositories/library/{image}/tag_") == "web/api""#,
        r#"resource.name.extract("tag_{tag}") == "v1" && resource.name.extract("nothing/{x}/") == """#,
        r#"resource.name.matches("^projects/_/buckets/[a-z]{2}\\.artifacts") && matches(resource.name, "v[0-9]+$")"#,
        "has(resource.name) && !has(resource.tag)",
        r#"resource.name.size() > 10 && size(resource.type) > 10"#,
        r#"(resource.service == "x" ? 1 : 2) == 2"#,
        r#"int(resource.name.extract("tag_v{n}")) + 1 == 2"#,
    ] {
        assert_eq!(holds(text), Ok(true), "{text}");
    }
    assert_eq!(holds(r#"resource.name.startsWith("x")"#), Ok(false));
}

#[test]
fn mistakes_are_found_when_they_are_written() {
    for (text, told) in [
        ("", "not CEL"),
        ("resource.name.startsWith(", "not CEL"),
        ("resource.name", "true or false"),
        ("1 + 1", "true or false"),
        (r#"1 + "a" == "1a""#, "no \"+\" for (int, string)"),
        (
            r#"request.time < "2026-12-31T00:00:00Z""#,
            "timestamp(\"2026-12-31T00:00:00Z\")",
        ),
        (r#"request.time < timestamp("tomorrow")"#, "timestamp()"),
        (r#"duration("1 day") < duration("1s")"#, "duration()"),
        (r#"resource.name.startswith("a")"#, "startsWith"),
        (r#"startsWith(resource.name, "a")"#, "startsWith"),
        (r#"resource.nmae == "a""#, "resource.name"),
        ("resource == request", "not known here"),
        ("size(resource) > 0", "not known here"),
        (r#"request.auth.claims.x == "a""#, "field of nothing"),
        (r#"name == "a""#, "not known here"),
        (r#"resource.matchTag("a", "b")"#, "not known here"),
        (r#"[1, 2].all(x, x > 0)"#, "not known here"),
        (r#"{"a": 1}.a == 1"#, "field of nothing"),
        (r#"{"a": 1} == {"a": 1}"#, "no maps"),
        (r#"resource.?name == "a""#, "not CEL"),
        (r#"resource.name == b"a""#, "no bytes"),
        (r#"resource.name.matches(resource.type)"#, "matches()"),
        (r#"resource.name.matches("(")"#, "RE2"),
        (r#"resource.name.extract("no braces") == "a""#, "{name}"),
        (r#"resource.name.extract("{a}{b}") == "a""#, "{name}"),
        (
            r#"resource.name.extract(resource.type) == "a""#,
            "extract()",
        ),
        (r#""a".replace("a", "aaaa") == "b""#, "there is no"),
        ("type(1) == int", "there is no \"type\""),
        ("@in", "not CEL"),
    ] {
        let refused = refusal(text);
        assert!(refused.contains(told), "{text}: {refused}");
    }
}

/// The table of what breaks an unbounded evaluator: each is refused at once, in debug builds too.
#[test]
fn hostile_conditions_are_refused_quickly() {
    let repeat = |head: &str, tail: &str, size: usize| {
        let count = (size - head.len()) / tail.len();
        format!("{head}{}", tail.repeat(count))
    };
    for size in [512, 1_023, 4_096, 16_384] {
        for (head, tail) in [
            ("1", "+1"),
            ("resource", "[0]"),
            ("resource", ".a"),
            ("resource.name", ".size()"),
            ("true", "||true"),
            ("true", "&&true"),
            ("", "!"),
            ("", "-"),
            ("", "("),
            ("", "["),
            ("", "{"),
            ("", "1?"),
            ("true?true:", "true?true:"),
            ("\"\"", "+\"\""),
            ("[]", "+[]"),
            ("", "a("),
            ("", "has("),
            ("x", " in x"),
            ("", "\u{0}"),
            ("", "\\"),
        ] {
            refusal(&repeat(head, tail, size));
        }
        refusal(&format!(
            "{}1{}",
            "(".repeat(size / 2),
            ")".repeat(size / 2)
        ));
        refusal(&format!(
            "{}1{}",
            "[".repeat(size / 2),
            "]".repeat(size / 2)
        ));
    }
    refusal(r#"resource.name.matches("((((a{99}){99}){99}){99})")"#);
    refusal(&format!(r#"resource.name.matches("{}")"#, "a".repeat(65)));
}

#[test]
fn what_overflows_while_it_is_evaluated_is_an_error_and_no_panic() {
    for text in [
        "9223372036854775807 + 1 > 0",
        "-9223372036854775807 - 2 < 0",
        "(-9223372036854775807 - 1) / -1 == 0",
        "(-9223372036854775807 - 1) % -1 == 1",
        "-(-9223372036854775807 - 1) == 0",
        "9223372036854775807 * 2 == 0",
        "1 / 0 == 1",
        "1 % 0 == 1",
        r#"timestamp("9999-12-31T23:59:59Z") + duration("9223372036s") > request.time"#,
        r#"duration("9223372036s") + duration("9223372036s") > duration("1s")"#,
        r#"request.time.getHours("Nowhere/Land") == 1"#,
        r#"request.time.getHours("99:99") == 1"#,
        r#"int(resource.name) == 1"#,
        r#"timestamp(resource.name) > request.time"#,
        r#"["a"][1] == "a""#,
        r#"["a"][-1] == "a""#,
    ] {
        let compiled = Compiled::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let reason = compiled.evaluate(&attributes()).unwrap_err();
        assert!(!reason.is_empty() && reason.len() < 500, "{text}: {reason}");
    }
}

#[test]
fn an_error_beside_the_answer_does_not_matter() {
    assert_eq!(holds("true || 1 / 0 == 1"), Ok(true));
    assert_eq!(holds("1 / 0 == 1 || true"), Ok(true));
    assert_eq!(holds("1 / 0 == 1 && false"), Ok(false));
    assert!(holds("1 / 0 == 1 || false").is_err());
}

#[test]
fn a_condition_is_parsed_once() {
    let conditions = Conditions::default();
    let first = conditions.get("true").unwrap();
    assert!(Arc::ptr_eq(&first, &conditions.get("true").unwrap()));
    assert!(conditions.get("1").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_panics(text in "\\PC{0,200}") {
        if let Ok(compiled) = Compiled::parse(&text) {
            let _ = compiled.evaluate(&attributes());
        }
    }

    #[test]
    fn what_is_built_of_its_own_words_never_panics(
        words in proptest::collection::vec(
            prop_oneof![
                Just("resource.name"), Just("resource.type"), Just("request.time"), Just("("), Just(")"),
                Just("&&"), Just("||"), Just("!"), Just("=="), Just("<"), Just("+"), Just("-"), Just("/"), Just("%"),
                Just("\"a\""), Just("1"), Just("-1"), Just("9223372036854775807"), Just(".size()"), Just("[0]"),
                Just("timestamp(\"2026-01-01T00:00:00Z\")"), Just("duration(\"1s\")"), Just(".getHours()"),
                Just(".startsWith(\"a\")"), Just(".extract(\"{a}\")"), Just("?"), Just(":"), Just("in"), Just("["), Just("]"),
            ],
            1..12,
        )
    ) {
        let text = words.join(" ");
        if let Ok(compiled) = Compiled::parse(&text) {
            // What passed the check is a condition: it answers, or fails by its values alone.
            if let Err(reason) = compiled.evaluate(&attributes()) {
                prop_assert!(!reason.contains("neither"), "{}: {}", text, reason);
                prop_assert!(!reason.contains("overload"), "{}: {}", text, reason);
            }
        }
    }
}
