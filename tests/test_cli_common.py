"""What is said of words that a command does not take."""

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
        (("env", "set", "--nme", "O"), "VALUE (did you mean '--name'?)"),
        (("env", "set", "O", "-foo"), "put -- in front of it: -- -foo)"),
        (
            ("fuse", "traces", "--usr", "u1"),
            "unrecognized arguments: --usr (did you mean '--user'?)",
        ),
        (("fuse", "traces", "--limit", "3", "u1"), "unknown command 'u1'"),
        (("--nothing", "env", "list"), "unrecognized arguments: --nothing (see: coaia --help)"),
    ],
)
def test_what_a_command_does_not_take_is_told_with_that_command(run, words, said):
    assert said in run(*words).err
