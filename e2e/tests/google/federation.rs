//! Workload identity federation with gcloud: pools and providers are made, and a token of another issuer logs in.

use std::time::Duration;

use serde_json::json;
use wharf_e2e::jwt::now;
use wharf_e2e::wait::wait_for;
use wharf_e2e::{Client, Gcloud, Issuer, TestRegistry};

use crate::says;

const POOL: &str = "--location=global --workload-identity-pool=builders";

/// A registry that may ask issuers on this machine, gcloud as its owner, and an issuer.
struct Scene {
    registry: TestRegistry,
    gcloud: Gcloud,
    issuer: Issuer,
}

impl Scene {
    fn new() -> Self {
        let registry = TestRegistry::start_with(&["--outbound-allow", "127.0.0.1"]);
        let gcloud = Gcloud::new(&registry, &registry.owner_key());
        Self {
            gcloud,
            issuer: Issuer::start(),
            registry,
        }
    }

    /// Makes pool and provider; the provider's full name.
    fn provider(&self) -> String {
        self.gcloud.run(
            "iam workload-identity-pools create builders --location=global --display-name=Builders",
        );
        self.gcloud
            .command(&format!(
                "iam workload-identity-pools providers create-oidc forge {POOL}"
            ))
            .arg(format!("--issuer-uri={}", self.issuer.url()))
            .arg("--attribute-mapping=google.subject=assertion.sub,attribute.repository=assertion.repository")
            .arg("--attribute-condition=attribute.repository != 'evil'")
            .succeeds();
        let shown = self.gcloud.json(&format!(
            "iam workload-identity-pools providers describe forge {POOL}"
        ));
        shown["name"].as_str().unwrap().to_owned()
    }

    /// gcloud that is logged in with a token of the issuer.
    fn logged_in(&self, provider: &str, token: &str) -> Gcloud {
        let gcloud = Gcloud::logged_out(&self.registry);
        let source = gcloud.file("token", token);
        let config = gcloud.path("credentials.json");
        self.registry
            .wharf()
            .command("iam workload-identity-pools create-cred-config")
            .arg(provider)
            .arg("--credential-source-file")
            .arg(&source)
            .arg("--output-file")
            .arg(&config)
            .succeeds();
        gcloud
            .command("auth login --cred-file")
            .arg(&config)
            .succeeds();
        gcloud
    }
}

#[test]
fn pools_and_providers_are_made_changed_listed_deleted_and_restored() {
    let scene = Scene::new();
    let provider = scene.provider();
    says(&provider, "/workloadIdentityPools/builders/providers/forge");
    let gcloud = &scene.gcloud;
    let pools = gcloud.json("iam workload-identity-pools list --location=global");
    assert_eq!(pools[0]["displayName"], "Builders");
    gcloud.run("iam workload-identity-pools update builders --location=global --description=CI");
    let pool = gcloud.json("iam workload-identity-pools describe builders --location=global");
    assert_eq!(
        (&pool["description"], &pool["state"]),
        (&json!("CI"), &json!("ACTIVE"))
    );
    let jwks = gcloud.file("jwks.json", &scene.issuer.jwks());
    gcloud
        .command(&format!(
            "iam workload-identity-pools providers update-oidc forge {POOL} --allowed-audiences=one,two --jwk-json-path"
        ))
        .arg(jwks)
        .succeeds();
    let shown = gcloud.json(&format!(
        "iam workload-identity-pools providers describe forge {POOL}"
    ));
    assert_eq!(shown["oidc"]["allowedAudiences"], json!(["one", "two"]));
    assert_eq!(shown["attributeMapping"]["google.subject"], "assertion.sub");
    let wrong = gcloud
        .command(&format!(
            "iam workload-identity-pools providers update-oidc forge {POOL}"
        ))
        .arg("--attribute-condition=assertion.sub ==")
        .fails();
    says(&wrong.stderr, "attributeCondition");
    gcloud.run(&format!(
        "iam workload-identity-pools providers delete forge {POOL}"
    ));
    let listed = format!("iam workload-identity-pools providers list {POOL}");
    assert_eq!(gcloud.json(&listed), json!([]));
    assert_eq!(
        gcloud.json(&format!("{listed} --show-deleted"))[0]["state"],
        "DELETED"
    );
    gcloud.run(&format!(
        "iam workload-identity-pools providers undelete forge {POOL}"
    ));
    gcloud.run("iam workload-identity-pools delete builders --location=global");
    gcloud.run("iam workload-identity-pools undelete builders --location=global");
    assert_eq!(gcloud.json(&listed)[0]["state"], "ACTIVE");
}

#[test]
fn a_token_of_another_issuer_logs_in_and_has_what_its_principal_is_granted() {
    let scene = Scene::new();
    let provider = scene.provider();
    let pool = provider.rsplit_once("/providers/").unwrap().0;
    let audience = format!("//iam.googleapis.com/{provider}");
    scene.gcloud.run(&format!(
        "projects add-iam-policy-binding default --role=roles/viewer --condition=None --member=principalSet://iam.googleapis.com/{pool}/attribute.repository/shop/web"
    ));
    let claims = scene.issuer.claims("repo:shop/web", &audience);
    let gcloud = scene.logged_in(&provider, &scene.issuer.token(&claims));
    let project = gcloud.json("projects describe default");
    assert_eq!(project["projectId"], "default");
    let denied = gcloud.refused("iam service-accounts create another");
    says(&denied.stderr, "PERMISSION_DENIED");

    // Whoever switches the provider off ends this at once.
    scene.gcloud.run(&format!(
        "iam workload-identity-pools providers update-oidc forge {POOL} --disabled"
    ));
    let refused = gcloud.refused("projects describe default");
    says(&refused.stderr, "disabled");
}

#[test]
fn what_the_provider_does_not_accept_is_told_in_gclouds_words() {
    let scene = Scene::new();
    let provider = scene.provider();
    let audience = format!("//iam.googleapis.com/{provider}");
    let good = scene.issuer.claims("repo:shop/web", &audience);
    for (claim, value, told) in [
        ("iss", json!("https://other.example.com"), "issuer"),
        ("aud", json!("https://other.example.com"), "audience"),
        ("exp", json!(now() - 120), "expired"),
        ("repository", json!("evil"), "attribute condition"),
    ] {
        let mut claims = good.clone();
        claims[claim] = value;
        let gcloud = Gcloud::logged_out(&scene.registry);
        let source = gcloud.file("token", &scene.issuer.token(&claims));
        let config = gcloud.path("credentials.json");
        scene
            .registry
            .wharf()
            .command("iam workload-identity-pools create-cred-config")
            .arg(&provider)
            .arg("--credential-source-file")
            .arg(&source)
            .arg("--output-file")
            .arg(&config)
            .succeeds();
        let refused = gcloud
            .command("auth login --cred-file")
            .arg(&config)
            .fails();
        says(&refused.stderr, told);
    }
}

#[test]
fn an_issuer_that_changes_its_key_is_asked_again() {
    let scene = Scene::new();
    let provider = scene.provider();
    let audience = format!("//iam.googleapis.com/{provider}");
    let claims = scene.issuer.claims("repo:shop/web", &audience);
    scene.logged_in(&provider, &scene.issuer.token(&claims));
    scene.issuer.rotate();
    let token = scene.issuer.token(&claims);
    let asks = Client::anonymous(&scene.registry.url());
    let request = json!({
        "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": audience,
        "subjectToken": token,
        "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
    });
    // The registry asks an issuer every ten seconds at most.
    wait_for("token for the new key", Duration::from_secs(40), || {
        let answer = asks.post("/v1/token").json(&request).send();
        (answer.status == 200).then_some(())
    });
}
