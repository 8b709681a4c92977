"""The generated client of the IAM Credentials API: acting as an account without its key, and what it signs."""

import datetime
import json
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from google.api_core import exceptions
from google.auth import jwt
from google.auth.transport.requests import Request
from google.cloud import iam_credentials_v1
from google.oauth2 import id_token
from googleapiclient.discovery import build

from given import ENDPOINT, PROJECT, claim, email, found, key_file, refused

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "https://service.example"
REST = {"transport": "rest", "client_options": {"api_endpoint": ENDPOINT}}

request = Request()
accounts = build("iam", "v1", client_options={"api_endpoint": ENDPOINT}).projects().serviceAccounts()
puller = f"projects/-/serviceAccounts/{email('puller')}"
# The library signs its own bearers, for the name that the API has at Google.
client = iam_credentials_v1.IAMCredentialsClient.from_service_account_file(key_file("nobody"), **REST)


def certificates():
    """The certificates of the account's keys, by their ids, from where its key file says that they are."""
    answer = request(json.load(open(key_file("puller")))["client_x509_cert_url"])
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


@claim
def nobody_acts_as_an_account_without_the_right_to():
    with refused(exceptions.Forbidden, "iam.serviceAccounts.getAccessToken"):
        client.generate_access_token(name=puller, scope=[SCOPE])
    with refused(exceptions.Forbidden):
        client.generate_id_token(name=puller, audience=AUDIENCE)
    with refused(exceptions.Forbidden, "iam.serviceAccounts.signBlob"):
        client.sign_blob(name=puller, payload=b"text")
    with refused(exceptions.Forbidden, "iam.serviceAccounts.signJwt"):
        client.sign_jwt(name=puller, payload="{}")


@claim
def whoever_may_gets_tokens_and_signatures():
    account = f"projects/{PROJECT}/serviceAccounts/{email('puller')}"
    policy = accounts.getIamPolicy(resource=account).execute()
    creators = {"role": "roles/iam.serviceAccountTokenCreator", "members": [f"serviceAccount:{email('nobody')}"]}
    policy["bindings"] = [creators]
    accounts.setIamPolicy(resource=account, body={"policy": policy}).execute()

    access = client.generate_access_token(name=puller, scope=[SCOPE], lifetime={"seconds": 300})
    told = json.loads(request(f"{ENDPOINT}/oauth2/v3/tokeninfo?access_token={access.access_token}").data)
    assert told["email"] == email("puller"), told
    left = access.expire_time - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(seconds=240) < left < datetime.timedelta(seconds=310), left

    identity = client.generate_id_token(name=puller, audience=AUDIENCE, include_email=True)
    claims = id_token.verify_token(identity.token, request, audience=AUDIENCE, certs_url=f"{ENDPOINT}/oauth2/v1/certs")
    assert claims["email"] == email("puller"), claims

    signed = client.sign_blob(name=puller, payload=b"a text of ours")
    certificate = x509.load_pem_x509_certificate(certificates()[signed.key_id].encode())
    certificate.public_key().verify(signed.signed_blob, b"a text of ours", padding.PKCS1v15(), hashes.SHA256())

    now = int(time.time())
    payload = json.dumps({"sub": "somebody", "aud": AUDIENCE, "iat": now, "exp": now + 600})
    signed = client.sign_jwt(name=puller, payload=payload)
    claims = jwt.decode(signed.signed_jwt, certs=certificates(), audience=AUDIENCE)
    assert claims["sub"] == "somebody", claims
    found(f"signed by the key {signed.key_id}")


@claim
def what_cannot_be_is_refused_with_its_reason():
    with refused(exceptions.BadRequest):
        client.generate_access_token(name=puller, scope=[SCOPE], lifetime={"seconds": 24 * 3600})
    with refused(exceptions.BadRequest):
        client.generate_access_token(name=puller, scope=[])
    with refused(exceptions.BadRequest):
        client.sign_jwt(name=puller, payload="no JSON")
    with refused(exceptions.Forbidden):
        client.generate_access_token(name=f"projects/-/serviceAccounts/{email('nowhere')}", scope=[SCOPE])
