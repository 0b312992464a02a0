"""What is said of words that a command does not take, and of options that contradict each other."""

import pytest


@pytest.mark.parametrize(
    "words, said",
    [
        (("env", "list", "--jsn"), "(did you mean '--json'?) (see: coaia env list --help)"),
        (("env", "list", "--jsn=x"), "(did you mean '--json'?) (see: coaia env list --help)"),
        (("env", "get", "A", "B"), "unrecognized arguments: B (see: coaia env get --help)"),
        (
            ("env", "set", "O", "--foo"),
            "are required: VALUE (if '--foo' is a value, put -- in front of it: -- --foo)",
        ),
        (("fuse", "prompts", "push"), "are required: DIR (see: coaia fuse prompts push --help)"),
        (("env", "set", "--nme", "O"), "VALUE (did you mean '--name'?)"),
        (("env", "set", "O", "-foo"), "put -- in front of it: -- -foo)"),
        (
            ("fuse", "traces", "--usr", "u1"),
            "unrecognized arguments: --usr (did you mean '--user'?)",
        ),
        (("fuse", "traces", "--limit", "3", "u1"), "unknown command 'u1'"),
        (("fuse", "trace-view", "t"), "'trace-view': use coaia fuse traces trace-view"),
        (("fuse", "session-view", "s"), "'session-view': use coaia fuse traces session-view"),
        (("fuse", "list-observations"), "use coaia fuse traces list-observations"),
        (("trace-view", "t"), "'trace-view': use coaia fuse traces trace-view"),
        (("traces",), "unknown command 'traces': use coaia fuse traces"),
        (("trace",), "unknown command 'trace': use coaia fuse traces"),
        (("score",), "unknown command 'score': use coaia fuse scores"),
        (("transcibe",), "did you mean 'transcribe'?"),
        (("fuse", "create"), "unknown command 'create': choose one of"),
        (("create",), "unknown command 'create': choose one of"),
        (("fuse", "tracess"), "unknown command 'tracess' (did you mean 'traces'?)"),
        (("--nothing", "env", "list"), "unrecognized arguments: --nothing (see: coaia --help)"),
    ],
)
def test_what_a_command_does_not_take_is_told_with_that_command(run, words, said):
    assert said in run(*words).err


CONFLICTS = [
    ("env list --location project --global", "--location says project, but --global says global"),
    ("env get A --global --location project", "--global says global, but --location says project"),
    (
        "fuse traces add-observation t -te -ts",
        "-te says EVENT, but -ts says SPAN: give only one of them",
    ),
    (
        "fuse traces add-observation t --type agent -tg",
        "--type says AGENT, but -tg says GENERATION",
    ),
    (
        "pipeline create llm-chain --user-id a --var user_id=b",
        "--user-id says 'a', but --var user_id says 'b': give only one of them",
    ),
    ("pipeline create llm-chain --var session_id=b --session-id=a", "--session-id says 'a'"),
]


@pytest.mark.parametrize("words, said", CONFLICTS)
def test_options_that_contradict_each_other_are_refused(run, words, said):
    result = run(*words.split())
    assert (result.code, result.out) == (2, "") and said in result.err
    assert run("fuse", "traces", "--json").out == "[]\n"


@pytest.mark.parametrize(
    "words",
    [
        "env list --location global --global",
        "env list --location project --location global --global",
        "fuse traces add-observation t -ts --type span",
        "pipeline create llm-chain --user-id a --var user_id=a",
    ],
)
def test_options_that_say_the_same_are_not(run, home, words):
    (home / ".coaia").mkdir()
    (home / ".coaia" / "global.env").write_text("{}")
    assert run(*words.split()).code == 0


def test_a_strange_width_of_the_terminal_is_ignored(run, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    usual = run("env", "--help")
    for columns in ("²", "-5", "0", "wide", "9" * 5000):
        monkeypatch.setenv("COLUMNS", columns)
        assert run("env", "--help") == usual
