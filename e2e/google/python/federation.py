"""google-auth: whoever has another issuer's token gets one of the registry's, without a key.

The environment has WHARF_AUDIENCE (the provider), and the folder WHARF_KEYS has the issuer's tokens, one a file.
"""

import os

import google.auth.exceptions
import google.auth.transport.requests
from google.auth import identity_pool
from google.auth.transport.requests import AuthorizedSession

from given import ENDPOINT, KEYS, PROJECT, claim, email, found

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
DESCRIBE = f"{ENDPOINT}/v1/projects/{PROJECT}"

request = google.auth.transport.requests.Request()


def credentials(token, account=None):
    """What a file of `wharf iam workload-identity-pools create-cred-config` makes."""
    info = {
        "universe_domain": "googleapis.com",
        "type": "external_account",
        "audience": os.environ["WHARF_AUDIENCE"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{ENDPOINT}/v1/token",
        "credential_source": {"file": str(KEYS / token)},
    }
    if account:
        info["service_account_impersonation_url"] = (
            f"{ENDPOINT}/v1/projects/-/serviceAccounts/{email(account)}:generateAccessToken"
        )
    return identity_pool.Credentials.from_info(info, scopes=[SCOPE])


def denied(token, *words):
    """The exchange of this token fails with an error that has all of the words."""
    try:
        credentials(token).refresh(request)
    except google.auth.exceptions.OAuthError as error:
        for word in words:
            assert word in str(error), f"{word!r} is not in: {error}"
        found(str(error)[:200])
    else:
        raise AssertionError(f"{token} was exchanged")


@claim
def a_token_of_the_issuer_is_exchanged_and_its_principal_has_what_is_granted_to_it():
    federated = credentials("good")
    answer = AuthorizedSession(federated).get(DESCRIBE)
    assert answer.status_code == 200, answer.text
    assert answer.json()["projectId"] == PROJECT, answer.text
    found(f"a federated token until {federated.expiry}")


@claim
def a_subject_without_a_grant_is_known_and_refused():
    answer = AuthorizedSession(credentials("stranger")).get(DESCRIBE)
    assert answer.status_code == 403, answer.text
    assert "principal://iam.googleapis.com/" in answer.json()["error"]["message"] or "denied" in answer.text, answer.text


@claim
def whoever_may_act_as_an_account_gets_its_tokens():
    acting = credentials("good", account="puller")
    answer = AuthorizedSession(acting).get(f"{ENDPOINT}/storage/v1/b?project={PROJECT}")
    assert answer.status_code in (200, 403), answer.text
    assert acting.token and acting.service_account_email == email("puller")


@claim
def whoever_may_not_does_not():
    try:
        credentials("stranger", account="puller").refresh(request)
    except google.auth.exceptions.RefreshError as error:
        assert "Unable to acquire impersonated credentials" in str(error), error
    else:
        raise AssertionError("a stranger acted as puller")


@claim
def what_the_provider_does_not_accept_is_an_error_that_says_why():
    denied("wrong-issuer", "invalid_grant", "issuer")
    denied("wrong-audience", "invalid_grant", "audience")
    denied("expired", "invalid_grant", "expired")
    denied("altered", "invalid_grant", "signature")
    denied("rejected", "unauthorized_client", "attribute condition")
