"""google-auth on a node: no key anywhere, the account is the metadata server's."""

import os

import google.auth
import google.auth.transport.requests
import requests as http
from google.auth import compute_engine
from google.auth.compute_engine import _metadata
from google.cloud import storage

from given import ENDPOINT, PROJECT, claim, email, found

request = google.auth.transport.requests.Request()
os.environ.pop("GOOGLE_APPLICATION_CREDENTIALS")


@claim
def the_default_credentials_are_the_nodes():
    credentials, project = google.auth.default()
    assert isinstance(credentials, compute_engine.Credentials), credentials
    assert project == PROJECT, project
    credentials.refresh(request)
    assert credentials.service_account_email == email("puller"), credentials.service_account_email
    assert credentials.token and not credentials.expired
    found(f"{credentials.service_account_email} in {project}")


@claim
def objects_are_read_as_the_node():
    client = storage.Client(client_options={"api_endpoint": ENDPOINT})
    bucket = client.bucket(f"artifacts.{PROJECT}.appspot.com")
    name = "containers/repositories/library/web/tag_v1"
    assert [blob.name for blob in client.list_blobs(bucket, prefix=name)] == [name]
    manifest = bucket.blob(name).download_as_bytes()
    assert b'"schemaVersion"' in manifest, manifest
    layer = next(blob for blob in client.list_blobs(bucket) if blob.size == 2_000_000)
    assert len(layer.download_as_bytes()) == layer.size
    assert len(layer.download_as_bytes(start=10, end=19)) == 10


@claim
def an_id_token_names_the_audience():
    credentials = compute_engine.IDTokenCredentials(
        request, target_audience="https://example.com", use_metadata_identity_endpoint=True
    )
    credentials.refresh(request)
    assert credentials.token.count(".") == 2


@claim
def values_are_read():
    assert _metadata.ping(request)
    assert _metadata.get_project_id(request) == PROJECT
    assert _metadata.get_universe_domain(request) == "googleapis.com"
    info = _metadata.get_service_account_info(request)
    assert info["email"] == email("puller") and info["aliases"] == ["default"], info


@claim
def who_does_not_ask_as_google_is_refused():
    url = f"http://{os.environ['GCE_METADATA_HOST']}/computeMetadata/v1/instance/service-accounts/default/token"
    assert http.get(url, timeout=10).status_code == 403
    headers = {"Metadata-Flavor": "Google", "X-Forwarded-For": "10.0.0.1"}
    assert http.get(url, headers=headers, timeout=10).status_code == 403
