"""Questions to a person, and what is done where nobody can be asked."""

import io

import pytest
from terminal import Terminal

from coaiapy.cli.input import agrees
from coaiapy.cli.parser import Context
from coaiapy.errors import ConfigError


@pytest.mark.parametrize(
    "answer, agreed",
    [
        ("y\n", True),
        ("YES\n", True),
        ("n\n", False),
        ("yesterday\n", False),
        ("\n", False),
        ("", False),
    ],
)
def test_nothing_but_a_yes_is_one(answer, agreed):
    context = Context(Terminal(answer), io.StringIO(), io.StringIO())
    assert agrees(context, "remove it?") is agreed
    assert context.stderr.getvalue() == "remove it? [y/N] "
    assert context.stdout.getvalue() == ""


@pytest.mark.parametrize(
    "more, said", [((), "add --yes"), (("name the presets",), "name the presets")]
)
def test_where_nobody_can_be_asked_it_says_what_to_do(more, said):
    context = Context(io.StringIO("y\n"), io.StringIO(), io.StringIO())
    with pytest.raises(
        ConfigError, match=r"^nobody can be asked to remove it \({}\)$".format(said)
    ):
        agrees(context, "remove it?", *more)
