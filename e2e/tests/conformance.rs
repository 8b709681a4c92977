//! The conformance program of the distribution-spec, with auth on: nothing fails, and nothing is skipped that the
//! program can test.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use wharf_e2e::program::tool;
use wharf_e2e::{Program, TestRegistry};

const DEADLINE: Duration = Duration::from_secs(300);

/// Tests that may be skipped, each with its reason. The text is a part of the test's name.
///
/// There is none. What the program does not even try unless told to is `OCI_DATA_SPARSE`: manifests whose blobs were
/// never pushed. The specification lets a registry refuse those, and this one does: a tag is never half an image.
const MAY_BE_SKIPPED: &[(&str, &str)] = &[];

#[test]
fn version_1_1_of_the_distribution_spec_is_met() {
    conform("1.1");
}

#[test]
fn the_main_branch_of_the_distribution_spec_is_met() {
    conform("dev");
}

fn conform(version: &str) {
    let registry = TestRegistry::start();
    let wharf = registry.wharf();
    wharf.run("projects create conformance");
    let key = wharf.account_with_key("conformance", "tester", &registry.scratch());
    wharf.grant("conformance", "tester", "roles/storage.admin");

    let results = registry.scratch().join("results");
    let output = Program::new(tool("conformance"))
        .current_dir(&registry.scratch())
        .env("OCI_VERSION", version)
        .env("OCI_REGISTRY", registry.host())
        .env("OCI_TLS", "disabled")
        .env("OCI_REPO1", "conformance/repo1")
        .env("OCI_REPO2", "conformance/repo2")
        .env("OCI_USERNAME", "_json_key")
        .env("OCI_PASSWORD", fs::read_to_string(key).unwrap())
        .env("OCI_RESULTS_DIR", &results)
        // What the program leaves out of 1.1 unless told that the registry has it.
        .env("OCI_API_BLOBS_UPLOAD_CANCEL", "true")
        .env("OCI_API_BLOBS_DIGEST_HEADER", "true")
        .env("OCI_API_MANIFESTS_DIGEST_HEADER", "true")
        .env("OCI_API_MANIFESTS_TAG_PARAM", "true")
        .deadline(DEADLINE)
        .run();
    let cases = read_cases(&results.join("junit.xml"));
    let wrong: Vec<&Case> = cases.iter().filter(|case| !case.is_fine()).collect();
    for case in &wrong {
        eprintln!("{}: {}\n{}", case.status, case.name, case.said);
    }
    assert!(
        wrong.is_empty(),
        "{} tests of {}\n{output}",
        wrong.len(),
        cases.len()
    );
    assert!(
        cases.len() > 300,
        "only {} tests were run\n{output}",
        cases.len()
    );
    assert_eq!(output.code, Some(0), "{output}");
    eprintln!("conformance {version}: {} tests passed", cases.len());
}

/// A test of the program, as its JUnit report has it.
#[derive(Debug)]
struct Case {
    name: String,
    status: String,
    said: String,
}

impl Case {
    fn is_fine(&self) -> bool {
        match self.status.as_str() {
            "passed" => true,
            "skipped" => MAY_BE_SKIPPED
                .iter()
                .any(|(name, _)| self.name.contains(name)),
            _ => false,
        }
    }
}

fn read_cases(report: &Path) -> Vec<Case> {
    let report = fs::read_to_string(report).unwrap();
    let cases = report.split("<testcase ").skip(1);
    cases
        .map(|case| Case {
            name: attribute(case, "name"),
            status: attribute(case, "status"),
            said: case
                .split_once("<system-out>")
                .and_then(|(_, rest)| rest.split_once("</system-out>"))
                .map_or_else(String::new, |(said, _)| said.to_owned()),
        })
        .collect()
}

fn attribute(element: &str, name: &str) -> String {
    let (_, rest) = element.split_once(&format!("{name}=\"")).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}
