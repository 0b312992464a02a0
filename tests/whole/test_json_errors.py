"""With --json, a command that fails ends standard error with one JSON object, whatever went wrong."""

import json

import canaries
import pytest
from all_commands import REAL_COMMANDS, named

from coaiapy import patience
from coaiapy.errors import ExitCode

PARSERS = {named(words): parser for words, parser in REAL_COMMANDS}
WITH_JSON = [words for words, parser in REAL_COMMANDS if "--json" in parser._option_string_actions]
NOWHERE = "http://127.0.0.1:1"


def command_of(line):
    words = line.split()
    starts = [" ".join(words[:count]) for count in range(len(words), 0, -1)]
    return next((start for start in starts if start in PARSERS), None)


def asking(line):
    """Return the words of a command line with --json, or nothing if its command has none."""
    command = command_of(line)
    parser = PARSERS.get(command)
    if parser is None or "--json" not in parser._option_string_actions:
        return []
    words = command.split() + ["--json"]
    if "--timeout" in parser._option_string_actions and "--timeout" not in line:
        words += ["--timeout", "0.3"]
    return words + line.split()[len(command.split()) :]


LINES = [words for words in map(asking, canaries.COMMANDS) if words]


def check(result, words):
    if result.code:
        last = json.loads(result.err.splitlines()[-1])
        assert last["exit_code"] == result.code and last["error"], (words, result)
        assert set(last) == {"error", "exit_code"}
    return result.code


def test_every_error_of_the_command_line(run):
    for words in WITH_JSON:
        result = run(*(words + ["--json", "--no-such-option"]))
        assert check(result, words) == ExitCode.USAGE, words


def test_every_server_that_is_away(run, monkeypatch, project):
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    canaries.make_files(project)
    for name in ("LANGFUSE_BASE_URL", "GITHUB_API_URL", "AWS_ENDPOINT_URL", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, NOWHERE)
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "OPENAI_API_KEY", "GH_TOKEN"):
        monkeypatch.setenv(name, "key")
    monkeypatch.setenv("REDIS_URL", NOWHERE.replace("http", "redis"))
    codes = [check(run(*words), words) for words in LINES]
    assert codes.count(ExitCode.NETWORK) > 40


def test_every_refused_key_also_where_a_record_waits(run, use, monkeypatch, project):
    canaries.make_files(project)
    use("v3")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    codes = [check(run(*words), words) for words in LINES if words[0] == "fuse"]
    assert codes.count(ExitCode.CONFIG) > 40


@pytest.mark.parametrize(
    "words, said",
    [
        (["transcribe", "no.wav", "neither.wav"], "neither.wav"),
        (["fuse", "doctor"], ""),
    ],
)
def test_what_fails_in_part(run, use, monkeypatch, words, said):
    use("v3")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    result = run(*(words + ["--json"]))
    assert check(result, words) and said in json.loads(result.err.splitlines()[-1])["error"]
