"""The facade: every name that programs import is there, in one statement, and prints nothing."""

import inspect
import json
import subprocess
import sys

import pytest
from langfuse_server import LangfuseServer
from servers import point_at

from coaiapy import cofuse
from coaiapy.errors import UsageError

# What programs outside this project import in one statement; one missing breaks them all.
IMPORTED_TOGETHER = """
    list_score_configs get_score_config apply_score_config create_score_for_target list_prompts
    get_prompt create_prompt update_prompt_version_labels delete_prompt list_datasets get_dataset
    get_score_by_id update_score_config delete_trace delete_traces_batch list_sessions get_session
    list_observations_v2 add_trace add_observation patch_trace_output get_observation
    format_observation_display get_comments get_comment_by_id post_comment list_traces
    list_projects get_trace_with_observations format_traces_table format_trace_tree
    upload_and_attach_media get_media format_media_display
""".split()


def test_the_names_that_programs_import_in_one_statement():
    code = "from coaiapy.cofuse import " + ", ".join(IMPORTED_TOGETHER)
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", cofuse.__all__)
def test_every_name_is_there_once_and_says_what_it_is(name):
    assert cofuse.__all__.count(name) == 1
    value = getattr(cofuse, name)
    if callable(value):
        assert inspect.getdoc(value)


@pytest.fixture
def server(monkeypatch):
    with LangfuseServer("v3") as running:
        point_at(monkeypatch, running)
        yield running


def test_prompts(server, capsys):
    made = json.loads(cofuse.create_prompt("a/b", "Hello {{name}}", labels=["production"]))
    assert made["version"] == 1
    assert json.loads(cofuse.get_prompt("a/b"))["prompt"] == "Hello {{name}}"
    assert [row["name"] for row in json.loads(cofuse.list_prompts())] == ["a/b"]
    cofuse.update_prompt_version_labels("a/b", 1, ["staging"])
    assert "staging" in json.loads(cofuse.get_prompt("a/b", version=1))["labels"]
    assert "a/b" in cofuse.format_prompts_table(cofuse.list_prompts())
    assert "Hello" in cofuse.format_prompt_display(cofuse.get_prompt("a/b"))
    assert "a/b" in json.loads(cofuse.delete_prompt("a/b"))["message"]
    assert capsys.readouterr().out == ""


def test_datasets(server, capsys):
    cofuse.create_dataset("ds", description="words")
    cofuse.create_dataset_item("ds", "hello", expected_output="world", item_id="i-1")
    assert json.loads(cofuse.get_dataset("ds"))["description"] == "words"
    assert [row["name"] for row in json.loads(cofuse.list_datasets())["data"]] == ["ds"]
    items = cofuse.list_dataset_items("ds")
    assert [item["id"] for item in json.loads(items)] == ["i-1"]
    [line] = cofuse.format_dataset_for_finetuning(items, "openai").splitlines()
    assert [message["role"] for message in json.loads(line)["messages"]][-1] == "assistant"
    assert "ds" in cofuse.format_datasets_table(cofuse.list_datasets())
    assert "hello" in cofuse.format_dataset_display(cofuse.get_dataset("ds"), items)
    assert capsys.readouterr().out == ""


FORMS = [
    name
    for name in cofuse.__all__
    if name.startswith("format_") and not name.endswith(("finetuning", "import_preview"))
]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("error", ['{"error": "no trace"}', {"error": "no trace"}])
def test_an_error_is_shown_as_one(name, error):
    more = ["[]"] if name == "format_dataset_display" else []
    assert getattr(cofuse, name)(error, *more) == "Error: no trace"


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("text", ["Error: refused", "[1]", '"x"'])
def test_what_cannot_be_shown_comes_back_with_what_it_is(name, text):
    more = ["[]"] if name == "format_dataset_display" else []
    shown = getattr(cofuse, name)(text, *more)
    assert shown.startswith("Error formatting this")
    assert shown.endswith(text)


@pytest.mark.parametrize(
    "call",
    [
        lambda: cofuse.create_score_config("ok", "CATEGORICAL", categories="not json"),
        lambda: cofuse.format_dataset_for_finetuning("nope", "openai"),
        lambda: cofuse.format_dataset_for_finetuning("5", "openai"),
        lambda: cofuse.format_dataset_for_finetuning(["a"], "openai"),
    ],
)
def test_what_is_no_json_is_a_sentence(call):
    with pytest.raises(UsageError):
        call()


def test_what_get_trace_says_of_a_missing_trace_is_shown_as_an_error():
    shown = cofuse.format_trace_tree(cofuse.get_trace_with_observations("nope"))
    assert shown.startswith("Error: no trace 'nope'")
