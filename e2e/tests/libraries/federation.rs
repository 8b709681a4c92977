//! Workload identity federation: the libraries log in with another issuer's tokens.

use std::fs;

use serde_json::{Value, json};
use wharf_e2e::jwt::now;
use wharf_e2e::shop::PROJECT;
use wharf_e2e::{Gate, Issuer, Program, TestRegistry};

use crate::{Scene, google};

#[test]
fn google_auth_exchanges_another_issuers_tokens() {
    let issuer = Issuer::start();
    let registry = TestRegistry::start_with(&["--outbound-allow", "127.0.0.1"]);
    let scene = Scene::in_registry(registry, Gate::shut());
    let wharf = scene.registry.wharf();
    let pools = format!("iam --project {PROJECT} workload-identity-pools");
    wharf.run(&format!("{pools} create builders"));
    let provider = wharf
        .command(&format!(
            "{pools} providers create-oidc forge --workload-identity-pool builders -o json"
        ))
        .args(["--issuer-uri", &issuer.url()])
        .args([
            "--attribute-mapping",
            "google.subject=assertion.sub,attribute.repository=assertion.repository",
        ])
        .args(["--attribute-condition", "attribute.repository != \"evil\""])
        .succeeds()
        .json();
    let name = provider["name"].as_str().unwrap();
    let pool = name.rsplit_once("/providers/").unwrap().0;
    let audience = format!("//iam.googleapis.com/{name}");
    let web = format!("principal://iam.googleapis.com/{pool}/subject/web");
    wharf.run(&format!(
        "projects add-iam-policy-binding {PROJECT} --member {web} --role roles/viewer"
    ));
    wharf.run(&format!(
        "iam service-accounts add-iam-policy-binding puller@{PROJECT}.iam.gserviceaccount.com --member {web} --role roles/iam.workloadIdentityUser"
    ));

    let good = issuer.claims("web", &audience);
    let with = |claim: &str, value: Value| {
        let mut claims = good.clone();
        claims[claim] = value;
        issuer.token(&claims)
    };
    let put = |file: &str, token: String| fs::write(scene.keys().join(file), token).unwrap();
    put("good", issuer.token(&good));
    put(
        "stranger",
        issuer.token(&issuer.claims("stranger", &audience)),
    );
    put(
        "wrong-issuer",
        with("iss", json!("https://other.example.com")),
    );
    put(
        "wrong-audience",
        with("aud", json!("https://other.example.com")),
    );
    put("expired", with("exp", json!(now() - 120)));
    put("rejected", with("repository", json!("evil")));
    let altered = issuer.token(&good);
    let (signed, _) = altered.rsplit_once('.').unwrap();
    let (_, foreign) = with("sub", json!("another"))
        .rsplit_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    put("altered", format!("{signed}.{foreign}"));

    let script = Program::new(google("python/venv/bin/python"))
        .arg("-B")
        .arg(google("python/federation.py"))
        .env("WHARF_AUDIENCE", &audience);
    let output = scene
        .equip(script)
        .env("WHARF_AUDIENCE", &audience)
        .succeeds();
    println!("{}", output.stdout);
    scene.registry.assert_unharmed(&[]);
}
