"""google-api-python-client, IAM v1: accounts, keys, roles and their policies."""

import base64
import datetime
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

import given
from given import ENDPOINT, PROJECT, claim, email, found, key_file, refused

iam = build("iam", "v1", client_options={"api_endpoint": ENDPOINT})
accounts = iam.projects().serviceAccounts()
keys = accounts.keys()
roles = iam.projects().roles()
project = f"projects/{PROJECT}"
as_nobody = build(
    "iam",
    "v1",
    credentials=service_account.Credentials.from_service_account_file(key_file("nobody")),
    client_options={"api_endpoint": ENDPOINT},
)


def status_of(error):
    """The `status` of a refusal's body."""
    return json.loads(error.content)["error"]["status"]


def account_name(name):
    return f"{project}/serviceAccounts/{email(name)}"


@claim
def an_account_is_created_changed_disabled_and_deleted():
    created = accounts.create(
        name=project, body={"accountId": "builder", "serviceAccount": {"displayName": "Builds", "description": "in CI"}}
    ).execute()
    assert created["email"] == email("builder") and created["name"] == account_name("builder"), created
    assert created["displayName"] == "Builds" and len(created["uniqueId"]) == 21, created
    assert accounts.get(name=f"projects/-/serviceAccounts/{created['uniqueId']}").execute() == created
    patched = accounts.patch(
        name=created["name"], body={"serviceAccount": {"displayName": "Builds more"}, "updateMask": "displayName"}
    ).execute()
    assert patched["displayName"] == "Builds more" and patched["description"] == "in CI", patched
    # The older verb replaces what the body has.
    updated = accounts.update(name=created["name"], body={"displayName": "Builds all", "etag": patched["etag"]}).execute()
    assert updated["displayName"] == "Builds all", updated
    assert accounts.disable(name=created["name"]).execute() == {}
    assert accounts.get(name=created["name"]).execute()["disabled"] is True
    assert accounts.enable(name=created["name"]).execute() == {}
    assert not accounts.get(name=created["name"]).execute().get("disabled")
    assert accounts.delete(name=created["name"]).execute() == {}
    with refused(HttpError, "404", "builder"):
        accounts.get(name=created["name"]).execute()


@claim
def many_accounts_come_in_many_pages():
    wanted = sorted(email(f"robot-{n:02}") for n in range(23))
    for address in wanted:
        accounts.create(name=project, body={"accountId": address.split("@")[0]}).execute()
    listed, pages = [], 0
    page = accounts.list(name=project, pageSize=5)
    while page is not None:
        answer = page.execute()
        assert len(answer["accounts"]) <= 5
        listed += [account["email"] for account in answer["accounts"]]
        pages += 1
        page = accounts.list_next(page, answer)
    assert [address for address in listed if "robot-" in address] == wanted, listed
    assert len(listed) == len(set(listed)) and pages == -(-len(listed) // 5)
    found(f"{len(listed)} accounts in {pages} pages")


@claim
def a_key_works_until_it_is_disabled_or_deleted():
    name = account_name("puller")
    created = keys.create(name=name, body={}).execute()
    info = json.loads(base64.b64decode(created["privateKeyData"]))
    assert info["private_key_id"] == created["name"].rsplit("/", 1)[1]
    assert created["keyAlgorithm"] == "KEY_ALG_RSA_2048" and created["privateKeyType"] == "TYPE_GOOGLE_CREDENTIALS_FILE"
    found(f"a key valid until {created['validBeforeTime']}")

    def is_let_in():
        # Each time anew: a token of before would not prove the key.
        fresh = service_account.Credentials.from_service_account_info(info)
        puller = build("storage", "v1", credentials=fresh, client_options={"api_endpoint": f"{ENDPOINT}/storage/v1/"})
        try:
            puller.buckets().testIamPermissions(bucket="none", permissions="storage.objects.get").execute()
        except HttpError as error:
            return error.status_code != 401
        except Exception as error:
            assert "invalid_grant" in str(error), error
            return False
        return True

    assert is_let_in()
    keys.disable(name=created["name"], body={}).execute()
    assert keys.get(name=created["name"]).execute()["disabled"] is True
    assert not is_let_in()
    keys.enable(name=created["name"], body={}).execute()
    assert is_let_in()
    public = keys.get(name=created["name"], publicKeyType="TYPE_RAW_PUBLIC_KEY").execute()
    assert b"PUBLIC KEY" in base64.b64decode(public["publicKeyData"])
    listed = keys.list(name=name, keyTypes="USER_MANAGED").execute()["keys"]
    assert created["name"] in [key["name"] for key in listed] and "privateKeyData" not in listed[0], listed
    keys.delete(name=created["name"]).execute()
    assert not is_let_in()
    with refused(HttpError, "404"):
        keys.delete(name=created["name"]).execute()


@claim
def a_public_key_is_uploaded_and_its_private_half_stays():
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "unused")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    uploaded = keys.upload(
        name=account_name("puller"), body={"publicKeyData": base64.b64encode(pem).decode()}
    ).execute()
    assert uploaded["keyOrigin"] == "USER_PROVIDED" and "privateKeyData" not in uploaded, uploaded
    info = json.load(open(key_file("puller"))) | {
        "private_key_id": uploaded["name"].rsplit("/", 1)[1],
        "private_key": private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    }
    credentials = service_account.Credentials.from_service_account_info(
        info, scopes=["https://www.googleapis.com/auth/cloud-platform"]
    )
    credentials.refresh(Request())
    assert credentials.token
    found(f"{uploaded['name'].rsplit('/', 1)[1]} until {uploaded['validBeforeTime']}")


@claim
def the_policy_of_an_account_is_changed_by_read_and_write():
    name, member = account_name("puller"), f"serviceAccount:{email('nobody')}"
    policy = accounts.getIamPolicy(resource=name, options_requestedPolicyVersion=3).execute()
    stale = dict(policy)
    policy["bindings"] = [{"role": "roles/iam.serviceAccountTokenCreator", "members": [member]}]
    written = accounts.setIamPolicy(resource=name, body={"policy": policy}).execute()
    assert written["bindings"] == policy["bindings"] and written["etag"] != stale.get("etag")
    again = accounts.getIamPolicy(resource=name).execute()
    assert again["bindings"] == written["bindings"] and again["etag"] == written["etag"]
    with refused(HttpError, "409") as _:
        accounts.setIamPolicy(resource=name, body={"policy": stale}).execute()
    tested = accounts.testIamPermissions(
        resource=name, body={"permissions": ["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.delete"]}
    )
    assert "iam.serviceAccounts.delete" in tested.execute()["permissions"]
    mine = as_nobody.projects().serviceAccounts().testIamPermissions(
        resource=name, body={"permissions": ["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.delete"]}
    )
    assert mine.execute()["permissions"] == ["iam.serviceAccounts.getAccessToken"]


@claim
def roles_are_predefined_or_ones_own():
    listed, page = [], iam.roles().list(pageSize=7)
    while page is not None:
        answer = page.execute()
        listed += [role["name"] for role in answer["roles"]]
        page = iam.roles().list_next(page, answer)
    assert "roles/storage.objectViewer" in listed and len(listed) == len(set(listed))
    viewer = iam.roles().get(name="roles/storage.objectViewer").execute()
    assert "storage.objects.get" in viewer["includedPermissions"]
    grantable = iam.roles().queryGrantableRoles(
        body={"fullResourceName": f"//cloudresourcemanager.googleapis.com/{project}"}
    )
    assert "roles/storage.objectViewer" in [role["name"] for role in grantable.execute()["roles"]]
    found(f"{len(listed)} predefined roles")

    mine = {"title": "Reads", "includedPermissions": ["storage.objects.get"], "stage": "GA"}
    created = roles.create(parent=project, body={"roleId": "reader", "role": mine}).execute()
    assert created["name"] == f"{project}/roles/reader" and created["includedPermissions"] == ["storage.objects.get"]
    with refused(HttpError, "409"):
        roles.create(parent=project, body={"roleId": "reader", "role": mine}).execute()
    created["includedPermissions"].append("storage.objects.list")
    patched = roles.patch(name=created["name"], body=created, updateMask="includedPermissions").execute()
    assert sorted(patched["includedPermissions"]) == ["storage.objects.get", "storage.objects.list"]
    with refused(HttpError, "409"):
        roles.patch(name=created["name"], body=created, updateMask="includedPermissions").execute()
    assert roles.delete(name=created["name"]).execute()["deleted"] is True
    assert not roles.undelete(name=created["name"], body={}).execute().get("deleted")
    with refused(HttpError, "400", "no.such.permission"):
        wrong = {"includedPermissions": ["no.such.permission"]}
        roles.create(parent=project, body={"roleId": "wrong", "role": wrong}).execute()


@claim
def why_somebody_may_or_may_not_is_explained():
    troubleshooter = build("policytroubleshooter", "v1", client_options={"api_endpoint": ENDPOINT}).iam()

    def access(name, permission):
        return troubleshooter.troubleshoot(
            body={
                "accessTuple": {
                    "principal": email(name),
                    "fullResourceName": f"//cloudresourcemanager.googleapis.com/{project}",
                    "permission": permission,
                }
            }
        ).execute()

    granted = access("puller", "storage.objects.get")
    assert granted["access"] == "GRANTED", granted
    explained = [each for policy in granted["explainedPolicies"] for each in policy.get("bindingExplanations", [])]
    assert "roles/storage.objectViewer" in [each["role"] for each in explained if each["access"] == "GRANTED"], granted
    assert access("nobody", "storage.objects.get")["access"] == "NOT_GRANTED"


@claim
def what_there_is_to_grant_is_listed_and_conditions_are_checked():
    testable = iam.permissions().queryTestablePermissions(
        body={"fullResourceName": f"//cloudresourcemanager.googleapis.com/{project}", "pageSize": 1000}
    ).execute()
    assert "storage.objects.get" in [each["name"] for each in testable["permissions"]]
    for expression, is_fine in (('request.time < timestamp("2030-01-01T00:00:00Z")', True), ("request.time <", False)):
        body = {"condition": {"title": "a condition", "expression": expression}}
        results = iam.iamPolicies().lintPolicy(body=body).execute().get("lintResults", [])
        assert (not [each for each in results if each["severity"] == "ERROR"]) is is_fine, results


@claim
def refusals_are_told_apart_by_code_and_status():
    nobodys = as_nobody.projects().serviceAccounts()
    for code, status, call in (
        (403, "PERMISSION_DENIED", nobodys.list(name=project)),
        (403, "PERMISSION_DENIED", nobodys.create(name=project, body={"accountId": "mine-now"})),
        (404, "NOT_FOUND", accounts.get(name=account_name("nowhere"))),
        (409, "ALREADY_EXISTS", accounts.create(name=project, body={"accountId": "puller"})),
        (400, "INVALID_ARGUMENT", accounts.create(name=project, body={"accountId": "A"})),
        (400, "INVALID_ARGUMENT", accounts.create(name=project, body={"accountId": "fine-name", "colour": "red"})),
        (400, "INVALID_ARGUMENT", accounts.list(name=project, pageToken="*")),
    ):
        before = len(given.requests)
        try:
            # Even asked to, the library repeats none of them.
            call.execute(num_retries=3)
        except HttpError as error:
            assert (error.status_code, status_of(error)) == (code, status), error
            found(f"{code} {status}: {error.reason[:120]}")
        else:
            raise AssertionError(f"{call.uri} was not refused")
        assert len(given.asked(before)) == 1
