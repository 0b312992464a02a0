"""Prompts as files: exact to the last character, and never outside their folder."""

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coaiapy.errors import StateError, UsageError
from coaiapy.langfuse.prompts import files as prompt_files
from coaiapy.langfuse.prompts.files import parse, with_version

TEXT = "--- \n{}---\nSay it.\n---\nTwice.\n"

texts = st.text(st.characters(blacklist_categories=("Cs",)))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
messages = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user"]), "content": texts}),
    min_size=1,
    max_size=4,
)


def prompt(content, **more):
    kind = "text" if isinstance(content, str) else "chat"
    values = {"name": "a/b", "type": kind, "prompt": content, "version": 1}
    return dict(values, **dict({"labels": ["latest"], "tags": [], "config": {}}, **more))


@given(texts, st.dictionaries(texts, json_values, max_size=3), st.lists(texts.filter(bool)))
@example("a\r\nb\n\n---\n", {"x": "\x85\u2028 \n---\n"}, ["1.0", "yes", "~"])
@example("", {}, [])
@example("---\n", {"": " \n a"}, [])
def test_a_text_prompt_comes_back_from_its_file(content, config, tags):
    found = prompt_files.parse(prompt_files.render(prompt(content, config=config, tags=tags)), "x")
    assert (found.name, found.type, found.content) == ("a/b", "text", content)
    assert found.config == config
    assert found.tags == sorted(set(tags))


@given(messages)
@example([{"role": "user", "content": "\n  x\n\n"}, {"role": "user", "content": "\ttab\n \n"}])
@example([{"role": "user", "content": "emoji \U0001f600\nline "}])
def test_a_chat_prompt_comes_back_from_its_file(content):
    found = prompt_files.parse(prompt_files.render(prompt(content)), "x")
    assert (found.type, found.content) == ("chat", content)


@pytest.mark.parametrize("name", ["x" * 300, "é" * 300, "?" * 90 + "/" + "?" * 90, "x" * 300 + "y"])
def test_a_name_that_is_too_long_for_a_file_is_cut_and_stays_one_of_its_own(name, tmp_path):
    path = prompt_files.path_of(name)
    prompt_files.write_file(str(tmp_path), path, prompt_files.render(prompt("x", name=name)))
    assert list(prompt_files.read_checked(str(tmp_path)).prompts) == [name]
    assert path != prompt_files.path_of(name + "z")


@given(texts.filter(lambda name: name.strip("/")))
@example("../../etc/passwd")
@example("/etc/passwd")
@example("a/../b")
@example("a.md/b")
@example(".git/config")
@example("C:\\x")
def test_no_name_leads_out_of_the_folder_and_none_is_lost(name):
    path = prompt_files.path_of(name)
    assert not os.path.isabs(path)
    assert not set(path.split(os.sep)) & {"..", "."}
    assert path.endswith(".md")
    if not name.startswith("/") and "//" not in name:
        assert prompt_files.name_of(path) == name


def test_several_lines_are_written_as_people_write_them():
    text = prompt_files.render(prompt([{"role": "user", "content": "one\ntwo"}], labels=["b", "a"]))
    assert text == (
        "---\nname: a/b\ntype: chat\nversion: 1\nlabels:\n- a\n- b\ntags: []\nconfig: {}\n---\n"
        "- role: user\n  content: |-\n    one\n    two\n"
    )


def test_a_checkout_with_the_line_ends_of_windows_says_the_same():
    text = prompt_files.render(prompt("one\ntwo"))
    assert prompt_files.parse(text.replace("\n", "\r\n"), "x").content == "one\ntwo"


@pytest.mark.parametrize(
    "text, said",
    [
        ("no heading", "x.md: no front matter"),
        ("---\nname: p\n", "x.md: no front matter"),
        ("---\nname: [\n---\n", "x.md: the front matter is not YAML"),
        ("---\n- a\n---\n", "x.md: the front matter is not a list of names"),
        ("---\nnme: p\n---\n", "can have name, type, version, labels, tags, config, but not 'nme'"),
        ("---\nname: 1\n---\n", "name 1 is not a text"),
        ("---\nversion: '3'\n---\n", "version '3' is not a whole number above 0"),
        ("---\ntags: x\n---\n", r"tags is not a list, such as \[x\]"),
        ("---\ntags: [1]\n---\n", "tag 1 is not a text"),
        ("---\nlabels: [A b]\n---\n", "label 'A b'"),
        ("---\ntype: image\n---\n", "type is text or chat, not 'image'"),
        ("---\ntype: chat\n---\nhello\n", "a chat prompt is a list of messages"),
    ],
)
def test_a_wrong_file_is_told_by_its_path(text, said):
    with pytest.raises(UsageError, match=said):
        prompt_files.parse(text, "x.md")


def test_a_file_without_a_name_is_named_by_its_path(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b%3F.md").write_text("---\n---\nHello")
    (tmp_path / "README.md").write_text("# Not a prompt\n")
    (tmp_path / ".hidden.md").write_text("---\n---\nx")
    found = prompt_files.read_checked(str(tmp_path))
    assert [(one.name, one.content) for one in found.prompts.values()] == [("a/b?", "Hello")]
    assert found.others == ["README.md"]


def test_a_single_label_needs_no_list():
    assert prompt_files.parse("---\nlabels: production\n---\n", "p.md").labels == ["production"]


def test_two_files_of_one_name_are_refused(tmp_path):
    (tmp_path / "a.md").write_text("---\nname: p\n---\n")
    (tmp_path / "b.md").write_text("---\nname: p\n---\n")
    with pytest.raises(UsageError, match="a.md and b.md both contain the prompt 'p'"):
        prompt_files.read_checked(str(tmp_path))


def test_a_file_with_the_byte_order_mark_of_windows_is_a_prompt(tmp_path):
    (tmp_path / "p.md").write_bytes(b"\xef\xbb\xbf---\r\n---\r\nHello\r\n")
    assert prompt_files.read_checked(str(tmp_path)).prompts["p"].content == "Hello"


def test_no_link_leads_out_of_the_folder(tmp_path, monkeypatch):
    folder, outside = tmp_path / "prompts", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "a").symlink_to(outside)
    (folder / "c.md").symlink_to(outside / "c.md")
    for path in ("a/b.md", "c.md"):
        with pytest.raises(StateError, match="leads out of"):
            prompt_files.write_file(str(folder), path, "x")
    monkeypatch.chdir(str(folder))
    with pytest.raises(StateError, match="is behind a link that leads out of"):
        prompt_files.write_file("a", "b.md", "x")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_new_version_leaves_the_rest_of_a_file_as_it_is(ends):
    text = TEXT.format("tags: [a]  # two\n").replace("\n", ends)
    changed = with_version(text, parse(text, "tone.md"), 3)
    assert changed == text.replace("# two" + ends, "# two" + ends + "version: 3" + ends)


def test_front_matter_without_an_end_is_no_text():
    with pytest.raises(UsageError, match="no front matter between two lines of ---"):
        parse("---\nname: tone\nSay it.\n", "tone.md")
