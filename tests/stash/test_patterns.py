"""Patterns of keys: what matches here is what matches in a real Redis."""

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis_for_tests import running

from coaiapy.stash import patterns

PLAIN = st.sampled_from("ab^é\n.")
LITERAL = PLAIN | st.sampled_from("]-")
ESCAPED = st.sampled_from("ab-^[]*?\\").map("\\{}".format)
# Whether a byte above 127 is more or less than the others depends on the machine of the server.
RANGE = st.tuples(*[st.sampled_from("ab^.09")] * 2).map("-".join)
MEMBERS = st.lists(PLAIN | st.sampled_from("*?[") | ESCAPED | RANGE, max_size=3).map("".join)
# A class without an end is read differently by different versions of Redis: there is none here.
CLASS = st.tuples(st.sampled_from(["[", "[^"]), MEMBERS).map(lambda parts: "".join(parts) + "]")
PATTERNS = st.lists(LITERAL | st.sampled_from("*?") | ESCAPED | CLASS, max_size=5).map("".join)
KEYS = st.lists(st.text("ab-^é\n[]*?\\.", min_size=1, max_size=4), max_size=6)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield redis.Redis("127.0.0.1", server.port)


@settings(suppress_health_check=list(HealthCheck))
@given(keys=KEYS, pattern=PATTERNS)
def test_a_pattern_matches_what_it_matches_in_redis(client, keys, pattern):
    client.flushall()
    for key in keys:
        client.set(key.encode("utf-8"), b"")
    theirs = set(client.keys(pattern.encode("utf-8")))
    matches = patterns.compiled(pattern).match
    assert {key.encode("utf-8") for key in keys if matches(key.encode("utf-8"))} == theirs


@pytest.mark.parametrize(
    "text, expected", [("a", False), ("a*", True), ("[a]", True), ("é", False)]
)
def test_what_is_a_pattern(text, expected):
    assert patterns.is_pattern(text) is expected


@pytest.mark.parametrize("pattern, key", [("[ab", "b"), ("a\\", "a\\"), ("[", "x"), ("[]", "]")])
def test_what_has_no_end_is_no_error(client, pattern, key):
    client.flushall()
    client.set(key, b"")
    found = patterns.compiled(pattern).match(key.encode("utf-8")) is not None
    assert found == bool(client.keys(pattern))
