"""The stash means the same in Redis and on this machine."""

import threading
import time

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis_for_tests import running

from coaiapy.errors import NotFoundError, UsageError
from coaiapy.stash import stash
from coaiapy.stash.local import LocalStash
from coaiapy.stash.patterns import Entry
from coaiapy.stash.redis import RedisStash


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("redis")) as one:
        yield one


@pytest.fixture(params=["redis", "local"])
def store(request, server, monkeypatch):
    if request.param == "redis":
        redis.Redis("127.0.0.1", server.port).flushall()
        monkeypatch.setenv("REDIS_URL", server.url)
    with stash.open_stash() as opened:
        assert isinstance(opened, RedisStash if request.param == "redis" else LocalStash)
        yield opened


def wait_until(condition):
    deadline = time.monotonic() + 200
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


KEYS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1)


@settings(suppress_health_check=list(HealthCheck))
@given(key=KEYS, value=st.binary())
def test_any_bytes_come_back(store, key, value):
    stash.put(store, key, value)
    assert stash.get(store, key) == value
    assert store.entry(key) == Entry(key, len(value), None)


def test_nothing_there_is_an_error_that_names_the_key(store):
    with pytest.raises(NotFoundError, match="'missing'"):
        stash.get(store, "missing")
    assert store.entry("missing") is None
    assert store.entries("*") == []
    assert store.delete(["missing"]) == 0


def test_a_value_goes_after_its_seconds_and_only_that_one(store):
    stash.put(store, "short", b"1", 1)
    stash.put(store, "long", b"1", 1000)
    stash.put(store, "stays", b"1")
    assert 700 < store.entry("long").ttl <= 1000
    wait_until(lambda: store.get("short") is None)
    assert store.entry("short") is None
    assert [one.key for one in store.entries("*")] == ["long", "stays"]
    assert store.delete(["short"]) == 0


def test_a_new_value_has_its_own_time(store):
    stash.put(store, "key", b"1", 100)
    stash.put(store, "key", b"2")
    assert store.entry("key").ttl is None
    stash.put(store, "key", b"3", 0)
    assert (store.get("key"), store.entry("key").ttl) == (b"3", None)


def test_patterns_choose_and_names_are_in_order(store):
    for key in ("b:2", "a:1", "b:1", "é", "B:1"):
        stash.put(store, key, b"x" * len(key))
    assert [one.key for one in store.entries("b:?")] == ["b:1", "b:2"]
    assert [one.key for one in store.entries("[^b]:*")] == ["B:1", "a:1"]
    assert [one.key for one in store.entries("*")] == ["B:1", "a:1", "b:1", "b:2", "é"]
    assert store.delete(["a:1", "b:1", "none"]) == 2
    assert [one.key for one in store.entries("*")] == ["B:1", "b:2", "é"]


def test_many_keys_are_all_listed_and_deleted(store):
    keys = ["key{:04d}".format(number) for number in range(1203)]
    for key in keys:
        store.put(key, b"")
    assert [one.key for one in store.entries("key*")] == keys
    assert store.delete(keys) == len(keys)
    assert store.entries("*") == []


def test_several_at_once_lose_nothing(store):
    def write(worker):
        with stash.open_stash() as own:
            for number in range(10):
                own.put("{}-{}".format(worker, number), b"%d" % number)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.entries("*")) == 40


@pytest.mark.parametrize("ttl", [-1, stash.MOST_SECONDS + 1])
def test_impossible_times_and_keys_are_refused_before_anything_is_kept(store, ttl):
    with pytest.raises(UsageError):
        stash.put(store, "key", b"1", ttl)
    with pytest.raises(UsageError):
        stash.put(store, "", b"1")
    with pytest.raises(UsageError):
        stash.get(store, "")
    assert store.entries("*") == []


def test_the_longest_time_is_taken(store):
    stash.put(store, "key", b"1", stash.MOST_SECONDS)
    assert stash.MOST_SECONDS - 300 < store.entry("key").ttl <= stash.MOST_SECONDS


def test_the_local_stash_is_for_one_pair_of_eyes(home):
    with stash.open_stash() as store:
        store.put("key", b"1")
    path = home / ".coaia" / "coaia.db"
    assert path.stat().st_mode & 0o777 == 0o600
    assert store.where == str(path)
