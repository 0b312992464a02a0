"""Options that every command takes, wherever they stand."""

import json

import pytest

from coaiapy.cli.global_options import Globals, take_globals


@pytest.mark.parametrize(
    "line, kept, said",
    [
        ("env list", "env list", Globals()),
        ("--quiet env --utc list --debug", "env list", Globals(True, True, True)),
        ("env list --color never", "env list", Globals(color="never")),
        ("env --color=always list --color", "env list", Globals(color="")),
        ("env set -- --quiet --color", "env set -- --quiet --color", Globals()),
        ("--env f env list --json", "--env f env list --json", Globals(json=True, env_file="f")),
        ("env set K -- --json", "env set K -- --json", Globals()),
    ],
)
def test_they_are_taken_out_of_the_line_and_what_follows_two_dashes_is_not(line, kept, said):
    assert take_globals(line.split()) == (kept.split(), said)


def test_quiet_hides_notes_and_keeps_data_warnings_and_errors(run):
    loud, quiet = (run(*words, "fuse", "traces", "create", "t1") for words in ((), ("--quiet",)))
    assert loud.out == quiet.out == "t1\n"
    assert loud.err and not quiet.err
    failed = run("fuse", "traces", "trace-view", "nope", "--quiet")
    assert (failed.code, failed.err.count("\n")) == (1, 1)


@pytest.mark.parametrize("value", ["", "red", "ALWAYS"])
def test_a_color_that_is_none_is_refused(run, value):
    code, out, err = run("env", "list", "--color", value)
    assert (code, out) == (2, "")
    assert "--color {!r}: choose one of auto, always, never".format(value) in err


@pytest.mark.parametrize(
    "line, code",
    [
        ("fuse traces trace-view nope --json", 1),
        ("fuse traces list --json --limit x", 2),
        ("fuse prompts list --json", 3),
        ("--json nonsense", 2),
    ],
)
def test_with_json_an_error_is_one_json_object_on_stderr(run, line, code):
    result = run(*line.split())
    assert (result.code, result.out) == (code, "")
    said = json.loads(result.err.splitlines()[-1])
    assert said["exit_code"] == code and said["error"]
    assert said["error"] in run(*line.replace("--json", "").split()).err or "json" in said["error"]


def test_the_help_of_every_command_names_them(run):
    assert "also with every command: --debug, --quiet, --utc" in run("env", "get", "--help").out
    assert "--quiet" in run("--help").out
