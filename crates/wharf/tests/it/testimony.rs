//! What a genuine registry tells the doctor about a pull that it refused.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use wharf_client::{Client, Config, KeyFile};
use wharf_cluster::Image;
use wharf_cluster::doctor::observation::{
    AccountState, CredentialSource, ImageState, KeyState, NamespacedName, ProbeTarget, Testimony,
};
use wharf_cluster::doctor::testimony::{is_ours, testify};
use wharf_cluster::keyring::{Offer, Reason};
use wharf_types::wire::troubleshooter::AccessState;

use crate::support::Registry;

const PULLER: &str = "puller@default.iam.gserviceaccount.com";
const BUCKET: &str = "gs://artifacts.default.appspot.com";

/// A registry with images, an account that pulls, and the operator who asks.
struct Scene {
    registry: Registry,
    key: PathBuf,
    operator: Client,
    runtime: tokio::runtime::Runtime,
}

impl Scene {
    fn new() -> Self {
        // Fails only where another test has done it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let registry = Registry::start();
        registry.push("default/web", "v1", "one");
        registry.push("default/web", "v2", "two");
        registry.push("default/team/api", "v1", "three");
        let key = registry.path("puller.json");
        let create = format!(
            "iam service-accounts keys create {} --iam-account {PULLER}",
            key.display()
        );
        for words in ["iam service-accounts create puller", &create] {
            registry.owner(words).code(0);
        }
        let owner = std::fs::read_to_string(registry.data().join("owner.json")).unwrap();
        let operator = Client::new(Config {
            endpoint: registry.url.parse().unwrap(),
            acting_as: None,
            key: Some(KeyFile::parse(owner.into()).unwrap()),
            ca_certificates: None,
        });
        Self {
            registry,
            key,
            operator: operator.unwrap(),
            runtime: tokio::runtime::Runtime::new().unwrap(),
        }
    }

    fn offer(&self, password: &str) -> Offer {
        Offer {
            namespace: "web".to_owned(),
            name: "regcred".to_owned(),
            key: self.registry.host().to_owned(),
            reason: Reason::Matches,
            username: "_json_key".to_owned(),
            password: password.to_owned().into(),
            either_order: false,
        }
    }

    fn testimony(&self, image: &str, password: Option<&str>) -> Testimony {
        let target = ProbeTarget {
            image: format!("{}/{image}", self.registry.host()),
            credential: match password {
                None => CredentialSource::Anonymous,
                Some(_) => CredentialSource::PullSecret {
                    secret: NamespacedName {
                        namespace: "web".to_owned(),
                        name: "regcred".to_owned(),
                    },
                    key: self.registry.host().to_owned(),
                },
            },
        };
        let offer = password.map(|password| self.offer(password));
        self.runtime
            .block_on(testify(&self.operator, &target, offer.as_ref()))
    }

    /// What is said of a pull with the account's key.
    fn of_key(&self, image: &str) -> Testimony {
        self.testimony(image, Some(&read(&self.key)))
    }

    fn token(&self) -> String {
        let printed = self.registry.with_key(&self.key, "auth print-access-token");
        printed.code(0).stdout.trim().to_owned()
    }

    /// A pull as a node makes it.
    fn pull(&self, repository: &str, tag: &str, token: &str) -> String {
        let mut stream = self.registry.connect();
        write!(
            stream,
            "GET /v2/{repository}/manifests/{tag} HTTP/1.1\r\nHost: {}\r\nUser-Agent: containerd/1.7.24\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
            self.registry.host(),
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_right_that_lacks_and_a_condition_that_is_false_are_told_from_policy_and_log() {
    let scene = Scene::new();
    let token = scene.token();
    assert!(
        scene
            .pull("default/web", "v1", &token)
            .starts_with("HTTP/1.1 401")
    );
    let lacking = scene.of_key("default/web:v1");
    assert_eq!(lacking.unasked, [""; 0]);
    assert_eq!(lacking.account.as_deref(), Some(PULLER));
    assert_eq!(
        (lacking.account_state, &lacking.key_state),
        (AccountState::Enabled, &KeyState::Enabled)
    );
    assert_eq!(lacking.image, ImageState::Present);
    let policy = lacking.policy.unwrap();
    assert_eq!(policy.access, AccessState::NotGranted);
    assert!(policy.summary.contains("storage.objects.get on projects/_/buckets/artifacts.default.appspot.com/objects/containers/repositories/library/web/tag_v1"), "{}", policy.summary);
    let record = &lacking.audit[0];
    assert_eq!(
        (record.user_agent.as_str(), record.is_granted),
        ("containerd/1.7.24", false)
    );
    assert_eq!(record.principal, format!("serviceAccount:{PULLER}"));
    assert!(
        record.reason.contains("it has no role there"),
        "{}",
        record.reason
    );

    let bind = |title: &str, expression: &str| {
        let words = format!(
            "buckets add-iam-policy-binding {BUCKET} --member serviceAccount:{PULLER} --role roles/storage.objectViewer --condition title={title},expression={expression}"
        );
        scene.registry.owner(&words).code(0);
    };
    bind("only-api", "resource.name.contains(\"/team/api/\")");
    let conditional = scene.of_key("default/web:v1").policy.unwrap();
    assert_eq!(conditional.access, AccessState::NotGranted);
    let explanation = conditional.explained_policies[0]
        .binding_explanations
        .iter();
    let explanation: Vec<_> = explanation
        .filter_map(|b| b.condition_explanation.as_deref())
        .collect();
    assert!(
        explanation
            .iter()
            .any(|text| text.contains("it is false where resource.name is")),
        "{explanation:?}"
    );
    assert_eq!(
        scene.of_key("default/team/api:v1").policy.unwrap().access,
        AccessState::Granted
    );

    // A condition that names the tag alone lets nobody pull.
    bind("only-tag", "resource.name.endsWith(\"/web/tag_v1\")");
    let of_tag = scene.of_key("default/web:v1").policy.unwrap();
    assert_eq!(of_tag.access, AccessState::NotGranted);
    assert!(
        of_tag.summary.contains("/web/manifest_sha256:"),
        "{}",
        of_tag.summary
    );
}

#[test]
fn a_key_that_is_no_use_is_told_from_its_state_and_the_log() {
    let scene = Scene::new();
    let id = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text).unwrap()["private_key_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let key_id = id(&read(&scene.key));
    let token = scene.token();
    let keys = |verb: &str| {
        let words =
            format!("iam service-accounts keys {verb} {key_id} --iam-account {PULLER} --quiet");
        scene.registry.owner(&words).code(0);
    };
    keys("disable");
    assert!(
        scene
            .pull("default/web", "v1", &token)
            .starts_with("HTTP/1.1 401")
    );
    let disabled = scene.of_key("default/web:v1");
    assert_eq!(disabled.unasked, [""; 0]);
    assert_eq!(
        (disabled.key_id.as_deref(), &disabled.key_state),
        (Some(key_id.as_str()), &KeyState::Disabled)
    );
    let record = &disabled.audit[0];
    assert!(
        record.principal.is_empty() && record.reason.contains("is disabled"),
        "{record:?}"
    );
    keys("delete");
    assert_eq!(scene.of_key("default/web:v1").key_state, KeyState::Absent);
    scene
        .registry
        .owner(&format!("iam service-accounts disable {PULLER}"))
        .code(0);
    assert_eq!(
        scene.of_key("default/web:v1").account_state,
        AccountState::Disabled
    );
    scene
        .registry
        .owner(&format!("iam service-accounts delete {PULLER} --quiet"))
        .code(0);
    assert_eq!(
        scene.of_key("default/web:v1").account_state,
        AccountState::Absent
    );
    let other = scene.testimony("default/web:v1", Some("hunter2"));
    assert_eq!(
        (other.account, other.key_state),
        (None, KeyState::NotAKeyFile)
    );
    assert_eq!(other.image, ImageState::Present);
}

#[test]
fn a_mistyped_image_is_answered_with_what_looks_like_it() {
    let scene = Scene::new();
    let image = |name: &str| scene.testimony(name, None).image;
    assert_eq!(image("default/web:v1"), ImageState::Present);
    let tags = ImageState::ReferenceAbsent {
        similar: vec!["v1".to_owned()],
    };
    assert_eq!(image("default/web:v11"), tags);
    let near = |name: &str| ImageState::RepositoryAbsent {
        similar: vec![format!("{}/{name}", scene.registry.host())],
    };
    assert_eq!(image("default/wbe:v1"), near("default/web"));
    assert_eq!(image("default/team/apj:v1"), near("default/team/api"));
    assert_eq!(image("defualt/web:v1"), near("default/web"));
    let anybody = scene.testimony("default/web:v1", None);
    let summary = anybody.policy.unwrap().summary;
    assert!(
        summary.starts_with("anonymous lacks storage.objects.get"),
        "{summary}"
    );
    let public = format!(
        "buckets add-iam-policy-binding {BUCKET} --member allUsers --role roles/storage.objectViewer"
    );
    scene.registry.owner(&public).code(0);
    let anybody = scene.testimony("default/web:v1", None).policy.unwrap();
    assert_eq!(anybody.access, AccessState::Granted);
    let nameless = scene.testimony("web:v1", None);
    assert_eq!(
        (nameless.image, nameless.unasked.len()),
        (ImageState::Unknown, 1)
    );
}

#[test]
fn our_hosts_are_told_from_others() {
    let (scene, stranger) = (Scene::new(), Registry::start());
    let is_ours = |host: &str, offer: Option<&Offer>| {
        let image = Image::parse(&format!("{host}/default/web")).unwrap();
        scene
            .runtime
            .block_on(is_ours(&scene.operator, &image, offer))
    };
    let host = scene.registry.host();
    let offer = scene.offer(&read(&scene.key));
    assert!(is_ours(host, None));
    assert!(is_ours(&host.replace("127.0.0.1", "localhost"), None));
    assert!(!is_ours(stranger.host(), Some(&offer)));
    // Nobody answers there: what made the Pod's key tells.
    assert!(is_ours("127.0.0.1:1", Some(&offer)));
    assert!(!is_ours("127.0.0.1:1", None));
}
