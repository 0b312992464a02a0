"""What ``import coaiapy`` offers to scripts: few names, each with an example that runs."""

import doctest
import inspect
import pkgutil
import re
import runpy
import subprocess
import sys

import pytest
import typed_script
from hearing import melody, write_wav
from places import TOOLS
from processes import environment

import coaiapy
from coaiapy import api, api_models, api_observe, api_reads

TOOL = TOOLS / "make_api_docs.py"
FUNCTIONS = [name for name in coaiapy.__all__ if inspect.isfunction(getattr(coaiapy, name))]


@pytest.fixture(params=["local", "v3", "v4-events_only"])
def place(request, use):
    """Work locally or against a server of each generation; give the server or ``None``."""
    return use(request.param)


def test_a_name_is_no_module_and_is_there_once():
    assert sorted(set(coaiapy.__all__)) == coaiapy.__all__
    modules = {module.name for module in pkgutil.iter_modules(coaiapy.__path__)}
    assert modules & set(coaiapy.__all__) == set()  # importing it would put it in their place
    assert len(FUNCTIONS) >= 10


def test_importing_it_loads_next_to_nothing():
    code = "import coaiapy, sys; print(*sorted(n for n in sys.modules if n.startswith('coaiapy')))"
    output = subprocess.check_output([sys.executable, "-c", code], env=environment())
    assert output.decode("utf-8").split() == [
        "coaiapy",
        "coaiapy.api",
        "coaiapy.api_models",
        "coaiapy.api_observe",
        "coaiapy.api_reads",
        "coaiapy.errors",
        "coaiapy.interrupts",
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example_that_does_what_it_says(name):
    function = getattr(coaiapy, name)
    assert function.__doc__.count("\n\n") >= 1
    parser = doctest.DocTestParser()
    example = parser.get_doctest(function.__doc__, {}, name, None, None)
    assert len(example.examples) >= 2
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0


def test_the_example_of_the_package_does_what_it_says():
    example = doctest.DocTestParser().get_doctest(coaiapy.__doc__, {}, "coaiapy", None, None)
    assert doctest.DocTestRunner(verbose=False).run(example) == doctest.TestResults(0, 3)


def test_every_function_has_the_types_of_all_it_takes_and_gives():
    for name in FUNCTIONS:
        signature = inspect.signature(getattr(coaiapy, name))
        annotations = [one.annotation for one in signature.parameters.values()]
        assert inspect.Signature.empty not in annotations + [signature.return_annotation]


def test_a_script_works_locally_and_with_every_server(place, capsys):
    trace = typed_script.record("john", ["yes", "no"])
    assert (trace["name"], trace["userId"]) == ("Interview", "john")
    assert trace["output"] == {"answers": 2}
    steps = [one for one in trace["observations"] if one["name"] == "Answer"]
    assert [(one["type"], one["output"]) for one in steps] == [
        ("GENERATION", "yes"),
        ("GENERATION", "no"),
    ]
    assert typed_script.last_answer() == steps[1]["id"]
    assert typed_script.figures("john")[0] == 0
    drafts = coaiapy.get_trace(typed_script.observed("why?"))["observations"]
    assert {one["name"] for one in drafts} == {"draft", "Model"}
    assert [one["output"] for one in drafts] == ["WHY?", "WHY?"]
    assert typed_script.send() == (0 if place else 3)
    assert [one["id"] for one in coaiapy.list_traces(user_id="john")] == [trace["id"]]
    assert coaiapy.list_traces(user_id="jane") == []
    assert capsys.readouterr() == ("", "")


def test_what_cannot_be_sent_waits_and_is_no_error(use):
    server = use("v3")
    coaiapy.create_trace(trace_id="run-1")
    server.fail("refuse")
    coaiapy.create_trace(trace_id="run-2", timeout=0.5)
    assert coaiapy.flush(timeout=0.5) == 1
    server.heal()
    assert coaiapy.flush() == 0
    assert set(server.traces()) == {"run-1", "run-2"}


def test_a_refusal_and_wrong_keys_raise(use, monkeypatch):
    server = use("v3")
    server.fail("half refused", times=None, status=400)
    with pytest.raises(coaiapy.RefusedError):
        coaiapy.create_pipeline("data-pipeline")
    server.heal()
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    with pytest.raises(coaiapy.ConfigError, match="LANGFUSE_SECRET_KEY"):
        coaiapy.create_trace("Interview")


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda: coaiapy.create_pipeline("data-pipelin"), coaiapy.NotFoundError),
        (lambda: coaiapy.create_pipeline("simple-trace"), coaiapy.UsageError),
        (lambda: coaiapy.create_pipeline("simple-trace"), ValueError),
        (lambda: coaiapy.create_trace("Interview", tags=[1]), coaiapy.UsageError),
        (lambda: coaiapy.add_observation("t", "Answer", type="STEP"), coaiapy.UsageError),
        (lambda: coaiapy.add_observation("t", "Answer", usage={"a": "b"}), coaiapy.UsageError),
        (lambda: coaiapy.patch_output("nothing", 1), coaiapy.NotFoundError),
        (lambda: coaiapy.get_trace("nothing"), coaiapy.NotFoundError),
        (lambda: coaiapy.list_traces(from_time="yesterday"), coaiapy.UsageError),
        (lambda: coaiapy.flush(), coaiapy.ConfigError),
        (lambda: coaiapy.tash("", "value"), coaiapy.UsageError),
        (lambda: coaiapy.tash("\ud800", "value"), coaiapy.UsageError),
        (lambda: coaiapy.tash(12, "value"), coaiapy.UsageError),
        (lambda: coaiapy.tash("key", None), coaiapy.UsageError),
        (lambda: coaiapy.tash("key", "\ud800"), coaiapy.UsageError),
        (lambda: coaiapy.tash("key", "value", ttl="5"), coaiapy.UsageError),
        (lambda: coaiapy.fetch(None), coaiapy.UsageError),
        (lambda: coaiapy.create_trace(trace_id=["t"]), coaiapy.UsageError),
        (lambda: coaiapy.add_observation(["t"]), coaiapy.UsageError),
        (lambda: coaiapy.add_observation(True), coaiapy.UsageError),
        (lambda: coaiapy.get_trace(12), coaiapy.NotFoundError),
        (lambda: coaiapy.get_trace(None), coaiapy.UsageError),
        (lambda: coaiapy.get_trace(""), coaiapy.UsageError),
        (lambda: coaiapy.get_trace("\ud800"), coaiapy.UsageError),
        (lambda: coaiapy.patch_output(b"t", 1), coaiapy.UsageError),
        (lambda: coaiapy.list_traces(limit=-1), coaiapy.UsageError),
        (lambda: coaiapy.list_traces(limit="2"), coaiapy.UsageError),
        (lambda: coaiapy.list_traces(name=5), coaiapy.UsageError),
        (lambda: coaiapy.list_traces(user_id="\ud800"), coaiapy.UsageError),
        (lambda: coaiapy.list_traces(tags=5), coaiapy.UsageError),
        (lambda: coaiapy.list_traces(tags=[5]), coaiapy.UsageError),
        (lambda: coaiapy.fetch("nothing"), coaiapy.NotFoundError),
    ],
)
def test_a_mistake_is_an_error_that_says_so(call, error):
    with pytest.raises(error) as caught:
        call()
    assert isinstance(caught.value, coaiapy.CoaiaError) and str(caught.value)


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("output", [None, "\ud800", float("nan"), nested(5000)])
def test_an_output_that_cannot_be_stored_changes_nothing(place, output):
    trace = coaiapy.create_trace("Interview", output="before")
    with pytest.raises(coaiapy.UsageError):
        coaiapy.patch_output(trace["id"], output)
    assert coaiapy.get_trace(trace["id"])["output"] == "before"


def test_an_id_may_be_a_number(place):
    coaiapy.create_trace("Interview", trace_id=12)
    coaiapy.patch_output(12, "done")
    assert coaiapy.get_trace(12)["output"] == "done"


def test_what_is_written_again_says_when_it_started(place):
    first = coaiapy.create_trace("Interview", trace_id="t")
    assert coaiapy.create_trace("Talk", trace_id="t")["timestamp"] == first["timestamp"]
    start = coaiapy.add_observation("t", observation_id="o", start_time=1769860800)["startTime"]
    assert coaiapy.add_observation("t", observation_id="o", output=1)["startTime"] == start


def test_one_tag_may_be_given_as_a_text(place):
    coaiapy.create_trace("Interview", trace_id="t", tags=["radio"])
    assert [trace["id"] for trace in coaiapy.list_traces(tags="radio")] == ["t"]


def test_bytes_and_texts_are_stashed(run):
    coaiapy.tash("bytes", b"\xff\x00", ttl=60)
    coaiapy.tash("text", "é")
    assert (coaiapy.fetch("bytes"), coaiapy.fetch("text")) == (b"\xff\x00", "é".encode("utf-8"))
    assert run("fetch", "text").out == "é"
    assert 0 < int(run("stash", "ttl", "bytes").out) <= 60


@pytest.mark.parametrize(
    "words, code",
    [(["--help"], 0), (["--version"], 0), ([], 0), (["nonsense"], 2), (["fetch", "nothing"], 1)],
)
def test_the_command_returns_its_exit_code_as_a_plain_number(capsys, words, code):
    returned = coaiapy.main(words)
    assert (returned, type(returned)) == (code, int)


def test_the_document_says_what_the_functions_do():
    tool = runpy.run_path(str(TOOL), run_name="tool")
    text = tool["MARKDOWN"].read_text(encoding="utf-8")
    assert tool["markdown"]() == text, "docs/api.md is stale: make docs"
    assert sorted(re.findall(r"^## (\w+)$", text, re.MULTILINE)[:-1]) == sorted(FUNCTIONS)


def test_nothing_else_is_public():
    defined = [
        name
        for module in (api, api_models, api_observe, api_reads)
        for name, value in vars(module).items()
        if inspect.isfunction(value)
    ]
    assert {name for name in defined if name[0] != "_"} | {"main"} == set(FUNCTIONS)


def test_recordings_summaries_and_tags(openai, tmp_path):
    path = str(write_wav(tmp_path / "memo.wav", melody(2, 1, 0.5)))
    memo = coaiapy.transcribe(path)
    assert (memo["text"], memo["duration"]) == ("tone 0 tone 1", 3.0)
    assert [one["end"] for one in memo["segments"]] == [1.0, 2.5]
    assert "user: tone 0" in coaiapy.summarize(memo["text"], temperature=0.5, model="small")
    assert openai.requests[-1].body["temperature"] == 0.5
    tagged = coaiapy.tag(path, {"title": "Errands", "TBPM": "90"})
    assert (tagged["title"], tagged["frames"]) == ("Errands", {"TBPM": ["90"]})
    assert coaiapy.tag(path) == tagged
    assert "title" not in coaiapy.tag(path, clear=True)
    with pytest.raises(coaiapy.UsageError):
        coaiapy.summarize(" ")


def test_calls_are_recorded_in_the_active_trace(openai, tmp_path, monkeypatch):
    coaiapy.create_trace("memo", trace_id="memo")
    monkeypatch.setenv("COAIA_TRACE_ID", "memo")
    path = str(write_wav(tmp_path / "memo.wav", melody(2, 1, 0.5)))
    coaiapy.summarize(coaiapy.transcribe(path)["text"])
    coaiapy.tag(path, {"title": "Errands"})
    steps = coaiapy.get_trace("memo")["observations"]
    assert [step["name"] for step in steps] == ["transcribe", "summarizer", "tag"]
