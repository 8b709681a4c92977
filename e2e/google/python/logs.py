"""google-cloud-logging, over HTTP: what the registry has written down."""

import datetime

from google.api_core import exceptions
from google.cloud import logging, storage

from given import ENDPOINT, PROJECT, claim, email, found, key_file, refused

HTTP = {"_use_grpc": False, "client_options": {"api_endpoint": ENDPOINT}}
client = logging.Client(project=PROJECT, **HTTP)


def entries(text, **options):
    return list(client.list_entries(filter_=text, **options))


@claim
def what_was_changed_is_found_by_a_filter():
    owners = storage.Client(project=PROJECT, client_options={"api_endpoint": ENDPOINT})
    owners.create_bucket(f"artifacts.{PROJECT}.appspot.com")
    [entry] = entries('protoPayload.methodName="storage.buckets.create"')
    assert entry.payload["resourceName"] == f"projects/{PROJECT}", entry.payload
    assert entry.payload["authenticationInfo"]["principalEmail"].startswith("owner@"), entry.payload
    age = datetime.datetime.now(datetime.timezone.utc) - entry.timestamp
    assert abs(age) < datetime.timedelta(minutes=10), entry.timestamp
    found(f"{entry.severity} {entry.log_name}: {entry.payload['methodName']} of {entry.payload['resourceName']}")


@claim
def a_refusal_is_written_down_with_who_was_refused():
    nobodys = storage.Client.from_service_account_json(
        key_file("nobody"), project=PROJECT, client_options={"api_endpoint": ENDPOINT}
    )
    with refused(exceptions.Forbidden):
        list(nobodys.list_buckets())
    found_entries = entries(f'protoPayload.authenticationInfo.principalEmail="{email("nobody")}" protoPayload.status.code=7')
    assert len(found_entries) == 1, found_entries
    assert found_entries[0].payload["authorizationInfo"][0]["permission"] == "storage.buckets.list"


@claim
def the_log_is_read_in_pages_and_from_its_end():
    whole = entries(None, page_size=1000)
    small = entries(None, page_size=3)
    assert [entry.insert_id for entry in small][: len(whole)] == [entry.insert_id for entry in whole]
    newest = entries(None, order_by=logging.DESCENDING, max_results=2)
    assert len(newest) == 2 and newest[0].timestamp >= newest[1].timestamp
    found(f"{len(whole)} entries")


@claim
def refusals_are_of_the_librarys_own_kinds():
    nobodys = logging.Client.from_service_account_json(key_file("nobody"), project=PROJECT, **HTTP)
    with refused(exceptions.Forbidden, "logging.logEntries.list"):
        list(nobodys.list_entries())
    with refused(exceptions.BadRequest):
        entries("severity=")
