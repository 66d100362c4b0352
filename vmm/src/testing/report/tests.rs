//! Each format with one of everything in it.

use super::samples::{name, result, totals};
use super::*;
use crate::testing::results::TestName;

fn written<'a, R: Report>(
    stream: &'a mut Vec<u8>,
    make: impl FnOnce(&'a mut Vec<u8>) -> R,
    interrupted: bool,
) {
    let mut report = make(stream);
    report.start(1).unwrap();
    let variant = TestName {
        variant: Some("zircon".to_owned()),
        ..name("t")
    };
    report.test(&variant, &result()).unwrap();
    report
        .end(&RunEnd {
            totals: totals(),
            duration: Duration::from_millis(1230),
            interrupted,
        })
        .unwrap();
}

#[test]
fn tap_is_a_flat_list_with_its_plan_at_the_end() {
    let mut bytes = Vec::new();
    written(&mut bytes, TapReport::new, true);
    let wanted = r#"TAP version 13
ok 1 - t@zircon::reads
not ok 2 - t@zircon::writes \# \\ 1
  ---
  outcome: "failed"
  message: "handles.c:31: a < b && \"c\"\nis false\nthe process was killed"
  at: "handles.c:31"
  calls:
    - "[7 p] zx_handle_close(handle=0x3) = ZX_OK"
  console: "one\n\u001b[31mtwo �\n"
  ...
ok 3 - t@zircon::grows # SKIP no RAM
not ok 4 - t@zircon::ends
  ---
  outcome: "not_reached"
  message: "the program ended before"
  ...
1..4
Bail out! interrupted
"#;
    assert_eq!(String::from_utf8(bytes).unwrap(), wanted);
}

#[test]
fn junit_is_xml_with_the_counts_that_ci_systems_read() {
    let mut bytes = Vec::new();
    written(&mut bytes, JunitReport::new, false);
    let text = String::from_utf8(bytes).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let suites = document.root_element();
    let suite = suites.first_element_child().unwrap();
    assert_eq!(suites.attribute("tests"), Some("4"));
    assert_eq!(suite.attribute("name"), Some("t@zircon"));
    assert_eq!(suite.attribute("failures"), Some("1"));
    assert_eq!(suite.attribute("errors"), Some("1"));
    let count = |what| {
        suite
            .descendants()
            .filter(|node| node.has_tag_name(what))
            .count()
    };
    assert_eq!((count("testcase"), count("skipped")), (4, 1));
    let failure = suite
        .descendants()
        .find(|node| node.has_tag_name("failure"));
    let failure = failure.unwrap();
    assert_eq!(
        failure.attribute("message"),
        Some("handles.c:31: a < b && \"c\"")
    );
    assert!(failure.text().unwrap().contains("last calls:\n[7 p]"));
    let out = suite
        .descendants()
        .find(|node| node.has_tag_name("system-out"));
    assert!(out.unwrap().text().unwrap().starts_with("one\n"));
    let case = suite.first_element_child().unwrap();
    assert_eq!(case.attribute("classname"), Some("t@zircon"));
    assert_eq!(case.attribute("time"), Some("0.002"));
}

#[test]
fn json_lines_have_the_documented_fields() {
    let mut bytes = Vec::new();
    written(&mut bytes, JsonReport::new, false);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let keys = |line: &serde_json::Value| -> Vec<String> {
        line.as_object().unwrap().keys().cloned().collect()
    };
    let events: Vec<_> = lines.iter().map(|line| &line["event"]).collect();
    assert_eq!(
        events,
        ["start", "case", "case", "case", "case", "test", "end"]
    );
    assert_eq!(keys(&lines[0]), ["event", "tests", "version"]);
    assert_eq!(
        keys(&lines[2]),
        [
            "calls",
            "case",
            "console",
            "event",
            "failures",
            "name",
            "ns",
            "number",
            "outcome",
            "reason",
            "repetition",
            "test",
            "variant",
        ]
    );
    assert_eq!(lines[2]["failures"][0]["place"], "handles.c:31");
    assert_eq!(lines[2]["name"], "t@zircon::writes # \\ 1");
    assert_eq!(lines[4]["outcome"], "not_reached");
    assert_eq!(
        keys(&lines[5]),
        [
            "cases",
            "event",
            "machines",
            "name",
            "ns",
            "outcome",
            "repetition",
            "test",
            "variant",
        ]
    );
    assert_eq!(
        keys(&lines[6]),
        [
            "event",
            "failed",
            "interrupted",
            "not_reached",
            "ns",
            "passed",
            "skipped",
            "tests",
        ]
    );
    assert_eq!(
        (&lines[6]["passed"], &lines[6]["ns"]),
        (&1.into(), &1_230_000_000.into())
    );
}

fn text(detail: Detail) -> String {
    let mut bytes = Vec::new();
    let make = |stream| TextReport::new(anstream::StripStream::new(stream), detail);
    written(&mut bytes, make, false);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn people_see_the_assertion_the_calls_and_the_console() {
    let wanted = r#"FAIL t@zircon  4 cases, 1 failed, 1 skipped, 1 not reached, 2 machines  0.02 s

--- t@zircon::writes # \ 1
  handles.c:31: a < b && "c"
    is false
  the process was killed
  last calls:
    [7 p] zx_handle_close(handle=0x3) = ZX_OK
  console:
    | one
    | �[31mtwo �


FAIL t@zircon::writes # \ 1
---- t@zircon::ends

1 test, 4 cases: 1 passed, 1 failed, 1 skipped, 1 not reached in 1.23 s
"#;
    assert_eq!(text(Detail::Tests), wanted);
    assert!(!text(Detail::Quiet).contains("4 cases, 1 failed, 1 skipped, 1 not reached, 2"));
    let cases = text(Detail::Cases);
    for line in [
        "    pass reads 0.00 s\n",
        "    skip grows (no RAM)\n",
        "    ---- ends (the program ended before)\n",
    ] {
        assert!(cases.contains(line), "{cases}");
    }
}

#[test]
fn results_come_out_in_the_order_of_the_plan() {
    let mut order = InOrder::default();
    let mut out = Vec::new();
    for index in [2, 0, 3, 1] {
        let mut ready = |index, _: &TestResult| {
            out.push(index);
            Ok(())
        };
        order.take(index, result(), &mut ready).unwrap();
    }
    assert_eq!(out, [0, 1, 2, 3]);
}
