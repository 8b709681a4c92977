//! The services of Google's that this registry stands in for, as `gcloud services` sees them. Each project has all of them
//! from the start, and none can be taken away.

use wharf_types::permission::{SERVICES_DISABLE, SERVICES_ENABLE, SERVICES_GET, SERVICES_LIST};
use wharf_types::text::shorten;
use wharf_types::{Permission, ProjectId, Resource};

use crate::{App, Caller, Error, Missing};

/// A service.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// `storage.googleapis.com`
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
}

impl Service {
    fn find(name: &str) -> Option<&'static Self> {
        SERVICES.iter().find(|service| service.name == name)
    }
}

/// Sorted by name.
static SERVICES: &[Service] = &[
    // gcloud enables it for each project that it creates.
    Service {
        name: "cloudapis.googleapis.com",
        title: "Google Cloud APIs",
    },
    Service {
        name: "cloudkms.googleapis.com",
        title: "Cloud Key Management Service (KMS) API",
    },
    Service {
        name: "cloudresourcemanager.googleapis.com",
        title: "Cloud Resource Manager API",
    },
    Service {
        name: "containerregistry.googleapis.com",
        title: "Container Registry API",
    },
    Service {
        name: "iam.googleapis.com",
        title: "Identity and Access Management (IAM) API",
    },
    Service {
        name: "iamcredentials.googleapis.com",
        title: "IAM Service Account Credentials API",
    },
    Service {
        name: "logging.googleapis.com",
        title: "Cloud Logging API",
    },
    Service {
        name: "policytroubleshooter.googleapis.com",
        title: "Policy Troubleshooter API",
    },
    Service {
        name: "serviceusage.googleapis.com",
        title: "Service Usage API",
    },
    Service {
        name: "storage.googleapis.com",
        title: "Cloud Storage API",
    },
    Service {
        name: "sts.googleapis.com",
        title: "Security Token Service API",
    },
];

impl App {
    /// The services of a project, in order of name. `serviceusage.services.list` on the project.
    pub async fn list_services(
        &self,
        caller: &Caller,
        project: &ProjectId,
    ) -> Result<&'static [Service], Error> {
        self.authorize_in(caller, SERVICES_LIST, project).await?;
        Ok(SERVICES)
    }

    /// A service of a project. `serviceusage.services.get` on the project.
    pub async fn get_service(
        &self,
        caller: &Caller,
        project: &ProjectId,
        name: &str,
    ) -> Result<&'static Service, Error> {
        self.authorize_in(caller, SERVICES_GET, project).await?;
        Service::find(name).ok_or_else(|| Error::not_found(Missing::Service, shorten(name)))
    }

    /// Enables services, all or none: they are enabled already, or not to be had. `serviceusage.services.enable` on the
    /// project.
    pub async fn enable_services(
        &self,
        caller: &Caller,
        project: &ProjectId,
        names: &[impl AsRef<str>],
    ) -> Result<Vec<&'static Service>, Error> {
        self.authorize_in(caller, SERVICES_ENABLE, project).await?;
        let find = |name: &str| {
            Service::find(name).ok_or_else(|| {
                let all: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
                Error::FailedPrecondition(format!(
                    "service {} is not offered by this registry, which has {}",
                    shorten(name),
                    all.join(", ")
                ))
            })
        };
        names.iter().map(|name| find(name.as_ref())).collect()
    }

    /// Refuses to disable a service. `serviceusage.services.disable` on the project.
    pub async fn disable_service(
        &self,
        caller: &Caller,
        project: &ProjectId,
        name: &str,
    ) -> Result<(), Error> {
        self.authorize_in(caller, SERVICES_DISABLE, project).await?;
        let service =
            Service::find(name).ok_or_else(|| Error::not_found(Missing::Service, shorten(name)))?;
        Err(Error::FailedPrecondition(format!(
            "service {} cannot be disabled: every project of this registry has it; policies say who may use it",
            service.name
        )))
    }

    /// Asks for a permission on a project that must be there.
    pub(crate) async fn authorize_in(
        &self,
        caller: &Caller,
        permission: Permission,
        project: &ProjectId,
    ) -> Result<(), Error> {
        let resource = Resource::Project(project.clone());
        self.authorize(caller, &[permission], &resource).await?;
        self.check_project(project).await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::testing::TestApp;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_project_has_what_the_registry_stands_in_for_and_keeps_it() {
        let app = TestApp::open().await;
        let (_, _, nobody) = app.account("nobody").await;
        let (owner, project) = (app.owner().await, ProjectId::parse("default").unwrap());
        let all = app.list_services(&owner, &project).await.unwrap();
        assert!(all.is_sorted_by_key(|service| service.name));
        let names: Vec<_> = all.iter().map(|service| service.name).collect();
        assert_eq!(
            app.enable_services(&owner, &project, &names)
                .await
                .unwrap()
                .len(),
            all.len()
        );
        for (name, is_there) in [
            ("storage.googleapis.com", true),
            ("bigquery.googleapis.com", false),
        ] {
            let one = [name];
            assert_eq!(
                app.get_service(&owner, &project, name).await.is_ok(),
                is_there
            );
            assert_eq!(
                app.enable_services(&owner, &project, &one).await.is_ok(),
                is_there
            );
            assert!(app.disable_service(&owner, &project, name).await.is_err());
            let refused = app.enable_services(&nobody, &project, &one).await;
            assert!(matches!(refused, Err(Error::Denied(_))));
        }
        let absent = ProjectId::parse("absent").unwrap();
        assert!(app.list_services(&owner, &absent).await.is_err());
    }
}
