//! Services (Service Usage v1, `services`): what of Google's this registry stands in for.

use wharf_app::services::Service;
use wharf_types::ProjectId;
use wharf_types::wire::operation::Operation;
use wharf_types::wire::service_usage::{
    BatchEnableServicesRequest, DisableServiceRequest, EnableServiceRequest, EnableServiceResponse,
    Service as WireService, ServiceConfig, Services,
};

use super::call::{Answer, Call};
use super::operations::NOTHING_TO_DO;
use super::page::Page;
use super::refusal::Refusal;

/// `GET v1/projects/P/services`
pub(super) async fn list(call: &Call, project: &str) -> Answer {
    let page = Page::of(&call.query)?;
    let project = call.project(project).await?;
    let services = call.app.list_services(&call.caller, &project).await?;
    let services = match call.query.get("filter") {
        None | Some("state:ENABLED") => services,
        Some("state:DISABLED") => &[],
        Some(_) => {
            return Err(Refusal::field(
                "filter",
                "services are listed by state:ENABLED or state:DISABLED",
            ));
        }
    };
    let (services, next_page_token) = page.of_list(services, |service| service.name.to_owned());
    call.answer(&Services {
        services: all_shown(call, &project, services).await?,
        next_page_token,
    })
}

/// `GET v1/projects/P/services/S`
pub(super) async fn get(call: &Call, project: &str, service: &str) -> Answer {
    let project = call.project(project).await?;
    let found = call.app.get_service(&call.caller, &project, service);
    let service = found.await?;
    let parent = parent(call, &project).await?;
    call.answer(&shown(&parent, service))
}

/// `GET v1/projects/P/services:batchGet`
pub(super) async fn batch_get(call: &Call, project: &str) -> Answer {
    let project = call.project(project).await?;
    let mut services = Vec::new();
    for name in call.query.all("names") {
        let service = name
            .rsplit_once("/services/")
            .map_or(name, |(_, service)| service);
        let found = call.app.get_service(&call.caller, &project, service);
        services.push(found.await?);
    }
    if services.is_empty() {
        return Err(Refusal::field(
            "names",
            "at least one is required: projects/P/services/S",
        ));
    }
    call.answer(&Services {
        services: all_shown(call, &project, services).await?,
        next_page_token: None,
    })
}

/// `POST v1/projects/P/services/S:enable`
pub(super) async fn enable(call: &Call, project: &str, service: &str) -> Answer {
    let EnableServiceRequest {} = call.body()?;
    let project = call.project(project).await?;
    let enabled = call
        .app
        .enable_services(&call.caller, &project, &[service])
        .await?;
    let services = all_shown(call, &project, enabled).await?;
    let service = services.into_iter().next().unwrap_or_default();
    let response = EnableServiceResponse { service };
    done(call, "EnableServiceResponse", &response)
}

/// `POST v1/projects/P/services:batchEnable`
pub(super) async fn batch_enable(call: &Call, project: &str) -> Answer {
    let request: BatchEnableServicesRequest = call.body()?;
    let project = call.project(project).await?;
    let enabled = call
        .app
        .enable_services(&call.caller, &project, &request.service_ids)
        .await?;
    let response = Services {
        services: all_shown(call, &project, enabled).await?,
        next_page_token: None,
    };
    done(call, "BatchEnableServicesResponse", &response)
}

/// `POST v1/projects/P/services/S:disable`
pub(super) async fn disable(call: &Call, project: &str, service: &str) -> Answer {
    let _: DisableServiceRequest = call.body()?;
    let project = call.project(project).await?;
    call.app
        .disable_service(&call.caller, &project, service)
        .await?;
    call.done()
}

fn done(call: &Call, response_type: &str, response: &impl serde::Serialize) -> Answer {
    let response_type = format!("google.api.serviceusage.v1.{response_type}");
    let done = Operation::done(NOTHING_TO_DO.to_owned(), &response_type, response);
    call.answer(&done.map_err(wharf_app::Error::internal)?)
}

async fn parent(call: &Call, project: &ProjectId) -> Result<String, Refusal> {
    let number = call.app.number_of_project(project).await?;
    Ok(format!("projects/{}", number.unwrap_or_default()))
}

async fn all_shown(
    call: &Call,
    project: &ProjectId,
    services: impl IntoIterator<Item = &'static Service>,
) -> Result<Vec<WireService>, Refusal> {
    let parent = parent(call, project).await?;
    let services = services.into_iter();
    Ok(services.map(|service| shown(&parent, service)).collect())
}

fn shown(parent: &str, service: &Service) -> WireService {
    WireService {
        name: format!("{parent}/services/{}", service.name),
        parent: parent.to_owned(),
        config: ServiceConfig {
            name: service.name.to_owned(),
            title: service.title.to_owned(),
        },
        state: "ENABLED".to_owned(),
    }
}
