"""The table of settings is complete and agrees with itself."""

import pytest

from coaiapy.config.keys import NUMBER, TEXT, checked
from coaiapy.config.schema import KEY_OF, KEYS, key_for
from coaiapy.config.settings import load

BUILD_SERVICES = KEY_OF["langfuse_release"].fallbacks


def test_every_key_is_described_and_its_default_is_of_its_type():
    for key in KEYS:
        assert key.description and not key.description.endswith(".")
        assert key.default is None or checked(key, key.default) == key.default
        assert key_for(key.name) is key
    names = [name for key in KEYS for name in key.all_variables]
    assert len(names) == len(set(names))
    assert len(KEY_OF) == len(KEYS)


def test_tags_are_keys_too():
    assert key_for("mine_instruction").kind == TEXT
    assert key_for("mine_temperature").kind == NUMBER
    assert key_for("_instruction") is None
    assert key_for("mine") is None


@pytest.fixture
def no_build_service(monkeypatch):
    for name in BUILD_SERVICES:
        monkeypatch.delenv(name, raising=False)


def test_build_services_are_those_of_the_official_sdk(no_build_service, monkeypatch):
    sdk = pytest.importorskip("langfuse._utils.environment")  # it needs Python 3.10
    for name in reversed(sdk.common_release_envs):
        monkeypatch.setenv(name, "commit of " + name)
        assert load().release == sdk.get_common_release_envs()
