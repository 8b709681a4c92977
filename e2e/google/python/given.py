"""What a test gives its script, and how a script says what it found.

The environment has WHARF_ENDPOINT (the registry's URL), WHARF_PROJECT (a project of the test's own) and
GOOGLE_APPLICATION_CREDENTIALS (the owner's key file). Every other key file is in the folder WHARF_KEYS.
"""

import contextlib
import http.client
import os
import pathlib
import threading
import time

ENDPOINT = os.environ["WHARF_ENDPOINT"]
PROJECT = os.environ["WHARF_PROJECT"]
KEY_FILE = os.environ["GOOGLE_APPLICATION_CREDENTIALS"]
KEYS = pathlib.Path(os.environ["WHARF_KEYS"])

# An answer that is a refusal comes at once, and is not asked for again: far below the first pause of any library.
REFUSAL_SECONDS_MAX = 10

# Every request that a library has sent: its method, its target, and the status of the answer if one came. All of them
# come through this one class of Python's. What a library asks on its own account, in a thread behind, is not among them:
# Cloud Storage's looks what sort of bucket it has to do with.
requests = []


class _Remembering:
    """`http.client.HTTPConnection`, with a memory."""

    _putrequest = http.client.HTTPConnection.putrequest
    _getresponse = http.client.HTTPConnection.getresponse

    def putrequest(self, method, url, *rest, **named):
        self.current = [method, url, None]
        if threading.current_thread() is threading.main_thread():
            requests.append(self.current)
        return _Remembering._putrequest(self, method, url, *rest, **named)

    def getresponse(self, *rest, **named):
        response = _Remembering._getresponse(self, *rest, **named)
        self.current[2] = response.status
        return response


http.client.HTTPConnection.putrequest = _Remembering.putrequest
http.client.HTTPConnection.getresponse = _Remembering.getresponse


def asked(since=0):
    """The requests after the first so many, without those for tokens."""
    return [request for request in requests[since:] if not request[1].endswith("/token")]


def key_file(name):
    """The key file of an account that the test has made."""
    return str(KEYS / f"{name}.json")


def email(name, project=PROJECT):
    """The address of an account."""
    return f"{name}@{project}.iam.gserviceaccount.com"


def claim(function):
    """A claim: it is proved where it stands, and its name is printed."""
    print(function.__name__.replace("_", " "), flush=True)
    function()
    return function


def found(what):
    """Says what was found, so that a test's output can be read."""
    print(f"    {what}", flush=True)


@contextlib.contextmanager
def refused(kind, *words):
    """What is done inside fails with exactly this kind of the library's exceptions, which says all of the words, and was
    asked once."""
    begin, before = time.monotonic(), len(requests)
    try:
        yield
    except kind as error:
        said = str(error)
        assert type(error) is kind, f"{type(error).__name__}, not {kind.__name__}: {said}"
        for word in words:
            assert word in said, f"{word!r} is not in: {said}"
    else:
        raise AssertionError(f"nothing was refused, where {kind.__name__} is due")
    assert len(asked(before)) <= 1, f"asked again after a refusal: {asked(before)}"
    seconds = time.monotonic() - begin
    assert seconds < REFUSAL_SECONDS_MAX, f"a refusal took {seconds:.1f} s"
    found(f"{kind.__name__}: {said.splitlines()[0][:240]}")
