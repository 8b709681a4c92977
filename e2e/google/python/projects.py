"""Resource Manager: v3 through google-cloud-resource-manager, v1 through google-api-python-client."""

import base64

from google.api_core import exceptions
from google.cloud import resourcemanager_v3
from google.iam.v1 import iam_policy_pb2, options_pb2, policy_pb2
from google.protobuf import field_mask_pb2
from google.type import expr_pb2
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from given import ENDPOINT, PROJECT, claim, email, found, key_file, refused

REST = {"transport": "rest", "client_options": {"api_endpoint": ENDPOINT}}

projects = resourcemanager_v3.ProjectsClient(**REST)
nobodys = resourcemanager_v3.ProjectsClient.from_service_account_file(key_file("nobody"), **REST)
older = build("cloudresourcemanager", "v1", client_options={"api_endpoint": ENDPOINT}).projects()
name = f"projects/{PROJECT}"
NEW = f"{PROJECT}-new"
viewer = f"serviceAccount:{email('puller')}"


def policy_of(version=3):
    return projects.get_iam_policy(
        request=iam_policy_pb2.GetIamPolicyRequest(
            resource=name, options=options_pb2.GetPolicyOptions(requested_policy_version=version)
        )
    )


@claim
def a_project_is_created_changed_deleted_and_brought_back():
    wanted = resourcemanager_v3.Project(project_id=NEW, display_name="Made by Python")
    # An operation, which is done when it is answered.
    created = projects.create_project(project=wanted).result(timeout=30)
    assert created.project_id == NEW and created.display_name == "Made by Python", created
    assert created.state == resourcemanager_v3.Project.State.ACTIVE and created.name.startswith("projects/")
    found(f"{created.project_id} is {created.name}")
    renamed = projects.update_project(
        project=resourcemanager_v3.Project(name=created.name, display_name="Renamed"),
        update_mask=field_mask_pb2.FieldMask(paths=["display_name"]),
    ).result(timeout=30)
    assert renamed.display_name == "Renamed" and renamed.etag != created.etag, renamed
    deleted = projects.delete_project(name=f"projects/{NEW}").result(timeout=30)
    assert deleted.state == resourcemanager_v3.Project.State.DELETE_REQUESTED, deleted
    back = projects.undelete_project(name=f"projects/{NEW}").result(timeout=30)
    assert back.state == resourcemanager_v3.Project.State.ACTIVE, back


@claim
def many_projects_come_in_many_pages():
    wanted = [f"{NEW}-{n}" for n in range(7)]
    for project in wanted:
        projects.create_project(project=resourcemanager_v3.Project(project_id=project)).result(timeout=30)
    pager = projects.search_projects(
        request=resourcemanager_v3.SearchProjectsRequest(query=f"id:{NEW}-*", page_size=2)
    )
    pages = [[project.project_id for project in page.projects] for page in pager.pages]
    assert sorted(sum(pages, [])) == wanted and len(pages) == 4, pages
    listed = [project.project_id for project in projects.list_projects(parent="organizations/0")]
    assert set(wanted) < set(listed), listed
    found(f"{pages}")


@claim
def a_policy_keeps_what_was_not_changed():
    before = policy_of()
    changed = policy_pb2.Policy()
    changed.CopyFrom(before)
    changed.version = 3
    until = expr_pb2.Expr(title="until 2030", expression='request.time < timestamp("2030-01-01T00:00:00Z")')
    changed.bindings.append(policy_pb2.Binding(role="roles/browser", members=[viewer], condition=until))
    written = projects.set_iam_policy(request=iam_policy_pb2.SetIamPolicyRequest(resource=name, policy=changed))
    assert list(written.bindings) == list(changed.bindings) and written.etag != before.etag, written
    assert written.version == 3 and policy_of() == written
    # What is stale is a conflict of its own kind, and nothing of it is kept.
    with refused(exceptions.Conflict):
        projects.set_iam_policy(request=iam_policy_pb2.SetIamPolicyRequest(resource=name, policy=before))
    assert policy_of() == written
    found(f"version 3 with the condition {until.title!r}")

    # The older API shows and writes the same policy, with the same etag.
    again = older.getIamPolicy(resource=PROJECT, body={"options": {"requestedPolicyVersion": 3}}).execute()
    assert base64.b64decode(again["etag"]) == written.etag, (again, written)
    conditional = [binding for binding in again["bindings"] if "condition" in binding]
    assert conditional == [
        {"role": "roles/browser", "members": [viewer], "condition": {"title": until.title, "expression": until.expression}}
    ]
    again["bindings"].remove(conditional[0])
    restored = older.setIamPolicy(resource=PROJECT, body={"policy": again}).execute()
    assert restored["version"] == 1 and list(policy_of().bindings) == list(before.bindings), restored
    with refused(HttpError, "409"):
        older.setIamPolicy(resource=PROJECT, body={"policy": again}).execute()


@claim
def rights_are_tested_without_being_used():
    wanted = ["resourcemanager.projects.get", "storage.objects.get", "storage.buckets.create"]
    mine = projects.test_iam_permissions(resource=name, permissions=wanted)
    assert set(mine.permissions) == set(wanted), mine
    assert not nobodys.test_iam_permissions(resource=name, permissions=wanted).permissions
    assert older.testIamPermissions(resource=PROJECT, body={"permissions": wanted}).execute()["permissions"] == wanted


@claim
def the_older_api_has_projects_too():
    project = older.get(projectId=PROJECT).execute()
    assert project["projectId"] == PROJECT and project["lifecycleState"] == "ACTIVE", project
    assert older.get(projectId=project["projectNumber"]).execute() == project
    listed, page = [], older.list(pageSize=3, filter="lifecycleState:ACTIVE")
    while page is not None:
        answer = page.execute()
        listed += [each["projectId"] for each in answer.get("projects", [])]
        page = older.list_next(page, answer)
    assert PROJECT in listed and len(listed) == len(set(listed)), listed
    ancestry = older.getAncestry(projectId=PROJECT, body={}).execute()["ancestor"]
    assert [each["resourceId"]["type"] for each in ancestry] == ["project", "organization"], ancestry
    created = older.create(body={"projectId": f"{NEW}-v1", "name": "The older way"}).execute()
    assert created["done"] is True and created["response"]["projectId"] == f"{NEW}-v1", created


@claim
def the_registry_is_the_organization():
    organizations = resourcemanager_v3.OrganizationsClient(**REST)
    organization = organizations.get_organization(name="organizations/0")
    assert organization.name == "organizations/0" and organization.display_name, organization
    assert [each.name for each in organizations.search_organizations()] == ["organizations/0"]
    assert organizations.get_iam_policy(resource="organizations/0").etag
    found(f"{organization.name} is {organization.display_name!r}")


@claim
def refusals_are_of_the_librarys_own_kinds():
    with refused(exceptions.Forbidden, "resourcemanager.projects.get"):
        nobodys.get_project(name=name)
    with refused(exceptions.Forbidden):
        nobodys.get_project(name="projects/not-there-at-all")
    with refused(exceptions.Conflict, "exists already"):
        projects.create_project(project=resourcemanager_v3.Project(project_id=PROJECT))
    with refused(exceptions.BadRequest):
        projects.create_project(project=resourcemanager_v3.Project(project_id="A"))
    with refused(exceptions.BadRequest):
        projects.set_iam_policy(
            request=iam_policy_pb2.SetIamPolicyRequest(
                resource=name,
                policy=policy_pb2.Policy(bindings=[policy_pb2.Binding(role="roles/browser", members=["somebody"])]),
            )
        )
