"""google-cloud-storage, and Storage v1 through google-api-python-client: buckets and their policies."""

from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import InvalidOperation
from google.cloud import storage
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from given import ENDPOINT, PROJECT, claim, email, found, key_file, refused

client = storage.Client(project=PROJECT, client_options={"api_endpoint": ENDPOINT})
nobodys = storage.Client.from_service_account_json(
    key_file("nobody"), project=PROJECT, client_options={"api_endpoint": ENDPOINT}
)
# The discovery client puts the methods' paths behind this one, which is the API's own.
plain = build("storage", "v1", client_options={"api_endpoint": f"{ENDPOINT}/storage/v1/"})
NAME = f"artifacts.{PROJECT}.appspot.com"
viewer = f"serviceAccount:{email('puller')}"


@claim
def a_bucket_is_created_found_and_deleted():
    assert not client.bucket(NAME).exists()
    assert client.lookup_bucket(NAME) is None
    bucket = client.create_bucket(NAME)
    assert bucket.exists() and bucket.name == NAME and bucket.metageneration == 1
    assert bucket.iam_configuration.uniform_bucket_level_access_enabled
    found(f"{bucket.name} in {bucket.location}, made {bucket.time_created}")
    with refused(exceptions.Conflict):
        client.create_bucket(NAME)
    bucket.delete()
    assert client.lookup_bucket(NAME) is None
    with refused(exceptions.NotFound):
        client.get_bucket(NAME)


@claim
def buckets_come_in_pages():
    names = [NAME] + [f"{location}.{NAME}" for location in ("asia", "eu", "us")]
    for name in names:
        client.create_bucket(name)
    pages = [[bucket.name for bucket in page] for page in client.list_buckets(page_size=3).pages]
    assert sorted(sum(pages, [])) == sorted(names) and len(pages) == 2, pages
    assert [bucket.name for bucket in client.list_buckets(prefix="eu.")] == [f"eu.{NAME}"]
    found(f"{pages}")


@claim
def what_a_bucket_is_labelled_with_is_changed_and_its_access_stays_uniform():
    bucket = client.get_bucket(NAME)
    bucket.labels = {"team": "web", "stage": "test"}
    bucket.patch()
    assert client.get_bucket(NAME).labels == {"team": "web", "stage": "test"}
    bucket.labels = {"team": "web"}
    bucket.patch()
    # Somebody who has read it before that writes over nothing.
    with refused(exceptions.PreconditionFailed):
        bucket.patch(if_metageneration_match=1)
    assert client.get_bucket(NAME).labels == {"team": "web"}
    bucket.iam_configuration.uniform_bucket_level_access_enabled = False
    with refused(exceptions.BadRequest):
        bucket.patch()
    assert client.get_bucket(NAME).iam_configuration.uniform_bucket_level_access_enabled
    with refused(exceptions.MethodNotAllowed, "no ACLs"):
        list(client.bucket(NAME).acl)
    assert client.get_service_account_email().endswith("gserviceaccount.com")


@claim
def a_policy_with_a_condition_is_read_changed_and_written():
    bucket = client.bucket(NAME)
    policy = bucket.get_iam_policy(requested_policy_version=3)
    first = list(policy.bindings)
    policy.version = 3
    policy.bindings.append(
        {
            "role": "roles/storage.objectViewer",
            "members": {viewer},
            "condition": {"title": "for a while", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'},
        }
    )
    written = bucket.set_iam_policy(policy)
    assert written.etag != policy.etag and written.version == 3
    # A policy that somebody else has changed since: a failed precondition, as Cloud Storage has it.
    with refused(exceptions.PreconditionFailed):
        bucket.set_iam_policy(policy)
    again = bucket.get_iam_policy(requested_policy_version=3)
    assert again.etag == written.etag
    conditional = [binding for binding in again.bindings if binding.get("condition")]
    assert [binding["members"] for binding in conditional] == [{viewer}], again.bindings
    again.bindings = [binding for binding in again.bindings if not binding.get("condition")]
    assert bucket.set_iam_policy(again).bindings == first
    found("a policy of version 3, there and back")


@claim
def rights_are_tested_without_being_used():
    wanted = ["storage.objects.get", "storage.buckets.delete"]
    assert sorted(client.bucket(NAME).test_iam_permissions(wanted)) == sorted(wanted)
    pullers = storage.Client.from_service_account_json(
        key_file("puller"), project=PROJECT, client_options={"api_endpoint": ENDPOINT}
    )
    assert pullers.bucket(NAME).test_iam_permissions(wanted) == ["storage.objects.get"]


@claim
def refusals_are_of_the_librarys_own_kinds():
    with refused(exceptions.Forbidden, "storage.buckets.get"):
        nobodys.get_bucket(NAME)
    with refused(exceptions.Forbidden, "storage.buckets.list"):
        list(nobodys.list_buckets())
    with refused(exceptions.Forbidden):
        nobodys.bucket(NAME).get_iam_policy()
    with refused(exceptions.Forbidden):
        nobodys.create_bucket(f"asia.{NAME}")
    anonymous = storage.Client(
        project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": ENDPOINT}
    )
    # The library answers 401 with a new token, which nobody has no way to get.
    with refused(InvalidOperation):
        anonymous.get_bucket(NAME)
    with refused(exceptions.BadRequest):
        client.create_bucket("a-name-that-no-registry-has")


@claim
def the_discovery_client_sees_the_same_buckets():
    bucket = plain.buckets().get(bucket=NAME).execute()
    assert bucket["name"] == NAME and bucket["kind"] == "storage#bucket", bucket
    listed, page = [], plain.buckets().list(project=PROJECT, maxResults=3)
    while page is not None:
        answer = page.execute()
        listed += [each["name"] for each in answer["items"]]
        page = plain.buckets().list_next(page, answer)
    assert sorted(listed) == sorted(bucket.name for bucket in client.list_buckets())
    policy = plain.buckets().getIamPolicy(bucket=NAME, optionsRequestedPolicyVersion=3).execute()
    written = plain.buckets().setIamPolicy(bucket=NAME, body=policy).execute()
    assert written["bindings"] == policy["bindings"] and written["etag"] != policy["etag"], (policy, written)
    with refused(HttpError, "412"):
        plain.buckets().setIamPolicy(bucket=NAME, body=policy).execute()
