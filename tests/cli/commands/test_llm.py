"""coaia p and coaia summarize: texts to a model and back, with a real HTTP server behind."""

import json

import pytest
from openai_server import KEY


@pytest.fixture
def config(project):
    """Write the project's coaia.json."""

    def write(**values):
        (project / "coaia.json").write_text(json.dumps(values))

    return write


def asked(openai):
    (request,) = openai.requests
    return request.body


def test_a_tag_of_the_settings_with_its_temperature(run, openai, config):
    config(shout_instruction="Write it in capitals.", shout_temperature=0.9, model="small")
    result = run("p", "shout", "good morning")
    assert (result.code, result.err) == (0, "")
    assert result.out == "system: Write it in capitals. | user: good morning | temperature 0.9\n"
    assert asked(openai) == {
        "model": "small",
        "temperature": 0.9,
        "messages": [
            {"role": "system", "content": "Write it in capitals."},
            {"role": "user", "content": "good morning"},
        ],
    }


def test_options_come_before_the_tag(run, openai, config):
    config(shout_instruction="x", shout_temperature=0.9, model="small")
    run("p", "shout", "hello", "--temperature", "0", "--model", "large")
    assert asked(openai)["temperature"] == 0
    assert asked(openai)["model"] == "large"


def test_the_settings_temperature_is_for_tags_without_one(run, openai, config):
    config(shout_instruction="x", default_temperature=0.4)
    run("p", "shout", "hello")
    assert asked(openai)["temperature"] == 0.4


def test_without_any_temperature_the_service_chooses(run, openai, config):
    config(shout_instruction="x")
    run("p", "shout", "hello")
    assert "temperature" not in asked(openai)


def test_a_text_that_is_given_comes_before_standard_input(run, openai):
    assert "user: given |" in run("p", "summarizer", "given", stdin="piped").out


def test_standard_input_a_file_and_a_dash(run, openai, project):
    (project / "note.txt").write_text("from a file")
    assert "user: piped |" in run("p", "summarizer", stdin="piped").out
    assert "user: piped |" in run("p", "summarizer", "-", stdin="piped").out
    assert "user: piped |" in run("p", "summarizer", "-F", "-", stdin="piped").out
    assert "user: from a file |" in run("p", "summarizer", "-F", "note.txt", stdin="piped").out


def test_a_file_comes_before_a_text_and_a_note_says_so(run, openai, project):
    (project / "note.txt").write_text("from a file")
    result = run("p", "summarizer", "a text", "-F", "note.txt")
    assert "user: from a file |" in result.out
    assert "TEXT is ignored" in result.err


def test_summarize_takes_a_text_a_file_or_standard_input(run, openai, project):
    (project / "note.txt").write_text("from a file")
    assert "user: a long text |" in run("summarize", "a long text", stdin="piped").out
    assert "user: from a file |" in run("s", "note.txt", stdin="piped").out
    assert "user: piped |" in run("s", "-", stdin="piped").out
    assert "user: piped |" in run("s", stdin="piped").out
    assert "Summarize" in openai.requests[0].body["messages"][0]["content"]


def test_a_text_longer_than_a_path_is_a_text(run, openai):
    assert run("s", "word " * 2000).code == 0


def test_summarizer_settings_rule_summarize(run, openai, config):
    config(summarizer_instruction="Only a title.", summarizer_temperature=1.5)
    assert run("s", "text").out == "system: Only a title. | user: text | temperature 1.5\n"


def test_the_temperature_of_a_built_in_tag_can_be_set_alone(run, openai, config):
    config(summarizer_temperature=0.1)
    assert run("s", "text").out.endswith("temperature 0.1\n")


def test_output_goes_to_the_file_alone(run, openai, project):
    result = run("s", "text", "-O", "out.txt")
    assert (result.code, result.out) == (0, "")
    assert (project / "out.txt").read_text().endswith("temperature None\n")


@pytest.mark.parametrize("fault", ["401", "no_text", "400"])
def test_a_failure_leaves_the_file_as_it_was(run, openai, project, fault):
    (project / "out.txt").write_text("precious")
    openai.faults = [fault]
    result = run("s", "text", "-O", "out.txt")
    assert result.code != 0 and result.out == ""
    assert (project / "out.txt").read_text() == "precious"
    assert result.err.count("\n") == 1
    assert KEY not in result.err


def test_a_file_that_cannot_be_written_costs_nothing(run, openai, project):
    result = run("s", "text", "-O", "no/such/folder.txt")
    assert result.code == 6
    assert "there is no folder" in result.err
    assert openai.requests == []


@pytest.mark.parametrize(
    "fault, code", [("401", 3), ("400", 5), ("quota", 5), ("html", 4), ("no_text", 4)]
)
def test_exit_codes(run, openai, fault, code):
    openai.faults = [fault]
    assert run("s", "text").code == code


def test_dry_run_shows_the_request_without_the_key(run, openai):
    result = run("s", "text", "--dry-run", "--temperature", "0.5")
    shown = json.loads(result.out)
    assert shown["url"] == openai.url + "/chat/completions"
    assert shown["body"]["messages"][1] == {"role": "user", "content": "text"}
    assert shown["body"]["temperature"] == 0.5
    assert KEY not in result.out + result.err
    assert openai.requests == []


def test_a_stream_prints_the_same(run, openai):
    whole = run("s", "text")
    assert run("s", "text", "--stream") == whole
    assert openai.requests[1].body["stream"] is True


def test_a_stream_with_reasoning_that_has_only_an_end_says_so_and_records_the_answer(run, openai):
    openai.faults = [
        [{"choices": [{"delta": {"content": part}}]} for part in ("Hm.", "\n</think>", "Yes")]
    ]
    run("fuse", "traces", "create", "t")
    result = run("s", "text", "--stream", "--trace-id", "t")
    assert (result.code, result.out) == (0, "Hm.\n</think>Yes\n")
    assert "what stands before </think> is the model's reasoning" in result.err
    trace = json.loads(run("fuse", "traces", "trace-view", "t", "--json").out)
    assert trace["observations"][0]["output"] == "Yes"


LAST = {"choices": [{"delta": None, "finish_reason": "stop"}], "model": ["m"]}


def test_a_stream_may_have_events_without_text(run, openai):
    said = {"choices": [{"delta": {"content": "hello", "role": None}, "finish_reason": None}]}
    openai.faults = [[{"choices": None}, said, {"choices": [{"delta": {"content": None}}]}, LAST]]
    result = run("s", "text", "--stream")
    assert (result.code, result.out) == (0, "hello\n")


@pytest.mark.parametrize("delta", ["text", 5, [], {"content": {"a": 1}}])
def test_a_stream_of_something_else_is_one_sentence(run, openai, delta):
    openai.faults = [[{"choices": [{"delta": delta}]}, LAST]]
    result = run("s", "text", "--stream")
    assert (result.code, result.out) == (4, "")
    assert "is not the answer of a language model" in result.err and result.err.count("\n") == 1


def test_a_service_that_does_not_stream_prints_the_same(run, openai):
    whole = run("s", "text")
    openai.faults = ["whole_instead"]
    assert run("s", "text", "--stream") == whole


def test_a_stream_that_breaks_off_is_an_error_after_what_came(run, openai):
    openai.faults = ["stream_ends"]
    result = run("s", "text", "--stream")
    assert (result.code, result.out) == (4, "half")
    assert "stopped " in result.err


def test_an_answer_that_was_cut_short_is_said_to_be(run, openai):
    openai.faults = ["length"]
    result = run("s", "text")
    assert (result.code, result.out) == (0, "cut\n")
    assert "the answer is incomplete" in result.err


def test_an_unknown_tag_is_not_sent(run, openai):
    result = run("p", "sumarizer", "text")
    assert result.code == 1
    assert "did you mean 'summarizer'" in result.err
    assert openai.requests == []


@pytest.mark.parametrize(
    "words, code",
    [
        (("p",), 2),
        (("p", "summarizer", ""), 2),
        (("p", "../secret", "a"), 2),
        (("s", "text", "--temperature", "3"), 2),
        (("p", "summarizer", "-F", "missing.txt"), 6),
    ],
)
def test_what_cannot_be_is_said(run, openai, words, code):
    result = run(*words)
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1
    assert openai.requests == []


def test_without_a_key_it_says_what_to_set(run):
    result = run("s", "text")
    assert (result.code, result.out) == (3, "")
    assert "OPENAI_API_KEY" in result.err


def test_the_list_shows_every_tag_and_where_it_is_from(run, home, project, config):
    config(shout_instruction="In capitals.", default_preprompt_instruction="no tag")
    (project / ".coaia" / "tags").mkdir(parents=True)
    (project / ".coaia" / "tags" / "title.md").write_text("---\ntemperature: 0.2\n---\nA title.")
    (home / ".coaia" / "tags").mkdir(parents=True)
    (home / ".coaia" / "tags" / "mine.txt").write_text("Mine.")
    result = run("p", "--list", "--json")
    tags = {tag["name"]: tag for tag in json.loads(result.out)}
    assert set(tags) == {"shout", "title", "mine", "summarizer", "csv2json", "dictkore", "d2s"}
    assert tags["title"]["temperature"] == 0.2
    assert tags["title"]["place"] == ".coaia/tags/title.md"
    table = run("p", "--list")
    assert table.code == 0
    for name in tags:
        assert name in table.out


def test_a_broken_tag_does_not_hide_the_others(run, project):
    (project / ".coaia" / "tags").mkdir(parents=True)
    (project / ".coaia" / "tags" / "empty.md").write_text(" ")
    (project / ".coaia" / "tags" / "bytes.md").write_bytes(b"\xff")
    result = run("p", "--list")
    assert result.code == 3
    assert "summarizer" in result.out
    assert "empty.md contains no instruction" in result.err
    assert "bytes.md is not UTF-8" in result.err


def test_show_prints_the_instruction_alone(run, config):
    config(shout_instruction="In capitals.\nNothing else.", shout_temperature=0.9)
    result = run("p", "--show", "shout")
    assert result.out == "In capitals.\nNothing else.\n"
    assert result.err == "coaia.json, temperature 0.9\n"


@pytest.mark.parametrize(
    "text",
    ["nosuchfile.txt", "./notes", "../a/b", "/no/where", "~/notes", "talk.markdown", "a.b.md"],
)
def test_a_word_that_names_a_file_that_is_not_there_is_not_sent(run, openai, text):
    result = run("summarize", text)
    assert (result.code, result.out) == (6, "")
    assert repr(text) in result.err and "-F" in result.err
    assert openai.requests == []


@pytest.mark.parametrize(
    "text", ["a long text.txt", "hello", "https://example.org/a.html", "Stop."]
)
def test_a_text_that_is_no_path_is_summarized(run, openai, text):
    assert run("summarize", text).code == 0


def test_summarize_reads_a_named_file_and_says_what_is_empty(run, openai, project):
    (project / "notes").write_text("a text", "utf-8")
    assert run("summarize", "-F", "notes").code == 0
    (project / "notes").write_text(" \n", "utf-8")
    assert "notes is empty" in run("summarize", "-F", "notes").err
    assert "the text is empty" in run("summarize", "").err
    assert "standard input is empty" in run("summarize", stdin="").err
