"""google-api-python-client, built from the registry's own discovery documents."""

import json
import urllib.request

import google.auth
from googleapiclient.discovery import build, build_from_document
from googleapiclient.errors import HttpError

from given import ENDPOINT, PROJECT, claim, email, found, refused

DOCUMENTS = ENDPOINT + "/discovery/v1/apis/{api}/{apiVersion}/rest"
project = f"projects/{PROJECT}"


def built(name, version, url=DOCUMENTS):
    """A client of what the registry says of itself."""
    return build(name, version, discoveryServiceUrl=url, static_discovery=False)


def read(path):
    with urllib.request.urlopen(ENDPOINT + path) as answer:
        return json.load(answer)


@claim
def a_client_is_built_from_every_document_and_knows_where_the_registry_is():
    credentials, _ = google.auth.default()
    items = read("/discovery/v1/apis")["items"]
    for item in items:
        document = read(item["discoveryRestUrl"].removeprefix(ENDPOINT))
        assert document["rootUrl"] == ENDPOINT + "/", document["rootUrl"]
        build_from_document(document, credentials=credentials)
    found(", ".join(item["id"] for item in items))


@claim
def accounts_are_made_listed_and_deleted():
    accounts = built("iam", "v1").projects().serviceAccounts()
    created = accounts.create(name=project, body={"accountId": "discovered"}).execute()
    assert created["email"] == email("discovered"), created
    listed, page = [], accounts.list(name=project, pageSize=1)
    while page is not None:
        answer = page.execute()
        listed += [account["email"] for account in answer["accounts"]]
        page = accounts.list_next(page, answer)
    assert email("discovered") in listed, listed
    only = accounts.get(name=created["name"], fields="email,uniqueId").execute()
    assert only == {"email": created["email"], "uniqueId": created["uniqueId"]}, only
    assert accounts.delete(name=created["name"]).execute() == {}
    with refused(HttpError, "404"):
        accounts.get(name=created["name"]).execute()
    # What does not fit the document is refused before anything is sent.
    try:
        accounts.get(name="not/a/name")
    except TypeError as error:
        found(error)
    else:
        raise AssertionError("a wrong name was taken")


@claim
def policies_are_read_and_tested():
    projects = built("cloudresourcemanager", "v1", ENDPOINT + "/$discovery/rest?api={api}&version={apiVersion}").projects()
    body = {"options": {"requestedPolicyVersion": 3}}
    policy = projects.getIamPolicy(resource=PROJECT, body=body, fields="bindings/role").execute()
    assert {"role": "roles/storage.objectViewer"} in policy["bindings"], policy
    newer = built("cloudresourcemanager", "v3").projects()
    tested = newer.testIamPermissions(resource=project, body={"permissions": ["storage.objects.get"]}).execute()
    assert tested == {"permissions": ["storage.objects.get"]}, tested


@claim
def a_bucket_is_made_changed_and_deleted():
    buckets = built("storage", "v1").buckets()
    name = f"asia.artifacts.{PROJECT}.appspot.com"
    assert buckets.insert(project=PROJECT, body={"name": name}).execute()["name"] == name
    patched = buckets.patch(bucket=name, body={"labels": {"team": "blue"}}).execute()
    assert patched["labels"] == {"team": "blue"}, patched
    assert buckets.getIamPolicy(bucket=name, optionsRequestedPolicyVersion=3).execute()["kind"] == "storage#policy"
    mine = buckets.testIamPermissions(bucket=name, permissions=["storage.buckets.get"]).execute()
    assert mine["permissions"] == ["storage.buckets.get"], mine
    names = buckets.list(project=PROJECT, fields="items/name").execute()
    assert {"name": name} in names["items"], names
    buckets.delete(bucket=name).execute()
