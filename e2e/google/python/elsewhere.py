"""What cannot be led to another server: each of these asks Google's own host. The test looks who was asked for."""

import json
import os
import tempfile
import threading

import google.auth
import google.auth.exceptions
import requests
from google.auth import impersonated_credentials
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import storage
from google.oauth2 import service_account

from given import ENDPOINT, KEY_FILE, PROJECT, claim, email, found

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@claim
def nothing_is_asked_in_the_background_unless_it_is_switched_on():
    switch = "GOOGLE_SDK_EXPERIMENTAL_PYTHON_REGIONAL_ACCESS_BOUNDARY_LOOKUP_ENABLED"
    credentials = service_account.Credentials.from_service_account_file(KEY_FILE, scopes=[SCOPE])
    os.environ[switch] = "true"
    answer = AuthorizedSession(credentials).get(f"{ENDPOINT}/v1/projects/{PROJECT}")
    assert answer.status_code == 200, answer.text
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(timeout=60)
    del os.environ[switch]


@claim
def the_emulators_variable_drops_the_credential():
    os.environ["STORAGE_EMULATOR_HOST"] = ENDPOINT
    try:
        list(storage.Client(project=PROJECT).list_buckets())
    except google.auth.exceptions.InvalidOperation as error:
        found(error)
    else:
        raise AssertionError("a credential was sent")
    del os.environ["STORAGE_EMULATOR_HOST"]


@claim
def the_address_in_a_file_of_a_persons_credential_is_not_used():
    person = {
        "type": "authorized_user",
        "client_id": "nobody",
        "client_secret": "nothing",
        "refresh_token": "none",
        "token_uri": f"{ENDPOINT}/token",
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(person, file)
        file.flush()
        credentials, _ = google.auth.load_credentials_from_file(file.name)
    try:
        credentials.refresh(Request())
    except google.auth.exceptions.TransportError as error:
        found(str(error)[:200])
    else:
        raise AssertionError("a token came back")


@claim
def who_acts_as_another_account_signs_and_gets_id_tokens_at_googles_host_only():
    source = service_account.Credentials.from_service_account_file(KEY_FILE, scopes=[SCOPE])
    acting = impersonated_credentials.Credentials(
        source_credentials=source,
        target_principal=email("puller"),
        target_scopes=[SCOPE],
        iam_endpoint_override=f"{ENDPOINT}/v1/projects/-/serviceAccounts/{email('puller')}:generateAccessToken",
    )
    identity = impersonated_credentials.IDTokenCredentials(acting, target_audience="https://service.example")
    for call in (lambda: acting.sign_bytes(b"a text"), lambda: identity.refresh(Request())):
        try:
            call()
        except (google.auth.exceptions.GoogleAuthError, requests.exceptions.ConnectionError) as error:
            found(str(error)[:200])
        else:
            raise AssertionError("an answer came back")
