"""``coaia fuse traces`` without a server: by hand, rightly and wrongly."""

import json
import os
import subprocess
import sys

import pytest
from processes import COAIA, environment, finish

from coaiapy import coaiacli
from coaiapy.langfuse.records.fields import OBSERVATION_TYPES

LOCAL_NOTE = "to send it, set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, then run: coaia fuse outbox flush --adopt"


@pytest.fixture
def fuse(run):
    """Run ``coaia fuse traces WORD...``."""
    return lambda *words, **options: run("fuse", "traces", *words, **options)


@pytest.fixture
def shown(fuse):
    """Return a trace as it is read back."""
    return lambda trace_id: json.loads(fuse("trace-view", trace_id, "--json").out)


def test_on_a_fresh_machine_there_is_nothing_and_that_is_no_error(fuse):
    empty = fuse()
    assert (empty.code, empty.err) == (0, "0 traces\nread from the local journal\n")
    heading, rule = empty.out.splitlines()
    assert heading.split() == ["Trace", "Name", "Started", "User", "Session", "Tags"]
    assert set(rule) == set("- ")
    assert fuse("--json").out == "[]\n"


def test_what_is_written_is_shown_as_a_tree(fuse):
    words = ("create", "my-run", "-u", "john", "-s", "s1", "-n", "Nightly", "--tag", "a")
    created = fuse(*(words + ("--timestamp", "260131120000")))
    assert (created.code, created.out) == (0, "my-run\n")
    assert created.err.endswith(LOCAL_NOTE + "\n") and created.err.count("\n") == 1
    span = ("--start-time", "260131120000", "--end-time", "2026-01-31T13:00:05+01:00")
    assert fuse("add-observation", "load", "my-run", "-ts", "-n", "Load", *span).out == "load\n"
    generation = ("-tg", "-n", "Ask", "-p", "load", "--model", "gpt-4", "--level", "warning")
    usage = ("--usage", '{"input": 3, "output": 4, "total": 7}', "--status-message", "slow")
    later = ("--start-time", "2026-01-31T12:00:01Z")
    assert fuse("add-observation", "my-run", *(generation + usage + later)).code == 0
    viewed = fuse("tv", "my-run")
    assert viewed.out.splitlines() == [
        "Nightly  trace my-run  user john  session s1  2026-01-31 12:00:00Z",
        "└─ SPAN        Load  5 s",
        "   └─ GENERATION  Ask  gpt-4  input=3 output=4 total=7  WARNING  slow",
    ]
    assert viewed.err == "read from the local journal\n"
    assert fuse("session-view", "s1").out.splitlines()[2:] == viewed.out.splitlines()
    assert fuse("sv", "s1", "--json").code == 0
    listed = fuse()
    assert "my-run" in listed.out and "Nightly" in listed.out and "john" in listed.out
    assert listed.err == "1 trace\nread from the local journal\n"


@pytest.mark.parametrize(
    "text, value",
    [
        ("0", 0),
        ("false", False),
        ('""', ""),
        ("", ""),
        ("[]", []),
        ("{}", {}),
        ('{"a": [1, null]}', {"a": [1, None]}),
        ("plain text", "plain text"),
        ("{broken", "{broken"),
        ("NaN", "NaN"),
        ("日本 😀", "日本 😀"),
    ],
)
def test_input_output_and_metadata_are_json_or_text(fuse, shown, text, value):
    assert fuse("create", "t", "--input", text, "--output", text, "--metadata", text).code == 0
    options = ("--input=" + text, "--output=" + text, "--metadata=" + text)
    assert fuse("add-observation", "o", "t", *options).code == 0
    trace = shown("t")
    for body in (trace, trace["observations"][0]):
        assert body["input"] == value and type(body["input"]) is type(value)
        assert body["output"] == value
        assert body["metadata"] == (value if isinstance(value, dict) else {"metadata": value})


def test_null_is_absence(fuse, shown):
    fuse("create", "t", "-i", "null", "-o", "null", "-m", "null")
    assert set(shown("t")) == {"id", "timestamp", "observations", "scores"}


@pytest.mark.parametrize("kind", OBSERVATION_TYPES)
def test_every_type_can_be_written(fuse, shown, kind):
    assert fuse("add-observation", "o", "t", "--type", kind.lower()).code == 0
    assert shown("t")["observations"][0]["type"] == kind
    assert kind in fuse("tv", "t").out


@pytest.mark.parametrize("option, kind", [("-te", "EVENT"), ("-ts", "SPAN"), ("-tg", "GENERATION")])
def test_the_short_types(fuse, shown, option, kind):
    assert fuse("add-observation", "o", "t", option).code == 0
    assert shown("t")["observations"][0]["type"] == kind


def test_a_span_is_closed_later_without_becoming_another(fuse, shown):
    fuse("add-observation", "o", "t", "-ts", "--level", "WARNING", "--start-time", "260131120000")
    fuse("add-observation", "o", "t", "--end-time", "260131120007", "-o", "done")
    (body,) = shown("t")["observations"]
    assert (body["type"], body["level"], body["output"]) == ("SPAN", "WARNING", "done")
    assert "7 s" in fuse("tv", "t").out


@pytest.mark.parametrize(
    "words",
    [
        ("o", "t"),
        ("--trace-id", "t", "--observation-id", "o"),
        ("--trace-id=t", "o"),
        ("t", "--observation-id", "o"),
    ],
)
def test_ids_by_place_or_by_name(fuse, shown, words):
    assert fuse("add-observation", *words).out == "o\n"
    assert shown("t")["observations"][0]["id"] == "o"


def test_one_id_is_the_trace_and_the_observation_gets_its_own(fuse, shown):
    result = fuse("add-observation", "t", "-n", "Continued processing")
    assert shown("t")["observations"][0]["id"] == result.out.strip()
    assert len(result.out.strip()) == 16


def test_swapped_ids_are_refused(fuse, shown):
    fuse("create", "t")
    result = fuse("add-observation", "t", "o")
    assert (result.code, result.out) == (2, "")
    assert "these look swapped" in result.err and "add-observation o t" in result.err
    assert shown("t")["observations"] == []
    assert fuse("tv", "o").code == 1


@pytest.mark.parametrize(
    "words, reason",
    [
        ((), "the trace is missing"),
        (("a", "b", "c"), "too many ids (a b c)"),
        (("", "t"), "id: must have 1 to 800 characters"),
        (("o", ""), "the trace is missing"),
        (("o", "o", "--parent", "o"), "parent_id: an observation cannot be its own parent"),
        (("t", "--type", "STEP"), "invalid choice: 'STEP'"),
        (("t", "--level", "FATAL"), "invalid choice: 'FATAL'"),
        (("t", "--start-time", "soon"), "'soon' is not a time"),
        (("t", "--start-time", "260131120001", "--end-time", "260131120000"), "end_time"),
        (("t", "--usage", "many"), "'many' is not JSON"),
        (("t", "--usage", '{"input": -1}'), "usage: input must be a whole number"),
        (("t", "--cost", "NaN"), "'NaN' is not JSON"),
        (("t", "--cost", "[]"), "cost: total must be a number of US dollars"),
        (("t", "--model-parameters", "[1]"), "is not a JSON object"),
        (("t", "--nam", "x"), "--nam"),
    ],
)
def test_a_wrong_observation_is_a_sentence_and_nothing_is_written(fuse, words, reason):
    result = fuse("add-observation", *words)
    assert (result.code, result.out) == (2, "")
    assert reason in result.err and result.err.count("\n") == 1
    assert fuse("--json").out == "[]\n"


def test_filters_and_order_reach_the_list(fuse):
    for number, name in enumerate(["a", "b", "c"]):
        moment = "2026-01-31T12:00:0{}Z".format(number)
        words = ("-n", name, "-u", "u" + name, "--tag", "x", "--timestamp", moment)
        fuse("create", name, "-s", "s", "--environment", "env-" + name, *words)

    def ids(*words):
        return "".join(trace["id"] for trace in json.loads(fuse(*(words + ("--json",))).out))

    assert ids() == ids("list") == ids("list", "--tag", "x", "--session", "s") == "cba"
    assert ids("--order", "timestamp.asc", "--limit", "2") == "ab"
    assert ids("list", "--user", "ub") == ids("--name", "b") == ids("--environment", "env-b") == "b"
    assert ids("--from", "2026-01-31T12:00:01Z", "--to", "260131120002") == "b"
    assert ids("--last", "9999d") == "cba" and ids("list", "--last", "1h") == ""
    assert ids("--user", "ub", "list") == "b"
    assert json.loads(fuse("--json", "list").out) == json.loads(fuse("list", "--json").out)
    full = json.loads(fuse("list", "--json", "--include-observations", "--limit", "1").out)
    assert full[0]["observations"] == []


VALUES = {
    "--timeout": "60",
    "--limit": "1",
    "--user": "john",
    "--user-id": "john",
    "--session": "s",
    "--session-id": "s",
    "--name": "a",
    "--tag": "x",
    "--environment": "env-a",
    "--from": "2026-01-31T12:00:00Z",
    "--to": "2026-01-31T12:00:01Z",
    "--last": "9999d",
    "--order": "timestamp.asc",
    "--columns": "id",
    "--query": "a",
}
# These show no list; pages have tests of their own.
NO_LIST = {"--help", "--html", "--open"}


@pytest.mark.parametrize("place", [(), ("list",)])
def test_every_option_of_the_listing_works_before_and_behind_list(fuse, place):
    words = ("-n", "a", "-u", "john", "-s", "s", "--tag", "x", "--tag", "y")
    fuse("create", "t", "--environment", "env-a", "--timestamp", VALUES["--from"], *words)
    line = ("fuse", "traces") + place
    parser = coaiacli.build_parser(list(line))
    for word in line:
        parser = parser._subparsers._group_actions[0].choices[word]
    options = {option for option in parser._option_string_actions if option.startswith("--")}
    for option in sorted(options - NO_LIST):
        given = [option, VALUES[option]] if option in VALUES else [option]
        result = fuse(*(list(place) + given))
        assert (result.code, result.err.splitlines()[0]) == (0, "1 trace"), (given, result.err)
    assert set(VALUES) < options
    tags = ("--tag", "x", "--tag")
    assert fuse(*(place + tags + ("y",))).err.startswith("1 trace\n")
    assert fuse(*(place + tags + ("z",))).err.startswith("0 traces\n")


def test_a_list_that_is_cut_says_so(fuse):
    for _ in range(3):
        fuse("create")
    cut = fuse("--limit", "2")
    assert cut.err == "2 traces\nthere are more: --all shows them\nread from the local journal\n"
    whole = "3 traces\nread from the local journal\n"
    assert fuse("--limit", "3").err == fuse("--all").err == whole


def test_the_list_has_every_form_before_and_behind_its_name(fuse):
    fuse("create", "t1", "-n", "a, b", "--timestamp", "2026-01-31T12:00:00Z", "--tag", "x")
    lines = ["id,name,timestamp", 't1,"a, b",2026-01-31T12:00:00.000Z']
    columns = ("--columns", "id,name,timestamp")
    for words in (("--csv",) + columns, columns + ("list", "--csv"), ("--csv", "list") + columns):
        assert fuse(*words).out.splitlines() == lines
    assert json.loads(fuse("list", "--jsonl").out)["tags"] == ["x"]
    assert fuse("--columns", "name").out.splitlines() == ["Name", "----", "a, b"]
    assert fuse("list", "--columns", "nmae").code == 2
    assert fuse("--csv", "trace-view", "t1").code == 2


@pytest.mark.parametrize(
    "words, reason",
    [
        (("--limit", "0"), "'0' is not a whole number above 0"),
        (("--limit", "²"), "is not a whole number above 0"),
        (("--from", "never"), "'never' is not a time"),
        (("--order", "name"), "invalid choice: 'name'"),
        (("nope",), "unknown command 'nope': choose one of list, trace-view, session-view"),
        (("trace-veiw", "t"), "unknown command 'trace-veiw' (did you mean 'trace-view'?)"),
        (
            ("--user", "u", "tv", "t"),
            "--user is an option of the listing and has no effect before tv",
        ),
        (("--name", "list", "create", "t"), "--name is an option of the listing"),
        (("patch-output", "t", "null"), "the output is null"),
        (("patch-output", "t", "x", "-f", "y"), "the output is given twice"),
        (("patch-output", "t"), "standard input is empty"),
        (("create", "t", "--environment", "Prod"), "environment: 'Prod' is not a name"),
        (("create", "x" * 801), "id: must have 1 to 800 characters"),
    ],
)
def test_a_wrong_command_line_is_a_sentence(fuse, words, reason):
    result = fuse(*words)
    assert (result.code, result.out) == (2, "")
    assert reason in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("tv", "x"),
        ("sv", "x"),
        ("get-observation", "x"),
        ("patch-output", "x", "1"),
        ("delete", "x", "--yes"),
        ("delete", "t", "x", "--yes"),
    ],
)
def test_what_is_not_there_is_exit_code_1(fuse, words):
    fuse("create", "t")
    result = fuse(*words)
    assert (result.code, result.out) == (1, "")
    assert "'x'" in result.err and result.err.count("\n") == 1
    assert fuse("tv", "t").code == 0


def test_an_observation_is_shown_field_by_field_or_as_json(fuse):
    fuse("add-observation", "o", "t", "-n", "N", "-i", '{"a": 1}')
    lines = fuse("get-observation", "o").out.splitlines()
    assert "name       N" in lines and 'input      {"a": 1}' in lines
    for alias in ("obs-get", "get-obs", "get-observation"):
        assert json.loads(fuse(alias, "o", "--json").out)["input"] == {"a": 1}


def test_an_output_is_patched_from_argument_file_and_pipe(fuse, project, shown):
    fuse("create", "t", "-n", "keep", "-i", "in")
    (project / "out.json").write_text('{"rows": 3}\n')
    for words, stdin, output in [
        (("[]",), "", []),
        (("",), "", ""),
        (("-f", "out.json"), "", {"rows": 3}),
        ((), "two\nlines\n", "two\nlines"),
        (("-f", "-"), "0", 0),
    ]:
        assert fuse("patch-output", "t", *words, stdin=stdin).code == 0
        trace = shown("t")
        assert trace["output"] == output and (trace["name"], trace["input"]) == ("keep", "in")
    assert json.loads(fuse("patch-output", "t", "1", "--json").out)["output"] == 1


def test_a_delivery_that_is_required_is_not_a_local_one(fuse):
    result = fuse("create", "t", "--require-delivery")
    assert result.code == 3 and LOCAL_NOTE in result.err


def test_exports_survive_any_value_in_a_real_shell(project):
    wicked = "x'; touch PWNED; echo '$(touch PWNED) `touch PWNED`  two  spaces"
    coaia = " ".join(COAIA)
    script = """
        eval "$({0} fuse traces create "$WICKED" -u "o'brien" --export-env 2>/dev/null)"
        eval $({0} fuse traces add-observation child --trace-id "$COAIA_TRACE_ID" --export-env 2>/dev/null)
        printf '%s|%s|%s' "$COAIA_TRACE_ID" "$COAIA_USER_ID" "$COAIA_LAST_OBSERVATION_ID"
    """.format(coaia)
    said = subprocess.check_output(["bash", "-c", script], env=environment(WICKED=wicked))
    assert said.decode() == wicked + "|o'brien|child"
    assert not (project / "PWNED").exists()


def test_an_ascii_terminal_gets_an_ascii_tree_and_valid_json():
    given = environment(PYTHONIOENCODING="ascii")
    name = "é 😀"
    assert finish("fuse", "traces", "create", "t", "-n", name, env=given)[0] == 0
    assert finish("fuse", "traces", "add-observation", "o", "t", "-n", name, env=given)[0] == 0
    code, out, err = finish("fuse", "traces", "tv", "t", env=given)
    assert code == 0 and "`- EVENT" in out and "\\xe9" in out
    code, out, err = finish("fuse", "traces", "tv", "t", "--json", env=given)
    assert code == 0 and json.loads(out)["name"] == name


def test_a_reader_that_leaves_early_is_no_error(fuse):
    lines = "\n".join(json.dumps({"name": "x" * 200}) for _ in range(3000))
    assert fuse("add-observations", "t", stdin=lines).code == 0
    for words in ("tv t", "tv t --json"):
        command = "set -o pipefail; {} fuse traces {} | head -1".format(" ".join(COAIA), words)
        done = subprocess.run(
            ["bash", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(b"\n") == 1 and b"Traceback" not in done.stderr


def test_no_local_command_loads_what_only_servers_need(tmp_path):
    script = (
        "import sys\n"
        "from coaiapy.coaiacli import main\n"
        "main(sys.argv[1:])\n"
        "print(sorted({'requests', 'yaml', 'tqdm', 'jinja2', 'redis'} & set(sys.modules)))\n"
    )
    for words in (["create", "t"], ["add-observation", "o", "t"], ["tv", "t"], ["list"]):
        command = [sys.executable, "-c", script, "fuse", "traces"] + words
        said = subprocess.check_output(command, env=environment(), stderr=subprocess.DEVNULL)
        assert said.decode().splitlines()[-1] == "[]"


def test_a_working_folder_that_is_gone_is_no_obstacle(project):
    os.rmdir(str(project))
    code, out, err = finish("fuse", "traces", "create", "t")
    assert (code, out) == (0, "t\n"), err
