"""Masking: what looks secret, and a secret in every form that it is written in."""

import json
from urllib.parse import quote

import pytest

from coaiapy.util.masking import (
    LONGEST_SAID,
    hidden,
    looks_secret,
    masked,
    masked_value,
    query_secrets,
    said,
    shown_url,
)


@pytest.mark.parametrize(
    "name",
    """API_KEY LANGFUSE_SECRET_KEY GITHUB_TOKEN DB_PASSWORD DBPASS MYSQL_PWD AWS_CREDENTIALS AUTH
    BASIC_AUTH api_key SECRET KEY1 APIKEYS OAUTH_TOKEN PASS SESSION_TOKEN PGPASSWORD OPENAIKEY
    SSHPASS ROOTPWD NPM_TOKENS PRIVATE_KEY PASSKEY MONKEY_TOKEN BYPASS_KEY OLDPWD_PASSWORD SENTRY_DSN
    AWS_CREDENTIALS tls.key GIT_COOKIE PASSWORD2 KEY_1 PWD_2 DB_PWD AUTHORIZATION""".split(),
)
def test_secret_names(name):
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name",
    """COAIA_TRACE_ID COAIA_SESSION_ID COAIA_USER_ID AUTHOR KEYBOARD PASSENGER DEBUG_MODE PWD
    BYPASSED OLDPWD MONKEY monkeys TURKEY_SIZE COMPASS BYPASS MAX_TOKENS COAIA_MAX_TOKENS
    TOKENIZERS_PARALLELISM TOKEN_LIMIT SECRETARY SSH_AUTH_SOCK SSH_ASKPASS GIT_ASKPASS LESSKEY
    PASSWORD_STORE_DIR SSL_KEY_FILE GOOGLE_APPLICATION_CREDENTIALS LANGFUSE_PUBLIC_KEY
    PGPASSFILE""".split(),
)
def test_other_names(name):
    assert not looks_secret(name)


def test_a_password_in_a_url_is_a_secret_and_nothing_is_none():
    assert masked({"REDIS_URL": "redis://:pw@host", "LINK": "https://h/a@b", "KEY": ""}) == {
        "REDIS_URL": "****",
        "LINK": "https://h/a@b",
        "KEY": "",
    }


def test_what_is_known_to_be_secret_or_is_encrypted_is_masked_whatever_its_name():
    assert masked_value("CITY", "Paris") == "Paris"
    assert masked_value("CITY", "Paris", {"CITY"}) == "****"
    assert masked_value("CITY", "encrypted:abc") == "encrypted:****"


def test_a_secret_is_hidden_in_every_spelling():
    secret = 'se"cr\\et/ü'
    forms = (secret, quote(secret, safe=""), json.dumps(secret), repr(secret))
    assert hidden("{} {} {} {}".format(*forms), [secret]) == "**** **** \"****\" '****'"


def test_a_secret_that_is_part_of_another_leaves_nothing_of_it():
    assert hidden("abcd abcdefgh", ["abcd", "abcdefgh"]) == "**** ****"


def test_what_is_too_short_to_be_a_secret_is_not_taken_out_of_words():
    assert hidden("a cat", ["cat"]) == "a cat"


def test_the_password_of_a_proxy_is_hidden_wherever_it_is_said(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:proxy-password@h:1")
    assert hidden("refused proxy-password", []) == "refused ****"


def test_what_a_service_said_is_masked_before_it_is_cut():
    """Otherwise the beginning of a secret would be left."""
    shown = said("x" * (LONGEST_SAID - 6) + "secret-word", ["secret-word"])
    assert "secret" not in shown and len(shown) <= LONGEST_SAID + 3


def test_of_an_address_only_what_may_be_secret_counts():
    url = "http://h/p?api-version=2026-01-01&code=abcdefghij&n=12&token=abcd"
    assert query_secrets(url) == ["abcd"]
    assert query_secrets(url, is_setting=True) == ["abcdefghij", "abcd"]
    assert masked({"PAGE": "http://h/p?branch=development"}) == {
        "PAGE": "http://h/p?branch=development"
    }
    assert shown_url("https://me:pw@h/p?token=abcd#x") == "https://h/p"
