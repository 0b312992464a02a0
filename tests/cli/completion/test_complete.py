"""What is offered to a shell: all that the parsers take, and what lies on this machine."""

import argparse
import json
import os
import socket

import pytest
from all_commands import TREE, named
from loaded_modules import loaded

from coaiapy.cli.completion import values

BREAKS = " \t\n\"'><=;|&(:"
COMMANDS = [(words, parser) for words, parser in TREE if words[:1] != ["help"]]


@pytest.fixture
def complete(run):
    """Ask for what can stand for the last of ``words``; return its kind and {text: help}."""

    def ask(*words):
        result = run("__complete", "fish", "--", *words)
        assert (result.code, result.err) == (0, "")
        kind, *lines = result.out.splitlines()
        return kind, dict(line.partition("\t")[::2] for line in lines)

    return ask


@pytest.fixture
def offered(complete):
    """Ask for the texts alone."""
    return lambda *words: list(complete(*words)[1])


@pytest.fixture
def config_names(home):
    """Cache score configs of these names, as ``coaia fuse score-configs list`` does."""

    def cache(*names, **more):
        folder = home / ".coaia" / "score-configs"
        folder.mkdir(parents=True, exist_ok=True)
        configs = [
            dict({"id": name or "none", "name": name, "dataType": "NUMERIC"}, **more)
            for name in names
        ]
        path = folder / "local.json"
        path.write_text(json.dumps({"configs": configs}), encoding="utf-8")
        return path

    return cache


def test_commands_with_their_help(complete):
    kind, found = complete("")
    assert kind == "words"
    assert found["pipeline"] == "create traces from templates, and manage templates"
    assert "environment" not in found and "__complete" not in found
    assert {"list", "show", "create", "init"} <= set(complete("pipeline", "")[1])
    assert "score-configs" in complete("fuse", "sc")[1]
    assert "presets" in complete("fuse", "scc", "")[1]


@pytest.mark.parametrize("words, parser", COMMANDS, ids=[named(words) for words, _ in COMMANDS])
def test_every_option_of_every_command_is_offered(offered, words, parser):
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    options = {name for action in shown for name in action.option_strings}
    assert set(offered(*(words + ["--"]))) == {name for name in options if name[:2] == "--"}
    for name in options:
        assert name in offered(*(words + [name]))


def test_options_come_by_themselves_when_nothing_else_can(offered):
    assert "--export" in offered("env", "source", "")
    assert "--export" in offered("env", "source", "-")
    assert "-h" not in offered("env", "source", "-")
    assert offered("env", "source", "x") == []
    assert offered("env", "set", "") == []
    assert offered("fuse", "traces", "trace-view", "") == []


def test_an_option_that_was_given_is_not_offered_again(offered):
    assert "--json" not in offered("pipeline", "list", "--json", "--")
    assert "--csv" not in offered("pipeline", "list", "--json", "--")  # they exclude each other
    assert "--path" in offered("pipeline", "list", "--json", "--")
    assert "--tag" in offered("fuse", "traces", "create", "t", "--tag", "a", "--")


def test_choices(offered):
    assert offered("env", "source", "--shell", "") == ["posix", "fish", "powershell"]
    assert offered("env", "source", "--shell=") == [
        "--shell=" + name for name in ("posix", "fish", "powershell")
    ]
    assert "NUMERIC" in offered("fuse", "score-configs", "create", "Rating", "")
    assert offered("completion", "") == ["bash", "zsh", "fish"]
    assert offered("pipeline", "init", "x", "--location", "-") == ["user", "project"]


def test_templates_with_their_descriptions(complete, project):
    own = project / ".coaia" / "templates"
    own.mkdir(parents=True)
    (own / "mine.json").write_text('{"description": "My own", "steps": [{"name": "x"}]}')
    (own / "$(touch x).json").write_text("{}")
    (own / "broken.json").write_text("{")
    (own / "other.yaml").write_text("description: it takes long to read YAML")
    (own / "list.json").write_text("[]")
    kind, found = complete("pipeline", "create", "")
    assert kind == "words"
    assert found["mine"] == "My own"
    assert "Data processing" in found["data-pipeline"]
    for name in ("broken.json", "list.json", "other.yaml"):
        assert found[name.split(".")[0]] == str(own / name)
    assert not [name for name in found if "touch" in name]
    assert complete("pipeline", "show", "")[1] == found
    assert complete("pipeline", "init", "new", "--from", "")[1] == found
    assert complete("--debug", "pipeline", "--debug", "show", "")[1] == found


def test_variables_of_the_template(complete, project):
    own = project / ".coaia" / "templates"
    own.mkdir(parents=True)
    variables = [
        {"name": "size", "description": "how large", "choices": ["S", "M L"]},
        {"name": "quick", "type": "boolean"},
    ]
    template = {"variables": variables, "steps": [{"name": "x"}]}
    (own / "mine.json").write_text(json.dumps(template))
    line = ("pipeline", "create", "mine", "--var")
    assert complete(*(line + ("",))) == ("parts", {"size=": "how large", "quick=": ""})
    assert complete(*(line + ("size=",))) == ("words", {"size=S": "", "size=M L": ""})
    assert complete(*(line + ("size", ""))) == ("words", {"S": "", "M L": ""})
    assert complete(*(line + ("size=S", "--var", "quick", ""))) == (
        "words",
        {"true": "", "false": ""},
    )
    assert complete("pipeline", "create", "mine", "--var=qu")[1] == {
        "--var=size=": "how large",
        "--var=quick=": "",
    }


def test_environments_of_the_place_that_is_meant(run, offered):
    for words in (("init", "--name", "dev"), ("init", "--name", "prod", "--global")):
        assert run("env", *words).code == 0
    run("fuse", "traces", "create", "t", "--export-env")
    run("env", "save", "--name", "monday")
    assert offered("env", "source", "--name", "") == ["dev", "monday"]
    assert offered("env", "source", "--name=d") == ["--name=dev", "--name=monday"]
    assert offered("env", "get", "--global", "--name", "") == ["prod"]
    assert offered("environment", "get", "--location", "global", "KEY", "--name", "") == ["prod"]


def test_variables_of_environments(run, offered):
    run("env", "set", "OURS", "1")
    run("env", "set", "EVERYBODYS", "2", "--global")
    run("env", "set", "OTHER", "3", "--name", "dev")
    assert {"OURS", "EVERYBODYS"} == set(offered("env", "get", ""))
    assert offered("env", "unset", "--name", "dev", "") == ["OTHER"]


def test_score_configs_that_are_cached(complete, config_names):
    config_names("Helpfulness", "It's so", description="said\nso")
    found = {"Helpfulness": "NUMERIC said so", "It's so": "NUMERIC said so"}
    assert complete("fuse", "score-configs", "apply", "")[1] == found
    assert complete("fuse", "scores", "apply", "--config", "")[1] == found
    assert complete("fuse", "score-configs", "archive", "Helpfulness", "")[1] == found
    assert list(complete("fuse", "scores", "list", "--config=H")[1])[0] == "--config=Helpfulness"


def test_archived_score_configs_are_not_offered(offered, config_names):
    config_names("Old", isArchived=True)
    assert offered("fuse", "score-configs", "show", "") == []


def test_names_that_would_be_options_or_break_the_list_are_left_out(offered, config_names):
    config_names("-rf", "new\nline", "bell\a", "\x1b[31m", "good")
    assert offered("fuse", "score-configs", "show", "") == ["good"]
    assert offered("fuse", "score-configs", "show", "--", "") == ["-rf", "good"]
    assert offered("fuse", "scores", "list", "--config=") == ["--config=-rf", "--config=good"]


def test_presets_process_tags_and_topics(offered):
    assert "Helpfulness" in offered("fuse", "score-configs", "presets", "show", "")
    assert "summarizer" in offered("p", "")
    assert "summarizer" in offered("p", "--show", "")
    assert {"pipeline", "exit-codes"} <= set(offered("help", ""))
    assert offered("help", "pipeline", "") == offered("pipeline", "")


def test_files_and_folders_are_left_to_the_shell(complete):
    assert complete("tash", "key", "-F", "") == ("files", {})
    assert complete("tash", "key", "--file=") == ("files", {})
    assert complete("--env", "") == ("env-files", {})
    assert complete("transcribe", "one.mp3", "") == ("files", {})
    assert complete("summarize", "") == ("files", {})
    assert complete("fuse", "prompts", "pull", "") == ("folders", {})


def test_whatever_kind_of_value_is_known_is_a_value_somewhere():
    """A metavar says what a value is: one that is renamed would quietly stop to complete."""
    metavars = {
        action.metavar or action.dest.upper() for _, parser in TREE for action in parser._actions
    }
    known = set(values.SOURCES) | set(values.PATHS)
    assert known <= metavars


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense", ""),
        ("fuse", "nonsense", ""),
        ("pipeline", "create", "no-such-template", "--var", ""),
        ("fuse", "traces", "--user", "john", "delete", ""),
        ("completion", "bash", "x"),
    ],
)
def test_after_what_is_wrong_nothing_is_offered(run, words):
    result = run("__complete", "fish", "--", *words)
    assert (result.code, result.err) == (0, "")
    assert result.out in ("", "words\n")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("tcsh",),
        ("bash",),
        ("bash", "--"),
        ("zsh", "--"),
        ("fish", "--", "\udcff"),
        ("bash", "--", "coaia "),
    ],
)
def test_a_question_that_is_none_gets_no_answer(run, words):
    assert run("__complete", *words) == (0, "", "")


def test_what_is_broken_says_nothing(run, home, project, config_names, monkeypatch):
    path = config_names("good")
    path.write_text('{"configs": 7}')
    (project / "coaia.json").write_text("{")
    (project / ".coaia-env").write_text("{")
    monkeypatch.setenv("COAIA_DEBUG", "1")
    for words in (
        ("fuse", "scores", "list", "--config", ""),
        ("p", ""),
        ("env", "get", ""),
        ("env", "set", ""),
    ):
        assert run("__complete", "zsh", "--", *words) == (0, "", "")
    (project / "coaia.json").unlink()
    assert run("__complete", "zsh", "--", "fuse", "scores", "list", "--config", "").out == "words\n"
    assert path.read_text() == '{"configs": 7}'


def listening():
    """A server that answers nobody; ``accept`` tells whether somebody came."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(5)
    server.setblocking(False)
    return server


def test_nothing_is_asked_and_nothing_is_written(run, offered, home, monkeypatch):
    run("fuse", "traces", "create", "t")  # makes the journal
    folder = home / ".coaia" / "score-configs"
    folder.mkdir()
    (folder / "project-1.json").write_text('{"configs": [{"name": "Remote"}]}')
    with listening() as server:
        url = "http://127.0.0.1:{}".format(server.getsockname()[1])
        monkeypatch.setenv("LANGFUSE_BASE_URL", url)
        monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk")
        monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk")
        monkeypatch.setenv("REDIS_URL", url.replace("http", "redis"))
        assert offered("fuse", "scores", "list", "--config", "") == []
        name_project(url)
        before = snapshot(home.parent)
        assert offered("fuse", "scores", "list", "--config", "") == ["Remote"]
        for words, _ in TREE:
            run("__complete", "fish", "--", *(words + [""]))
            run("__complete", "fish", "--", *(words + ["--"]))
        with pytest.raises(BlockingIOError):
            server.accept()
    assert snapshot(home.parent) == before


def name_project(url):
    """Let the journal know the project of the keys, as it does once a server has told."""
    from coaiapy.langfuse.journal import destinations
    from coaiapy.langfuse.journal.db import Journal

    with Journal() as journal:
        own = journal.destination(url, "pk")
        destinations.name_project(journal, own, {"id": "project-1", "name": "One"})


def snapshot(folder):
    """Every path below ``folder`` with what would tell that it was touched."""
    found = {}
    for path in [folder] + sorted(folder.rglob("*")):
        about = os.stat(str(path))
        found[str(path)] = (about.st_ino, about.st_mtime_ns, about.st_size)
    return found


def test_a_journal_that_is_not_there_is_not_made(run, home, monkeypatch):
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk")
    before = snapshot(home.parent)
    result = run("__complete", "fish", "--", "fuse", "scores", "list", "--config", "")
    assert (result.code, result.out, result.err) == (0, "words\n", "")
    assert snapshot(home.parent) == before


@pytest.mark.parametrize(
    "words", [("pipeline", "show", ""), ("fuse", "scores", "list", "--config", ""), ("p", "")]
)
def test_no_package_is_loaded_while_somebody_waits(tmp_path, words):
    _, foreign = loaded(tmp_path, "__complete", "fish", "--", *words)
    assert foreign == set()


def bash(run, line):
    """What a bash is to put for the last word of ``line``."""
    return run("__complete", "bash", "--", line, BREAKS).out.splitlines()


def test_bash_gets_what_begins_like_the_word_and_quotes_it(run, config_names):
    config_names("It's so", "It is", "other")
    assert bash(run, "coaia fuse score-configs show I") == ["words", "It\\'s\\ so", "It\\ is"]
    assert bash(run, "coaia fuse score-configs show 'It") == ["words", "It'\\''s so", "It is"]
    assert bash(run, 'coaia fuse score-configs show "It i') == ["words", "It is"]
    assert bash(run, "coaia fuse scores list --config=It\\ i") == ["words", "It\\ is"]
    assert bash(run, "coaia fuse score-configs show OTH") == ["words", "other"]
    assert bash(run, "coaia fuse scores list --config=It >") == ["files"]


def test_zsh_gets_names_in_which_a_colon_is_none_of_its_own(run, config_names):
    config_names("a:b\\c")
    found = run("__complete", "zsh", "--", "fuse", "score-configs", "show", "").out
    assert found == "words\na\\:b\\\\c:NUMERIC\n"
