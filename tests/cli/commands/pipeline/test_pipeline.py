"""``coaia pipeline`` as a person, a script and a shell use it."""

import json
import os

import pytest
from processes import bash

from coaiapy.cli.commands.pipeline.options import joined_variables

EXPORTS = {
    "COAIA_TRACE_ID",
    "COAIA_SESSION_ID",
    "COAIA_USER_ID",
    "COAIA_PARENT_OBSERVATION_ID",
    "COAIA_LAST_OBSERVATION_ID",
}


def trace(run, trace_id):
    """The trace as it was kept, with its observations."""
    answer = run("fuse", "traces", "trace-view", trace_id, "--json")
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def create(run, *words):
    answer = run("pipeline", "create", *(words + ("--json",)))
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_help(run):
    assert run("pipeline").code == 0 and "create" in run("pipeline").out
    for name in ("list", "show", "create", "init"):
        answer = run("pipeline", name, "--help")
        assert answer.code == 0 and "coaia pipeline " + name in answer.out.split("example", 1)[1]


def test_list(run, project):
    assert run("pipeline", "init", "mine", "--location", "project").code == 0
    answer = run("pipeline", "list")
    assert answer.code == 0 and answer.err == "6 templates\n"
    for name in ("simple-trace", "data-pipeline", "llm-chain", "error-handling", "mine"):
        assert name in answer.out
    assert ".json" not in answer.out and ".json" in run("pipeline", "list", "--path").out
    listed = json.loads(run("pipeline", "list", "--json").out)
    assert {"name", "description", "version", "author", "place"} == set(listed[0])
    paths = [entry["path"] for entry in json.loads(run("pipeline", "list", "--path", "--json").out)]
    assert str(project / ".coaia" / "templates" / "mine.json") in paths
    named = run("pipeline", "list", "--csv", "--columns", "name,place").out.splitlines()
    assert named[0] == "name,place" and "mine,project" in named
    lines = run("pipeline", "list", "--jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == listed


def test_list_goes_on_after_a_broken_file_and_says_so(run, project):
    folder = project / ".coaia" / "templates"
    folder.mkdir(parents=True)
    (folder / "llm-chain.yaml").write_text("steps:\n  - name: [\n")
    answer = run("pipeline", "list", "--json")
    assert answer.code == 0 and len(json.loads(answer.out)) == 4
    assert str(folder / "llm-chain.yaml") + ", line 3" in answer.err
    answer = run("pipeline", "create", "llm-chain")
    assert answer.code == 2 and answer.out == "" and "line 3" in answer.err


def test_show(run):
    out = run("pipeline", "show", "llm-chain").out
    for word in (
        "model",
        "model_name",
        "0.7",
        "Initial Generation",
        "GENERATION",
        "llm-chain.json",
    ):
        assert word in out
    assert "(required)" in run("pipeline", "show", "simple-trace").out
    shown = json.loads(run("pipeline", "show", "llm-chain", "--json").out)
    assert shown["name"] == "llm-chain" and shown["path"].endswith("llm-chain.json")


def test_show_preview_writes_nothing(run, home):
    answer = run("pipeline", "show", "parallel-processing", "--preview")
    assert answer.code == 0 and "Worker 3" in answer.out and "<job_name>" in answer.out
    previewed = json.loads(run("pipeline", "show", "llm-chain", "--preview", "--json").out)
    assert len(previewed["observations"]) == 5
    assert not (home / ".coaia").exists()


def test_create_keeps_the_whole_trace(run):
    made = create(run, "data-pipeline", "--var", "pipeline_name=ETL", "--user-id", "john")
    kept = trace(run, made["id"])
    assert (kept["name"], kept["userId"], kept["environment"]) == ("ETL", "john", "development")
    assert kept["metadata"]["variables"]["user_id"] == "john"
    assert kept["metadata"]["template_name"] == "data-pipeline"
    names = [each["name"] for each in kept["observations"]]
    assert names == ["ETL", "Load Data", "Validate Data", "Transform Data", "Export Results"]
    root = kept["observations"][0]
    assert {each.get("parentObservationId") for each in kept["observations"][1:]} == {root["id"]}


def test_create_shows_the_tree_on_stdout_and_talks_on_stderr(run):
    answer = run("pipeline", "create", "simple-trace", "--var", "trace_name=My Process")
    lines = answer.out.splitlines()
    assert lines[0].startswith("My Process  trace ") and "Main Task" in lines[1]
    assert "kept locally" in answer.err


@pytest.mark.parametrize(
    "words, value",
    [
        (["--var", "data_source=a=b=c"], "a=b=c"),
        (["--var=data_source=x"], "x"),
        (["--var", "data_source", "a=b"], "a=b"),
        (["--var", "data_source", "-5"], "-5"),
        (["--var", "data_source", "--odd one"], "--odd one"),
        (["--var", "data_source", "--"], "--"),
        (["--var", "data_source="], ""),
        (["--var", "data_source", ""], ""),
        (["--var", "data_source=007"], "007"),
        (["--var", "data_source=true"], "true"),
        (["--var", "data_source=first", "--var", "data_source=last"], "last"),
        (["--var", "data_source={{ 1 + 1 }}"], "{{ 1 + 1 }}"),
        (["--var", "data_source=ünï\ncode"], "ünï\ncode"),
    ],
)
def test_variables_are_given_in_both_forms(run, words, value):
    made = create(run, "data-pipeline", "--var", "processing_steps", "load", *words)
    assert made["metadata"]["variables"].get("data_source") == value


def test_words_are_joined_only_where_variables_are_given():
    words = ["--var", "a", "--dry-run", "--", "--var", "b", "c"]
    assert joined_variables(words, {"--dry-run"}) == ["--var=a"] + words[2:]
    assert joined_variables(["--var"]) == ["--var"]
    assert joined_variables(["--var", "a", "1", "x"]) == ["--var=a=1", "x"]


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["nobody"], 1, "no template 'nobody'"),
        (["llm-chian"], 1, "did you mean 'llm-chain'"),
        (["../llm-chain"], 2, "not a valid template name"),
        (["llm-chain", "--var", "temperature=hot"], 2, "'temperature' must be a number"),
        (["llm-chain", "--var", "temprature=1"], 2, "did you mean 'temperature'"),
        (["simple-trace"], 2, "'trace_name' is required"),
        (["simple-trace", "--var", "trace_name="], 2, "must not be empty"),
        (["llm-chain", "--var", "model"], 2, "KEY=VALUE"),
        (["llm-chain", "--var", "model", "--dry-run"], 2, "KEY=VALUE"),
        (["llm-chain", "--var", "=x"], 2, "KEY=VALUE"),
        (["llm-chain", "--trace-id", ""], 2, "id"),
        (["llm-chain", "--json", "--export-env"], 2, "choose one"),
        (["llm-chain", "--export"], 2, "--export"),
        (
            ["parallel-processing", "--var", "job_name=x", "--var", "worker_count=2.5"],
            2,
            "a whole number",
        ),
        (
            ["parallel-processing", "--var", "job_name=x", "--var", "worker_count=-1"],
            2,
            "'worker_count' must be 0 or more, not -1",
        ),
        (["parallel-processing", "--var", "job_name=x", "--var", "worker_count=1e9"], 2, "at most"),
        (["data-pipeline", "--var", "processing_steps=load,a,a"], 2, "'A' occurs twice"),
        (
            ["data-pipeline", "--var", "processing_steps=a,a"],
            2,
            "for_each gives two items this name; give processing_steps another value",
        ),
        (
            ["data-pipeline", "--var", "pipeline_name=Load Data"],
            2,
            "name: 'Load Data' occurs twice: the step '{{ pipeline_name }}' gets this name as well; "
            "give pipeline_name another value",
        ),
    ],
)
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_mistake_writes_nothing(run, home, project, words, code, said, dry):
    answer = run("pipeline", "create", *(words + dry))
    assert answer.code == code
    assert answer.out == ("(exit 2);\n" if "--export-env" in words else "")
    assert said in answer.err and answer.err.count("\n") == 1
    assert not (home / ".coaia").exists() and not list(project.iterdir())


def test_a_wrong_value_of_the_environment_is_told_with_its_place(run, home, monkeypatch):
    def said():
        return run("pipeline", "create", "parallel-processing", "--var", "job_name=x").err

    run("env", "set", "COAIA_WORKER_COUNT", "abc", "--global")
    wrong = "'COAIA_WORKER_COUNT' in {} must be a whole number, not {!r}"
    assert wrong.format(home / ".coaia" / "global.env", "abc") in said()
    run("env", "set", "COAIA_WORKER_COUNT", "def")
    assert wrong.format(".coaia-env", "def") in said()
    monkeypatch.setenv("COAIA_WORKER_COUNT", "ghi")
    assert wrong.format("the OS environment", "ghi") in said()


def test_all_mistakes_are_told_in_one_sentence(run):
    answer = run(
        "pipeline", "create", "parallel-processing", "--var", "jobname=x", "--var", "batch_size=b"
    )
    for said in ("'jobname'", "'job_name' is required", "'batch_size' must be a whole number"):
        assert said in answer.err


def test_a_dry_run_shows_everything_and_writes_nothing(run, home, project):
    answer = run("pipeline", "create", "llm-chain", "--dry-run")
    assert answer.code == 0 and "Final Synthesis" in answer.out and "dry run" in answer.err
    answer = run("pipeline", "create", "llm-chain", "--dry-run", "--export-env")
    assert answer.code == 0 and answer.out == ""
    assert not (home / ".coaia").exists() and not list(project.iterdir())


def test_a_strangers_template_can_do_nothing_even_in_a_dry_run(run, project):
    folder = project / ".coaia" / "templates"
    folder.mkdir(parents=True)
    attack = "{{ cycler.__init__.__globals__.os.popen('touch PWNED').read() }}"
    (folder / "evil.json").write_text(json.dumps({"steps": [{"name": attack}]}))
    for words in (
        ["create", "evil", "--dry-run"],
        ["create", "evil"],
        ["show", "evil", "--preview"],
    ):
        answer = run("pipeline", *words)
        assert answer.code == 2 and answer.out == "" and "template 'evil'" in answer.err
    assert run("pipeline", "show", "evil").code == 0
    assert not (project / "PWNED").exists()


def exports_of(text):
    script = text + "\nenv -0"
    found = dict(line.split("=", 1) for line in bash(script).split("\0") if "=" in line)
    return {key: value for key, value in found.items() if key in EXPORTS}


def test_export_lines_are_all_that_is_printed_and_are_kept(run, project):
    words = ("llm-chain", "--session-id", "s 1", "--user-id", "o'brien $HOME `id`", "--export-env")
    answer = run("pipeline", "create", *words)
    assert answer.code == 0
    assert all(
        line.startswith("export ") and line.endswith(";") for line in answer.out.splitlines()
    )
    found = exports_of(answer.out)
    assert set(found) == EXPORTS and found["COAIA_USER_ID"] == "o'brien $HOME `id`"
    kept = trace(run, found["COAIA_TRACE_ID"])
    assert found["COAIA_PARENT_OBSERVATION_ID"] == kept["observations"][0]["id"]
    assert found["COAIA_LAST_OBSERVATION_ID"] == kept["observations"][-1]["id"]
    for key, value in found.items():
        assert run("env", "get", key, "--location", "project").out == value + "\n"


@pytest.mark.parametrize(
    "words, said",
    [
        (
            "llm-chain --model a",
            "--model a (to set a template variable, use --var model=a)",
        ),
        ("--model a llm-chain", "use --var model=a)"),
        ("llm-chain --model=a", "use --var model=a)"),
        ("llm-chain model=a", "use --var model=a)"),
        ("llm-chain --chain-name", "use --var chain_name=VALUE)"),
        ("llm-chain --initial-prompt $(id)", "use --var initial_prompt='$(id)')"),
        ("llm-chain --sesion-id s", "did you mean '--session-id'?"),
        ("llm-chain more", "unrecognized arguments: more (see"),
        ("SIMPLE-TRACE", "no template 'SIMPLE-TRACE' (did you mean 'simple-trace'?)"),
    ],
)
def test_a_slip_on_the_command_line_is_told_with_what_was_meant(run, words, said):
    answer = run("pipeline", "create", *words.split())
    assert (answer.code, answer.out) in ((2, ""), (1, "")) and said in answer.err


@pytest.mark.parametrize("form", ["eval $({})", 'eval "$({})"'])
def test_a_shell_evaluates_the_export_lines_in_both_forms(form):
    line = form.format("coaia pipeline create simple-trace --var trace_name='a b' --export-env")
    assert len(bash(line + "\nprintf %s $COAIA_TRACE_ID")) == 32


def test_the_session_of_the_project_is_the_session_of_the_next_pipeline(run):
    assert run("pipeline", "create", "llm-chain", "--session-id", "s1", "--export-env").code == 0
    assert create(run, "llm-chain")["sessionId"] == "s1"
    assert create(run, "llm-chain", "--session-id", "s2")["sessionId"] == "s2"


def test_enable_judge_marks_the_trace(run):
    assert create(run, "llm-chain", "--enable-judge")["metadata"]["enable_judge"] is True
    assert "enable_judge" not in create(run, "llm-chain")["metadata"]


@pytest.mark.parametrize("format", ["json", "yaml"])
@pytest.mark.parametrize("location", ["user", "project"])
def test_init_writes_a_template_that_works_and_says_where_it_is(
    run, home, project, location, format
):
    answer = run("pipeline", "init", "mine", "--location", location, "--format", format)
    base = home / ".coaia" if location == "user" else project / ".coaia"
    path = base / "templates" / ("mine." + format)
    assert (answer.code, answer.out) == (0, "{}\n".format(path)) and "edit" in answer.err
    made = create(run, "mine", "--var", "tasks=a,b")
    assert [each["name"] for each in made["observations"]] == ["mine", "a", "b"]


def test_init_never_overwrites_without_force(run, home):
    assert run("pipeline", "init", "mine").code == 0
    path = home / ".coaia" / "templates" / "mine.json"
    path.write_text('{"description": "edited"}')
    for format in ("json", "yaml"):
        answer = run("pipeline", "init", "mine", "--format", format)
        assert answer.code == 6 and "--force" in answer.err and answer.out == ""
    assert path.read_text() == '{"description": "edited"}'
    assert run("pipeline", "init", "mine", "--force").code == 0
    assert "edited" not in path.read_text()


def test_init_from_a_template_extends_it(run, project):
    answer = run("pipeline", "init", "mine", "--from", "llm-chain", "--location", "project")
    assert answer.code == 0 and "extends llm-chain" in answer.err
    path = project / ".coaia" / "templates" / "mine.json"
    document = json.loads(path.read_text())
    assert document["extends"] == "llm-chain" and document["steps"] == []
    document["variables"].append({"name": "model", "default": "mine-7b"})
    document["steps"].append({"name": "Final Synthesis", "remove": True})
    document["steps"].append({"name": "Extra {{ model_name }}", "parent": "{{ chain_name }}"})
    path.write_text(json.dumps(document))
    made = create(run, "mine")
    names = [each["name"] for each in made["observations"]]
    assert names[-1] == "Extra mine-7b" and "Final Synthesis" not in names
    assert made["observations"][1]["model"] == "mine-7b"
    assert made["metadata"]["template_name"] == "mine"


@pytest.mark.parametrize(
    "words, code",
    [
        (["../../../pwn"], 2),
        (["mine", "--from", "nobody"], 1),
        (["mine", "--from", "../x"], 2),
        (["mine", "--from", "mine"], 2),
        (["mine", "--location", "moon"], 2),
    ],
)
def test_init_refuses_what_cannot_be(run, home, project, words, code):
    assert run("pipeline", "init", "--location", "project", *words).code == code
    assert not list(project.iterdir()) and not (home / ".coaia").exists()


@pytest.mark.parametrize("form", ["eval $({})", 'eval "$({})"', "{}"])
def test_a_pipeline_goes_on_in_another_session(run, form):
    first = bash(
        'coaia pipeline create llm-chain --var model="gpt-4" --export-env\n'
        + form.format('coaia env save --name "llm-session"')
    )
    os.unlink(".coaia-env")
    bash(
        "eval $(coaia env source --name llm-session --export)\n"
        'coaia fuse traces add-observation $COAIA_TRACE_ID -n "Continued processing"'
    )
    kept = trace(run, exports_of(first)["COAIA_TRACE_ID"])
    assert [each["name"] for each in kept["observations"]][-1] == "Continued processing"
    assert len(kept["observations"]) == 6
