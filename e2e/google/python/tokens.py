"""google-auth: acting as another account, signing as it, and ID tokens that others verify."""

import base64
import json
import time

import google.auth.exceptions
import google.auth.transport.requests
import google.oauth2.credentials
import google.oauth2.id_token
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from google.auth import iam, impersonated_credentials, jwt
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account

from given import ENDPOINT, KEY_FILE, PROJECT, claim, email, found, key_file, refused

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "https://run.example.com"
CERTIFICATES = f"{ENDPOINT}/oauth2/v1/certs"
DESCRIBE = f"{ENDPOINT}/v1/projects/{PROJECT}"
BUCKETS = f"{ENDPOINT}/storage/v1/b?project={PROJECT}"
ROBOT = email("puller")
ACCOUNT = f"{ENDPOINT}/v1/projects/-/serviceAccounts/{ROBOT}"
GENERATE = f"{ACCOUNT}:generateAccessToken"

request = google.auth.transport.requests.Request()
owner = service_account.Credentials.from_service_account_file(KEY_FILE, scopes=[SCOPE])

# The library lets nobody choose this host but for access tokens; all else is as it is.
for name in ("_IAM_SIGN_ENDPOINT", "_IAM_SIGNJWT_ENDPOINT", "_IAM_IDTOKEN_ENDPOINT"):
    path = getattr(iam, name).split("/v1/", 1)[1]
    setattr(iam, name, f"{ENDPOINT}/v1/{path}")


def acting(source, **named):
    return impersonated_credentials.Credentials(
        source_credentials=source,
        target_principal=ROBOT,
        target_scopes=[SCOPE],
        iam_endpoint_override=GENERATE,
        **named,
    )


def number(text):
    """A number of a JWK."""
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


def public_key(url, key_id):
    """The public key of a published certificate."""
    certificates = AuthorizedSession(owner).get(url).json()
    return x509.load_pem_x509_certificate(certificates[key_id].encode()).public_key()


@claim
def an_account_is_acted_as_without_its_key():
    robot = acting(owner, lifetime=600)
    answer = AuthorizedSession(robot).get(f"{ENDPOINT}/openidconnect/v1/userinfo")
    assert answer.status_code == 200 and answer.json()["email"] == ROBOT, answer.text
    # It may what the account may, and no more.
    assert AuthorizedSession(robot).post(BUCKETS, json={"name": f"artifacts.{PROJECT}.appspot.com"}).status_code == 403
    assert robot.token and not robot.expired
    found(f"{answer.json()} until {robot.expiry}")


@claim
def who_may_not_act_as_it_is_refused():
    nobody = service_account.Credentials.from_service_account_file(key_file("nobody"), scopes=[SCOPE])
    with refused(google.auth.exceptions.RefreshError, "getAccessToken"):
        acting(nobody).refresh(request)


@claim
def an_id_token_is_verified_as_anybody_verifies_it():
    credentials = service_account.IDTokenCredentials.from_service_account_file(KEY_FILE, target_audience=AUDIENCE)
    credentials.refresh(request)
    said = google.oauth2.id_token.verify_token(credentials.token, request, audience=AUDIENCE, certs_url=CERTIFICATES)
    assert said["email"] == owner.service_account_email and said["iss"] == ENDPOINT, said
    assert said["sub"] == json.load(open(KEY_FILE))["client_id"], said
    found(f"{said}")
    # The JWKs are the same keys.
    session = AuthorizedSession(owner)
    for key in session.get(f"{ENDPOINT}/oauth2/v3/certs").json()["keys"]:
        numbers = public_key(CERTIFICATES, key["kid"]).public_numbers()
        assert (key["kty"], number(key["n"]), number(key["e"])) == ("RSA", numbers.n, numbers.e), key
    with refused(google.auth.exceptions.InvalidValue):
        google.oauth2.id_token.verify_token(credentials.token, request, "another", certs_url=CERTIFICATES)
    altered = credentials.token[:-8] + "AAAAAAAA"
    with refused(google.auth.exceptions.MalformedError):
        google.oauth2.id_token.verify_token(altered, request, AUDIENCE, certs_url=CERTIFICATES)


@claim
def an_id_token_opens_nothing():
    credentials = service_account.IDTokenCredentials.from_service_account_file(KEY_FILE, target_audience=ENDPOINT)
    answer = AuthorizedSession(credentials).get(DESCRIBE)
    assert answer.status_code == 401, answer.text


@claim
def an_account_that_is_acted_as_has_id_tokens_too():
    robot = acting(owner)
    credentials = impersonated_credentials.IDTokenCredentials(robot, target_audience=AUDIENCE, include_email=True)
    credentials.refresh(request)
    said = google.oauth2.id_token.verify_token(credentials.token, request, AUDIENCE, certs_url=CERTIFICATES)
    assert said["email"] == ROBOT and said["email_verified"], said


@claim
def bytes_are_signed_as_the_account():
    signer = iam.Signer(request, owner, ROBOT)
    signature = signer.sign(b"to be signed")
    answer = AuthorizedSession(owner).post(f"{ACCOUNT}:signBlob", json={"payload": "dG8gYmUgc2lnbmVk"}).json()
    key = public_key(f"{ENDPOINT}/robot/v1/metadata/x509/{ROBOT}", answer["keyId"])
    key.verify(signature, b"to be signed", padding.PKCS1v15(), hashes.SHA256())
    assert acting(owner).sign_bytes(b"to be signed") == signature
    found(f"by key {answer['keyId']}")


@claim
def a_jwt_is_signed_as_the_account_and_is_a_credential_of_it():
    now = int(time.time())
    claims = {"iss": ROBOT, "sub": ROBOT, "iat": now, "exp": now + 600, "scope": SCOPE}
    answer = AuthorizedSession(owner).post(f"{ACCOUNT}:signJwt", json={"payload": json.dumps(claims)}).json()
    certificates = AuthorizedSession(owner).get(f"{ENDPOINT}/robot/v1/metadata/x509/{ROBOT}").json()
    assert jwt.decode(answer["signedJwt"], certificates, verify=False) == claims
    bearer = google.oauth2.credentials.Credentials(answer["signedJwt"])
    told = AuthorizedSession(bearer).get(f"{ENDPOINT}/openidconnect/v1/userinfo")
    assert told.json()["email"] == ROBOT, told.text


@claim
def a_token_says_what_it_is():
    owner.refresh(request)
    told = AuthorizedSession(owner).get(f"{ENDPOINT}/oauth2/v3/tokeninfo?access_token={owner.token}").json()
    assert told["email"] == owner.service_account_email and SCOPE in told["scope"], told
    assert 0 < int(told["expires_in"]) <= 3600, told
