//! The table of policy writes: what Google documents of `setIamPolicy`, sent to the faces, with the exact answer.
//!
//! `policy_writes.toml` has a row for each; [`Row`] says what its fields mean.

use serde::Deserialize;

use super::*;

const READER: &str = "reader@default.iam.gserviceaccount.com";
const BUCKET: &str = "artifacts.default.appspot.com";

/// A policy that is written, and what comes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// What the row shows.
    claim: String,
    /// The page of the documentation.
    #[expect(dead_code, reason = "for people")]
    page: String,
    /// Whose policy: `projects/default`, `organizations/0`, `accounts/reader`, `bucket`.
    on: String,
    /// Who writes: the owner, unless it is `reader` or `nobody`.
    #[serde(default)]
    by: String,
    /// A policy that is written first, by the owner and without an etag.
    before: Option<Value>,
    /// The policy. `$OWNER` in it stands for the owner's account.
    policy: Value,
    /// The etag that comes with it: `current`, `url-safe` (the current one, in that alphabet), `stale`, or a text.
    etag: Option<String>,
    /// As many members more in the first binding.
    #[serde(default)]
    crowd: usize,
    /// As many bindings more, each under a condition of its own.
    #[serde(default)]
    conditions: usize,
    /// What the answer's policy contains, if it is accepted.
    accepted: Option<Value>,
    /// What the answer's error contains, if it is refused.
    refused: Option<Value>,
}

#[derive(Deserialize)]
struct Table {
    write: Vec<Row>,
}

struct Writes {
    server: Server,
    reader: Login,
}

impl Writes {
    async fn new() -> Self {
        let server = Server::start().await;
        let reader = server.account("default", "reader").await;
        let bucket = json!({"name": BUCKET});
        server
            .expect(
                &server.owner,
                "POST /storage/v1/b?project=default",
                bucket,
                200,
                json!({}),
            )
            .await;
        let roles = "POST /v1/projects/default/roles";
        for (id, stage) in [("puller", "GA"), ("paused", "DISABLED"), ("gone", "GA")] {
            let role = json!({
                "roleId": id,
                "role": {"includedPermissions": ["storage.objects.get"], "stage": stage},
            });
            server
                .expect(&server.owner, roles, role, 200, json!({}))
                .await;
        }
        let gone = "DELETE /v1/projects/default/roles/gone";
        server
            .expect(&server.owner, gone, Value::Null, 200, json!({}))
            .await;
        Self { server, reader }
    }

    async fn get(&self, on: &str) -> Value {
        let request = match on {
            "bucket" => format!("GET /storage/v1/b/{BUCKET}/iam?optionsRequestedPolicyVersion=3"),
            on if on.starts_with("accounts/") => format!(
                "POST /v1/{}:getIamPolicy?options.requestedPolicyVersion=3",
                path(on)
            ),
            on => format!("POST /v1/{}:getIamPolicy", path(on)),
        };
        let body = match on {
            "bucket" => Value::Null,
            on if on.starts_with("accounts/") => Value::Null,
            _ => json!({"options": {"requestedPolicyVersion": 3}}),
        };
        self.server
            .send(&self.server.owner, &request, &body)
            .await
            .body
    }

    async fn set(&self, login: &str, on: &str, policy: &Value) -> Reply {
        let text = policy.to_string().replace(
            "$OWNER",
            "serviceAccount:owner@default.iam.gserviceaccount.com",
        );
        let policy: Value = serde_json::from_str(&text).unwrap();
        match on {
            "bucket" => {
                let request = format!("PUT /storage/v1/b/{BUCKET}/iam");
                self.server.send(login, &request, &policy).await
            }
            on => {
                let request = format!("POST /v1/{}:setIamPolicy", path(on));
                let body = json!({"policy": policy});
                self.server.send(login, &request, &body).await
            }
        }
    }

    /// The row's answer, or what is wrong with it.
    async fn run(&self, row: &Row) -> Result<(), String> {
        let (server, on) = (&self.server, row.on.as_str());
        let first = self.get(on).await;
        if let Some(before) = &row.before {
            let reply = self.set(&server.owner, on, before).await;
            if reply.status != 200 {
                return Err(format!("the policy before is refused: {}", reply.body));
            }
        }
        let mut policy = row.policy.clone();
        let members = policy.pointer_mut("/bindings/0/members");
        if let Some(Value::Array(members)) = members {
            members.extend((0..row.crowd).map(|n| json!(format!("user:u{n}@example.com"))));
        }
        if let Some(Value::Array(bindings)) = policy.pointer_mut("/bindings") {
            bindings.extend((0..row.conditions).map(|n| {
                json!({
                    "role": "roles/browser",
                    "members": ["user:anna@example.com"],
                    "condition": {"title": "n", "expression": format!("{n} == 0")},
                })
            }));
        }
        let current = self.get(on).await["etag"].as_str().map(str::to_owned);
        match row.etag.as_deref() {
            None => {}
            Some("current") => policy["etag"] = json!(current),
            Some("url-safe") => {
                let etag = current.unwrap_or_default();
                policy["etag"] = json!(
                    etag.replace('+', "-")
                        .replace('/', "_")
                        .trim_end_matches('=')
                );
            }
            Some("stale") => policy["etag"] = first["etag"].clone(),
            Some(text) => policy["etag"] = json!(text),
        }
        let login = match row.by.as_str() {
            "reader" => &self.reader,
            "nobody" => NOBODY,
            _ => &server.owner,
        };
        let reply = self.set(login, on, &policy).await;
        let (expected, is_answered) = match (&row.accepted, &row.refused) {
            (Some(policy), None) => (
                policy,
                reply.status == 200 && reply.body["etag"].is_string(),
            ),
            (None, Some(error)) => (error, u64::from(reply.status.as_u16()) == error["code"]),
            _ => return Err("a row is accepted or refused".to_owned()),
        };
        let actual = match reply.body.get("error") {
            Some(error) => error,
            None => &reply.body,
        };
        if !is_answered || !contains(actual, expected) {
            return Err(format!("answered {} {actual}", reply.status));
        }
        // What was refused has changed nothing, and what was accepted is what is there.
        let after = self.get(on).await;
        if row.accepted.is_some() && !contains(&after, expected) {
            return Err(format!("reads back as {after}"));
        }
        Ok(())
    }
}

fn path(on: &str) -> String {
    match on {
        "accounts/reader" => format!("projects/default/serviceAccounts/{READER}"),
        on => on.to_owned(),
    }
}

#[tokio::test]
async fn policies_are_written_and_refused_as_google_documents() {
    let table: Table = toml::from_str(include_str!("policy_writes.toml")).unwrap();
    let writes = Writes::new().await;
    let mut wrong = Vec::new();
    for row in &table.write {
        if let Err(message) = writes.run(row).await {
            wrong.push(format!("{}\n    {message}", row.claim));
        }
        let owner = json!({"bindings": [{"role": "roles/owner", "members": ["$OWNER"]}]});
        for on in ["projects/default", "organizations/0"] {
            let reply = writes.set(&writes.server.owner, on, &owner).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        for on in ["accounts/reader", "bucket"] {
            writes.set(&writes.server.owner, on, &json!({})).await;
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
