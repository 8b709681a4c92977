//! Roles and permissions (IAM v1, `roles`, `projects.roles`, `permissions`).

use wharf_app::iam::roles::{CustomRole, Role, RoleContent};
use wharf_types::policy::decode_base64;
use wharf_types::role::PredefinedRole;
use wharf_types::wire::roles::{
    CreateRoleRequest, ListRolesResponse, QueryGrantableRolesRequest,
    QueryTestablePermissionsRequest, QueryTestablePermissionsResponse, Role as WireRole,
    RoleLaunchStage, RoleView, TestablePermission, UndeleteRoleRequest,
};
use wharf_types::{Etag, Permission, Resource, RoleName};

use super::call::{Answer, Call};
use super::page::Page;
use super::query::Mask;
use super::refusal::Refusal;

/// `GET roles`
pub(super) async fn list_predefined(call: &Call) -> Answer {
    let view = view(call.query.value("view", RoleView::parse)?);
    let page = Page::of(&call.query)?;
    let (roles, next_page_token) = page.of_list(PredefinedRole::all(), |role| role.name.to_owned());
    call.answer(&ListRolesResponse {
        roles: roles
            .into_iter()
            .map(|role| shown(&Role::Predefined(role), view))
            .collect(),
        next_page_token,
    })
}

/// `GET roles/NAME`
pub(super) async fn get_predefined(call: &Call, id: &str) -> Answer {
    let name = RoleName::parse(&format!("roles/{id}"));
    get_named(call, &name.map_err(|error| Refusal::field("name", error))?).await
}

/// `GET projects/P/roles`
pub(super) async fn list(call: &Call, project: &str) -> Answer {
    let view = view(call.query.value("view", RoleView::parse)?);
    let page = Page::of(&call.query)?;
    let show_deleted = call.query.is_set("showDeleted")?;
    let project = call.project(project).await?;
    let roles = call
        .app
        .list_roles(&call.caller, &project, show_deleted)
        .await?;
    let (roles, next_page_token) = page.of_list(roles, |role| role.name.to_string());
    call.answer(&ListRolesResponse {
        roles: roles
            .into_iter()
            .map(|role| shown(&Role::Custom(role), view))
            .collect(),
        next_page_token,
    })
}

/// `POST projects/P/roles`
pub(super) async fn create(call: &Call, project: &str) -> Answer {
    let request: CreateRoleRequest = call.body()?;
    let name = custom_name(call, project, &request.role_id).await?;
    let (content, _) = content(request.role, &Mask::parse(None, &[])?);
    let role = call.app.create_role(&call.caller, &name, content).await?;
    answer_custom(call, role)
}

/// `GET projects/P/roles/R`
pub(super) async fn get(call: &Call, project: &str, id: &str) -> Answer {
    get_named(call, &custom_name(call, project, id).await?).await
}

async fn get_named(call: &Call, name: &RoleName) -> Answer {
    let role = call.app.get_role(&call.caller, name).await?;
    call.answer(&shown(&role, RoleView::Full))
}

/// `PATCH projects/P/roles/R`
pub(super) async fn patch(call: &Call, project: &str, id: &str) -> Answer {
    const CHANGEABLE: [&str; 5] = [
        "title",
        "description",
        "stage",
        "includedPermissions",
        "etag",
    ];
    let mask = Mask::parse(call.query.get("updateMask"), &CHANGEABLE)?;
    let request: WireRole = call.body()?;
    let name = custom_name(call, project, id).await?;
    let (content, etag) = content(request, &mask);
    let role = call
        .app
        .update_role(&call.caller, &name, content, etag)
        .await?;
    answer_custom(call, role)
}

/// `DELETE projects/P/roles/R`
pub(super) async fn delete(call: &Call, project: &str, id: &str) -> Answer {
    let etag = call.query.get("etag").map(|text| {
        let bytes = decode_base64(text);
        bytes
            .map(Etag)
            .ok_or_else(|| Refusal::field("etag", "not base64"))
    });
    let name = custom_name(call, project, id).await?;
    let etag = etag.transpose()?;
    let role = call.app.delete_role(&call.caller, &name, etag).await?;
    answer_custom(call, role)
}

/// `POST projects/P/roles/R:undelete`
pub(super) async fn undelete(call: &Call, project: &str, id: &str) -> Answer {
    let request: UndeleteRoleRequest = call.body()?;
    let name = custom_name(call, project, id).await?;
    let role = call
        .app
        .undelete_role(&call.caller, &name, request.etag)
        .await?;
    answer_custom(call, role)
}

/// `POST roles:queryGrantableRoles`: the predefined roles that carry a permission which the resource has, and the
/// project's own that the caller may see.
pub(super) async fn query_grantable(call: &Call) -> Answer {
    let request: QueryGrantableRolesRequest = call.body()?;
    let view = view(request.view);
    let page = Page::new(
        request.page_size.map(i64::from),
        request.page_token.as_deref(),
    )?;
    let resource = resource(&request.full_resource_name)?;
    let roles = call.app.grantable_roles(&call.caller, &resource).await?;
    let roles: Vec<WireRole> = roles.iter().map(|role| shown(role, view)).collect();
    let (roles, next_page_token) = page.of_list(roles, |role| role.name.clone());
    call.answer(&ListRolesResponse {
        roles,
        next_page_token,
    })
}

/// `POST permissions:queryTestablePermissions`
pub(super) async fn query_testable(call: &Call) -> Answer {
    let request: QueryTestablePermissionsRequest = call.body()?;
    let page = Page::new(
        request.page_size.map(i64::from),
        request.page_token.as_deref(),
    )?;
    let resource = resource(&request.full_resource_name)?;
    let permissions = Permission::all().filter(|one| one.is_decided_on(&resource));
    let (permissions, next_page_token) = page.of_list(permissions, ToString::to_string);
    call.answer(&QueryTestablePermissionsResponse {
        permissions: permissions
            .into_iter()
            .map(|permission| TestablePermission {
                name: permission.to_string(),
                stage: RoleLaunchStage::Ga,
            })
            .collect(),
        next_page_token,
    })
}

fn resource(full_name: &str) -> Result<Resource, Refusal> {
    Resource::parse(full_name).map_err(|error| Refusal::field("fullResourceName", error))
}

async fn custom_name(call: &Call, project: &str, id: &str) -> Result<RoleName, Refusal> {
    let project = call.project(project).await?;
    RoleName::custom(&project, id).map_err(|error| Refusal::field("roleId", error))
}

fn content(role: WireRole, mask: &Mask) -> (RoleContent, Option<Etag>) {
    let stage = role.stage.map(|stage| stage.as_str().to_owned());
    let content = RoleContent {
        title: mask.pick("title", role.title),
        description: mask.pick("description", role.description),
        stage: if mask.has("stage") { stage } else { None },
        permissions: mask.pick("includedPermissions", role.included_permissions),
    };
    // An etag counts whether or not the mask names it: it says what was read.
    (content, role.etag)
}

fn view(view: Option<RoleView>) -> RoleView {
    view.unwrap_or(RoleView::Basic)
}

fn answer_custom(call: &Call, role: CustomRole) -> Answer {
    call.answer(&shown(&Role::Custom(role), RoleView::Full))
}

fn shown(role: &Role, view: RoleView) -> WireRole {
    let is_full = view == RoleView::Full;
    match role {
        Role::Predefined(role) => WireRole {
            name: role.name.to_owned(),
            title: Some(role.title.to_owned()),
            description: Some(role.description.to_owned()),
            included_permissions: is_full.then(|| role.permissions().collect()),
            stage: Some(RoleLaunchStage::Ga),
            etag: Some(Etag(vec![0])),
            deleted: false,
        },
        Role::Custom(role) => WireRole {
            name: role.name.to_string(),
            title: Some(role.title.clone()).filter(|title| !title.is_empty()),
            description: Some(role.description.clone()).filter(|text| !text.is_empty()),
            included_permissions: is_full.then(|| role.permissions.clone()),
            stage: RoleLaunchStage::parse(&role.stage),
            etag: Some(Etag::of_generation(role.generation)),
            deleted: role.deleted_at.is_some(),
        },
    }
}
