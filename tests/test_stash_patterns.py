"""Patterns of keys: what matches here is what matches in a real Redis."""

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis_for_tests import running

from coaiapy import stash_patterns

ALPHABET = "ab-^é\n"
KEYS = st.lists(st.text(ALPHABET + "[]*?\\.", min_size=1, max_size=4), max_size=6)
PATTERNS = st.text(ALPHABET + "[]]*?\\[", max_size=6)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield redis.Redis("127.0.0.1", server.port)


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(keys=KEYS, pattern=PATTERNS)
def test_a_pattern_matches_what_it_matches_in_redis(client, keys, pattern):
    client.flushall()
    for key in keys:
        client.set(key.encode("utf-8"), b"")
    theirs = set(client.keys(pattern.encode("utf-8")))
    matches = stash_patterns.compiled(pattern).match
    assert {key.encode("utf-8") for key in keys if matches(key.encode("utf-8"))} == theirs


@pytest.mark.parametrize(
    "text, expected", [("a", False), ("a*", True), ("[a]", True), ("é", False)]
)
def test_what_is_a_pattern(text, expected):
    assert stash_patterns.is_pattern(text) is expected
