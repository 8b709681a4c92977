//! Revocation: whatever token was issued before, the very next request is refused.

use std::path::{Path, PathBuf};

use wharf_e2e::jwt::{access_token, read_key};
use wharf_e2e::wharf::email;
use wharf_e2e::{Answer, Client};

use crate::grants::is_denied;
use crate::{PROJECT, REPOSITORY, Story};

/// Everything that a key was good for, obtained while it was.
struct Holder<'a> {
    story: &'a Story,
    client: Client,
    registry_token: String,
    access_token: String,
}

impl<'a> Holder<'a> {
    fn of(story: &'a Story, key: &Path) -> Self {
        let client = story.client(key);
        let nobody = story.registry.anonymous();
        let holder = Self {
            registry_token: client.token(&format!("repository:{REPOSITORY}:pull")),
            access_token: access_token(&nobody, key),
            client,
            story,
        };
        for answer in holder.pulls() {
            answer.expect(200);
        }
        holder
    }

    /// One request with each: the registry token, the access token, the key itself.
    fn pulls(&self) -> [Answer; 3] {
        let nobody = self.story.registry.anonymous();
        let path = format!("/v2/{REPOSITORY}/manifests/v1");
        [
            nobody.get(&path).bearer(&self.registry_token).send(),
            nobody.get(&path).bearer(&self.access_token).send(),
            self.client.get(&path).send(),
        ]
    }

    /// All are refused as credentials, by the registry and by the other APIs, and none gets a new token.
    fn is_refused(&self, because: &str) {
        let nobody = self.story.registry.anonymous();
        let path = format!("/v2/{REPOSITORY}/manifests/v1");
        for token in [&self.registry_token, &self.access_token] {
            let answer = nobody.get(&path).bearer(token).send();
            let message = answer.oci_error(401, "UNAUTHORIZED");
            assert!(
                message.contains(because),
                "{because:?} is not in {message:?}"
            );
            assert!(
                answer.header("www-authenticate").contains("invalid_token"),
                "{answer}"
            );
        }
        let answer = nobody
            .get(&format!("/v3/projects/{PROJECT}"))
            .bearer(&self.access_token)
            .send();
        let message = answer.google_error(401, "UNAUTHENTICATED");
        assert!(
            message.contains(because),
            "{because:?} is not in {message:?}"
        );
        let answer = self
            .client
            .ask_for_token(&format!("repository:{REPOSITORY}:pull"))
            .unwrap();
        answer.oci_error(401, "UNAUTHORIZED");
    }
}

/// An account that may pull the project.
fn account(story: &Story, name: &str) -> PathBuf {
    let key = story.account(name);
    story
        .wharf
        .grant(PROJECT, name, "roles/storage.objectViewer");
    key
}

fn key_id(key: &Path) -> String {
    read_key(key)["private_key_id"].as_str().unwrap().to_owned()
}

pub(crate) fn a_revoked_binding_refuses_the_next_request(story: &Story) {
    let key = account(story, "unbound");
    let holder = Holder::of(story, &key);
    story.wharf.run(&format!(
        "projects remove-iam-policy-binding {PROJECT} --member serviceAccount:{} --role roles/storage.objectViewer --condition None",
        email(PROJECT, "unbound")
    ));
    for answer in holder.pulls() {
        is_denied(&answer, "storage.objects.get");
    }
}

pub(crate) fn a_disabled_or_deleted_key_refuses_the_next_request(story: &Story) {
    let first = account(story, "two-keys");
    let second = story.wharf.new_key(PROJECT, "two-keys", &story.folder);
    let (holder, other) = (Holder::of(story, &first), Holder::of(story, &second));
    let keys = |verb: &str, key: &Path| {
        let (id, account) = (key_id(key), email(PROJECT, "two-keys"));
        let words =
            format!("iam service-accounts keys {verb} {id} --iam-account {account} --quiet");
        story.wharf.run(&words);
    };
    keys("disable", &first);
    holder.is_refused("disabled");
    keys("enable", &first);
    for answer in holder.pulls() {
        answer.expect(200);
    }
    keys("delete", &first);
    holder.is_refused("deleted");
    // The account's other key is none the worse.
    for answer in other.pulls() {
        answer.expect(200);
    }
}

pub(crate) fn a_disabled_or_deleted_account_refuses_the_next_request(story: &Story) {
    let key = account(story, "leaver");
    let holder = Holder::of(story, &key);
    let accounts = |verb: &str| {
        let account = email(PROJECT, "leaver");
        story
            .wharf
            .run(&format!("iam service-accounts {verb} {account} --quiet"));
    };
    accounts("disable");
    holder.is_refused("disabled");
    accounts("enable");
    for answer in holder.pulls() {
        answer.expect(200);
    }
    accounts("delete");
    holder.is_refused("deleted");
    // One of the same name that is made anew inherits nothing.
    let again = story
        .wharf
        .account_with_key(PROJECT, "leaver", &story.folder);
    let path = format!("/v2/{REPOSITORY}/manifests/v1");
    is_denied(
        &story.client(&again).get(&path).send(),
        "storage.objects.get",
    );
    holder.is_refused("");
}
