"""Files as Langfuse knows them: types, SHA-256, references."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langfuse_server import media as played

from coaiapy.langfuse.media import files as media_files
from coaiapy.langfuse.media.files import with_reference

TOKEN = media_files.token("abc_-1", "image/png")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_the_supported_types_are_those_that_servers_take():
    assert sorted(media_files.SUPPORTED_CONTENT_TYPES) == sorted(played.TYPES)


@pytest.mark.parametrize(
    "name, content_type",
    [
        ("a.png", "image/png"),
        ("a.JPG", "image/jpeg"),
        ("voice.m4a", "audio/mp4"),
        ("a.b.csv", "text/csv"),
        ("rows.jsonl", "application/x-ndjson"),
        ("noending", "application/octet-stream"),
        (".png", "application/octet-stream"),
        ("a.unheard", "application/octet-stream"),
    ],
)
def test_a_name_tells_the_type(name, content_type):
    assert media_files.detect_content_type(name) == content_type


@pytest.mark.parametrize("content_type", media_files.SUPPORTED_CONTENT_TYPES)
def test_a_file_of_every_type_gets_an_ending_that_tells_a_type(content_type):
    ending = media_files.ending_of(content_type)
    found = media_files.detect_content_type("x" + ending)
    other_names = ("image/jpg", "audio/mp3", "audio/oga")
    assert found == content_type or content_type in other_names


def test_the_sha256_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "file"
    content = bytes(range(256)) * 5000
    path.write_bytes(content)
    digest = hashlib.sha256(content).digest()
    assert media_files.file_sha256(str(path)) == base64.b64encode(digest).decode()
    assert media_files.examine(str(path)).size == len(content)
    assert media_files.id_of(content) == base64.urlsafe_b64encode(digest).decode()[:22]


def test_a_reference_has_its_id_in_it():
    assert TOKEN == "@@@langfuseMedia:type=image/png|id=abc_-1|source=file@@@"
    assert media_files.id_in(TOKEN) == "abc_-1"
    assert media_files.id_in("abc") == "abc"


@pytest.mark.parametrize(
    "before, after",
    [
        (None, TOKEN),
        ("", TOKEN),
        ("text", "text\n" + TOKEN),
        ([], [TOKEN]),
        ([1, {"a": 2}], [1, {"a": 2}, TOKEN]),
        ({}, {"media": TOKEN}),
        ({"a": 1, "media": "x"}, {"a": 1, "media": ["x", TOKEN]}),
        ({"media": ["x"]}, {"media": ["x", TOKEN]}),
        (0, [0, TOKEN]),
        (False, [False, TOKEN]),
    ],
)
def test_a_reference_is_added_to_what_is_there(before, after):
    assert with_reference(before, TOKEN) == after


@given(VALUES)
def test_a_reference_is_there_once_and_nothing_is_lost(value):
    once = with_reference(value, TOKEN)
    assert str(once).count(TOKEN) == 1
    assert with_reference(once, TOKEN) == once
    other = media_files.token("other", "text/plain")
    both = str(with_reference(once, other))
    assert TOKEN in both and other in both
