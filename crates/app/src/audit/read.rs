//! The verb that reads the log.

use wharf_types::permission::{LOG_ENTRIES_LIST, PRIVATE_LOG_ENTRIES_LIST};
use wharf_types::{ProjectId, Resource};

use super::record::Record;
use super::search::{Found, Search};
use crate::{App, Caller, Error};

/// What of the log somebody may read.
struct View {
    /// The project whose records they are; none for all of the registry.
    project: Option<ProjectId>,
    /// Whether it has those too that tell more than what was changed.
    private: bool,
}

impl View {
    fn shows(&self, record: &Record) -> bool {
        (self.private || record.is_admin_activity())
            && (self.project.is_none() || record.project() == self.project)
    }
}

impl App {
    /// Finds records of the audit log: those of the projects in `of`, or all of them for the registry itself, which
    /// has those besides that belong to no project. `logging.logEntries.list` shows what was changed,
    /// `logging.privateLogEntries.list` everything.
    pub async fn search_audit_log(
        &self,
        caller: &Caller,
        of: &[Resource],
        search: Search,
    ) -> Result<Found, Error> {
        let mut views = Vec::with_capacity(of.len());
        for resource in of {
            let permissions = [LOG_ENTRIES_LIST, PRIVATE_LOG_ENTRIES_LIST];
            self.authorize(caller, &permissions, resource).await?;
            views.push(View {
                project: resource.project(),
                private: self
                    .is_allowed(caller, PRIVATE_LOG_ENTRIES_LIST, resource)
                    .await?,
            });
        }
        let is_wanted = search.is_wanted;
        let is_shown =
            move |record: &Record| views.iter().any(|view| view.shows(record)) && is_wanted(record);
        self.audit
            .search(Search {
                is_wanted: Box::new(is_shown),
                ..search
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use secrecy::SecretString;
    use wharf_types::permission::{OBJECTS_GET, PROJECTS_UPDATE};

    use super::*;
    use crate::audit::record::RecordedEvent;
    use crate::iam::accounts::AccountReference;
    use crate::iam::authenticate::Credential;
    use crate::testing::{TestApp, key_credential, origin};

    const PROJECT: &str = "projects/default";

    fn resource(name: &str) -> Resource {
        Resource::parse(name).unwrap()
    }

    async fn read(app: &TestApp, caller: &Caller, of: &str) -> Result<Vec<Record>, Error> {
        let search = Search {
            order: Default::default(),
            from: None,
            until: None,
            size: 1_000,
            after: None,
            is_wanted: Box::new(|_| true),
        };
        let of = [resource(of)];
        let found = app.search_audit_log(caller, &of, search).await?;
        assert_eq!(found.next, None);
        let records = found.records.into_iter();
        Ok(records.map(|(_, record)| record).collect())
    }

    async fn grant(app: &TestApp, on: &str, role: &str, caller: &Caller) {
        let (owner, on) = (app.owner().await, resource(on));
        let mut policy = app.get_policy(&owner, &on).await.unwrap();
        policy.bindings.push(wharf_types::Binding {
            role: role.parse().unwrap(),
            members: vec![caller.principal.to_string().parse().unwrap()],
            condition: None,
        });
        app.set_policy(&owner, &on, policy).await.unwrap();
    }

    fn asks_for(record: &Record, wanted: &str) -> bool {
        matches!(&record.event, RecordedEvent::Decision { permission, .. } if permission == wanted)
    }

    #[tokio::test]
    async fn a_reader_sees_the_project_that_it_may_read_and_no_other() {
        let app = TestApp::open().await;
        let (_, _, reader) = app.account("reader-1").await;
        app.project("my-neighbour").await;
        let refused = read(&app, &reader, PROJECT).await.unwrap_err();
        assert!(
            refused.to_string().contains("logging.logEntries.list"),
            "{refused}"
        );
        grant(&app, PROJECT, "roles/logging.privateLogViewer", &reader).await;
        let records = read(&app, &reader, PROJECT).await.unwrap();
        assert!(
            records
                .iter()
                .any(|record| asks_for(record, "iam.serviceAccounts.create"))
        );
        assert!(
            records
                .iter()
                .any(|record| asks_for(record, "logging.logEntries.list"))
        );
        let project = resource(PROJECT).project();
        assert!(records.iter().all(|record| record.project() == project));
        for other in ["projects/my-neighbour", "organizations/0"] {
            assert!(matches!(
                read(&app, &reader, other).await,
                Err(Error::Denied(_))
            ));
        }
        let all = read(&app, &app.owner().await, "organizations/0")
            .await
            .unwrap();
        assert!(all.len() > records.len());
        assert!(all.iter().any(|record| record.project().is_none()));
    }

    #[tokio::test]
    async fn who_may_not_read_the_private_part_sees_what_was_changed_only() {
        let app = TestApp::open().await;
        let (_, _, reader) = app.account("reader-1").await;
        grant(&app, PROJECT, "roles/logging.viewer", &reader).await;
        app.authorize(&app.owner().await, &[OBJECTS_GET], &resource(PROJECT))
            .await
            .unwrap();
        app.authorize(&app.owner().await, &[PROJECTS_UPDATE], &resource(PROJECT))
            .await
            .unwrap();
        let records = read(&app, &reader, PROJECT).await.unwrap();
        assert!(records.iter().all(Record::is_admin_activity));
        assert!(
            records
                .iter()
                .any(|record| asks_for(record, "resourcemanager.projects.update"))
        );
    }

    #[tokio::test]
    async fn a_credential_that_proves_nothing_is_found_where_its_account_is() {
        let app = TestApp::open().await;
        let (owner, (account, key, _)) = (app.owner().await, app.account("puller").await);
        let of = AccountReference::Email(account.email.clone());
        app.set_key_disabled(&owner, &of, &key.key.id, true)
            .await
            .unwrap();
        let secret = Credential::Bearer(SecretString::from("hunter2".to_owned()));
        for credential in [key_credential(&key.file), secret] {
            app.authenticate(&credential, origin()).await.unwrap_err();
        }
        let is_failure =
            |record: &&Record| matches!(record.event, RecordedEvent::AuthenticationFailed { .. });
        let records = read(&app, &owner, PROJECT).await.unwrap();
        let failed: Vec<_> = records.iter().filter(is_failure).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(
            failed[0].claimed_account.as_deref(),
            Some(account.email.as_str())
        );
        assert_eq!(failed[0].key_id.as_deref(), Some(key.key.id.as_str()));
        assert_eq!(failed[0].principal, None);
        let all = read(&app, &owner, "organizations/0").await.unwrap();
        assert_eq!(all.iter().filter(is_failure).count(), 2);
        let text = std::fs::read_to_string(app.folder.path().join("audit.jsonl")).unwrap();
        assert!(!text.contains("PRIVATE KEY") && !text.contains("hunter2"));
    }
}
