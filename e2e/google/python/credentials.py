"""google-auth: who proves who it is, and how."""

import json

import google.auth
import google.auth.exceptions
import google.auth.transport.requests
from google.auth import jwt
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

import given
from given import ENDPOINT, KEY_FILE, PROJECT, claim, found, key_file, refused

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
DESCRIBE = f"{ENDPOINT}/v1/projects/{PROJECT}"

request = google.auth.transport.requests.Request()


@claim
def a_key_file_is_exchanged_for_an_access_token():
    credentials = service_account.Credentials.from_service_account_file(KEY_FILE, scopes=[SCOPE])
    answer = AuthorizedSession(credentials).get(DESCRIBE)
    assert answer.status_code == 200, answer.text
    assert answer.json()["projectId"] == PROJECT, answer.text
    assert credentials.token and not credentials.expired
    found(f"an access token until {credentials.expiry}")


@claim
def the_default_credentials_are_found_by_the_environment():
    credentials, project = google.auth.default(scopes=[SCOPE])
    assert credentials.service_account_email == json.load(open(KEY_FILE))["client_email"]
    assert project == json.load(open(KEY_FILE))["project_id"]
    assert AuthorizedSession(credentials).get(DESCRIBE).status_code == 200
    found(f"the default credentials of {credentials.service_account_email}")


@claim
def a_token_is_fetched_once_and_used_many_times():
    credentials = service_account.Credentials.from_service_account_file(KEY_FILE, scopes=[SCOPE])
    session, before = AuthorizedSession(credentials), len(given.requests)
    for _ in range(10):
        assert session.get(DESCRIBE).status_code == 200
    targets = [target for _, target, _ in given.requests[before:]]
    assert targets.count("/token") == 1 and len(targets) == 11, targets
    found("ten calls with one token")


@claim
def a_jwt_that_the_key_signs_is_a_bearer_by_itself():
    credentials = service_account.Credentials.from_service_account_file(KEY_FILE, scopes=[SCOPE])
    before = len(given.requests)
    for signed in (
        # As the generated clients do it: for the API's own host at Google, or for a scope.
        credentials.with_always_use_jwt_access(True).with_scopes([SCOPE]),
        jwt.Credentials.from_service_account_file(KEY_FILE, audience="https://cloudresourcemanager.googleapis.com/"),
        jwt.Credentials.from_service_account_file(KEY_FILE, audience=ENDPOINT),
    ):
        if isinstance(signed, service_account.Credentials):
            signed._create_self_signed_jwt(None)
        answer = AuthorizedSession(signed).get(DESCRIBE)
        assert answer.status_code == 200, answer.text
    assert not [target for _, target, _ in given.requests[before:] if target == "/token"]
    found("three kinds of self-signed JWTs, and no call of /token")


@claim
def a_scope_is_a_ceiling():
    scope = "https://www.googleapis.com/auth/devstorage.read_only"
    credentials = service_account.Credentials.from_service_account_file(KEY_FILE, scopes=[scope])
    answer = AuthorizedSession(credentials).post(f"{ENDPOINT}/storage/v1/b?project={PROJECT}", json={"name": f"artifacts.{PROJECT}.appspot.com"})
    assert answer.status_code == 403, answer.text
    found(f"{answer.json()['error']['message'][:160]}")


@claim
def an_account_without_a_role_is_known_and_refused():
    credentials = service_account.Credentials.from_service_account_file(key_file("nobody"), scopes=[SCOPE])
    answer = AuthorizedSession(credentials).get(DESCRIBE)
    assert answer.status_code == 403 and answer.json()["error"]["status"] == "PERMISSION_DENIED", answer.text
    found(answer.json()["error"]["message"][:160])


@claim
def a_key_that_the_registry_does_not_know_is_an_error_that_is_not_repeated():
    info = json.load(open(KEY_FILE))
    info["private_key_id"] = "0" * 40
    credentials = service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])
    with refused(google.auth.exceptions.RefreshError, "invalid_grant"):
        credentials.refresh(request)
    assert not credentials.token
