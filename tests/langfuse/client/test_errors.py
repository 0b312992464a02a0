"""What is said of an answer that is a refusal, with which exit code."""

import base64
import json
import time

import pytest

from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, ExitCode, NotFoundError, RefusedError
from coaiapy.langfuse.client.errors import (
    TooHeavyError,
    UnavailableError,
    WrongDialectError,
    clean,
    error_for,
    is_other_generation,
)
from coaiapy.util.http.answers import Answer, message_of

SECRET = "sk-lf-SECRETSECRETSECRETSECRET1234"
SETTINGS = Settings(
    base_url="http://127.0.0.1:9", public_key="pk-lf-test", secret_key=SECRET, timeout=1.0
)


def refusal(status, body, **options):
    headers = options.pop("headers", {})
    return error_for(Answer(status, headers, body), "GET /x", Settings("pk", "sk-9", **options))


def test_wrong_keys_on_the_cloud_hint_at_the_other_regions():
    said = str(refusal(401, b'{"message":"Invalid credentials."}'))
    assert "us.cloud.langfuse.com" in said and "region" in said
    assert "region" not in str(refusal(401, b"{}", base_url="https://lf.example.org"))


def test_the_keys_of_an_organization_are_refused_with_a_hint():
    error = refusal(403, b'{"message":"Access denied - insufficient permissions"}')
    assert isinstance(error, ConfigError) and "keys of a project" in str(error)


def test_a_used_up_plan_is_no_matter_of_keys():
    error = refusal(403, b'{"message":"Ingestion suspended: Usage threshold exceeded."}')
    assert isinstance(error, ConfigError)
    assert "what was written is kept" in str(error) and "keys" not in str(error)


def test_no_message_shows_the_secret_key_or_a_password_in_the_address():
    error = refusal(400, b'{"message":"bad sk-9"}', base_url="http://me:pass@lf.example.org")
    assert "sk-9" not in str(error) and "pass" not in str(error)
    assert "http://lf.example.org" in str(error)
    header = base64.b64encode(b"pk:sk-9").decode()
    assert header not in str(refusal(502, header.encode()))


@pytest.mark.parametrize(
    "status, body, kind, code",
    [
        (404, b'{"message":"Trace not found","error":"LangfuseNotFoundError"}', NotFoundError, 1),
        (404, b"<!DOCTYPE html><title>404</title>", WrongDialectError, 5),
        (405, b'{"message":"Method not allowed"}', WrongDialectError, 5),
        (422, b'{"message":"narrow your request","error":"Request timed out"}', TooHeavyError, 5),
        (400, b"Invalid JSON", RefusedError, 5),
        (429, b"429 - rate limit exceeded", UnavailableError, 4),
        (503, b'{"message":"Service Unavailable"}', UnavailableError, 4),
    ],
)
def test_every_status_has_its_exit_code(status, body, kind, code):
    error = refusal(status, body)
    assert type(error) is kind and error.exit_code == ExitCode(code)


def test_a_name_that_mentions_a_mode_is_still_not_found():
    assert isinstance(refusal(404, b'{"message":"Prompt not found: events_only"}'), NotFoundError)


@pytest.mark.parametrize(
    "message, is_enough",
    [("not found", False), ("t1x", False), ("", False), ("Trace t1 not found", True)],
)
def test_a_404_says_what_was_looked_for(message, is_enough):
    body = '{{"message": "{}"}}'.format(message).encode("utf-8")
    asked = "GET /api/public/traces/t1"
    said = str(error_for(Answer(404, {}, body), asked, Settings(base_url="http://x")))
    assert (asked not in said and said == message) if is_enough else asked in said


def test_a_redirect_names_the_address_to_set():
    headers = {"location": "https://u:p@lf.example.org/api/public/x?token=1"}
    error = refusal(301, b"", headers=headers)
    assert isinstance(error, ConfigError)
    assert "to https://lf.example.org/api/public/x: set LANGFUSE_BASE_URL" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"<title" * 200000,
        b"<title " + b"a" * 1200000,
        b"not available " * 90000,
        b'{"message": "' + b"only available " * 80000 + b'"}',
        b" " * 1200000,
        b'{"message": "' + b"\\ud83d" * 200000 + b'"}',
        b"[" * 1200000,
        b'{"error": [' + b"{}," * 300000 + b"1]}",
    ],
)
def test_a_long_page_is_read_in_no_time(body):
    start = time.process_time()
    assert len(clean(message_of(body), SETTINGS)) < 700
    is_other_generation(404, body)
    assert time.process_time() - start < 20


@pytest.mark.parametrize("before", range(560, 606))
def test_a_key_at_the_cut_is_masked(before):
    for said in (SECRET, "x" + SECRET, "Basic " + _basic()):
        for body in (
            json.dumps({"message": "y" * before + said}),
            "y" * before + " " + said,
            " " * 5000 + "y " * (before // 2) + said,
        ):
            shown = clean(message_of(body.encode("utf-8")), SETTINGS)
            assert "SECRET" not in shown and _basic()[:20] not in shown


def _basic():
    from coaiapy.util.masking import basic

    return basic(SETTINGS.public_key, SECRET)
