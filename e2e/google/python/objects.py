"""google-cloud-storage: images as the objects that they are, listed and read. The test has pushed `web:v1`."""

import hashlib
import io
import json

from google.api_core import exceptions
from google.cloud import storage
from googleapiclient.discovery import build
from googleapiclient.http import MediaIoBaseDownload

from given import ENDPOINT, PROJECT, claim, found, key_file, refused


def storage_as(name):
    """The client of an account."""
    options = {"api_endpoint": ENDPOINT}
    return storage.Client.from_service_account_json(key_file(name), project=PROJECT, client_options=options)


bucket = storage_as("puller").bucket(f"artifacts.{PROJECT}.appspot.com")
IMAGE = "containers/repositories/library/web/"
names = [blob.name for blob in bucket.list_blobs(prefix=IMAGE)]
tag = f"{IMAGE}tag_v1"


@claim
def objects_come_in_pages_and_folders():
    assert names == sorted(names) and tag in names and len(names) >= 4, names
    small = bucket.list_blobs(prefix=IMAGE, page_size=1)
    pages = [[blob.name for blob in page] for page in small.pages]
    assert sum(pages, []) == names and len(pages) >= len(names), pages
    folders = bucket.list_blobs(delimiter="/")
    assert not list(folders) and folders.prefixes == {"containers/"}, folders.prefixes
    below = bucket.list_blobs(prefix=IMAGE, delimiter="/", start_offset=tag)
    assert [blob.name for blob in below] == [tag]
    found(f"{len(names)} objects below {IMAGE}")


@claim
def an_object_is_described_and_found():
    blob = bucket.get_blob(tag)
    assert blob.exists() and blob.size > 0 and blob.generation > 0 and blob.updated, blob
    assert "manifest" in blob.content_type, blob.content_type
    assert bucket.get_blob(f"{IMAGE}tag_v2") is None
    assert not bucket.blob(f"{IMAGE}tag_v2").exists()


@claim
def an_object_is_read_whole_and_in_parts():
    manifest = bucket.blob(tag).download_as_bytes()
    digest = hashlib.sha256(manifest).hexdigest()
    assert bucket.blob(f"{IMAGE}manifest_sha256:{digest}").download_as_bytes() == manifest
    for layer in json.loads(manifest)["layers"]:
        blob = bucket.blob(f"{IMAGE}blob_{layer['digest']}")
        content = blob.download_as_bytes()
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == layer["digest"]
        assert blob.download_as_bytes(start=10, end=19) == content[10:20]
        with blob.open("rb", chunk_size=256 * 1024) as file:
            assert file.read(7) == content[:7] and file.seek(-5, io.SEEK_END) and file.read() == content[-5:]
        found(f"{layer['digest'][:19]}… has {len(content)} bytes")


@claim
def the_discovery_client_reads_the_same_in_chunks():
    plain = build("storage", "v1", client_options={"api_endpoint": f"{ENDPOINT}/storage/v1/"})
    content = io.BytesIO()
    download = MediaIoBaseDownload(content, plain.objects().get_media(bucket=bucket.name, object=tag), chunksize=100)
    chunks, is_done = 0, False
    while not is_done:
        _, is_done = download.next_chunk()
        chunks += 1
    assert content.getvalue() == bucket.blob(tag).download_as_bytes() and chunks > 1
    found(f"{len(content.getvalue())} bytes in {chunks} chunks")


@claim
def what_cannot_be_done_is_refused_with_its_reason():
    with refused(exceptions.NotFound):
        bucket.blob(f"{IMAGE}tag_v2").download_as_bytes()
    with refused(exceptions.Forbidden, "storage.objects.get"):
        storage_as("nobody").bucket(bucket.name).blob(tag).download_as_bytes()
    with refused(exceptions.Forbidden, "storage.objects.list"):
        list(storage_as("nobody").list_blobs(bucket.name))
    owners = storage.Client(project=PROJECT, client_options={"api_endpoint": ENDPOINT}).bucket(bucket.name)
    with refused(exceptions.MethodNotAllowed):
        owners.blob("hello").upload_from_string("hello")
    with refused(exceptions.MethodNotAllowed):
        owners.blob(tag).delete()
    with refused(exceptions.Conflict):
        owners.delete()
    assert owners.blob(tag).exists()
