"""A schema as comments in a .env.example, also in those of other tools."""

import pytest

from coaiapy.env.schema import example_form
from coaiapy.env.schema.rules import Rule

EXAMPLE = """# The app
# @defaultSensitive=false
# ---

# Port of the server,
# at least 1024.
# @type=port @required=forEnv(production, "staging")   # the same everywhere else
PORT=3000   # usual

#@sensitive
export TOKEN_OF='put it here'
# -----
# @type=enum(debug, info) @optional @example=info @docs(https://x.y)
LEVEL=
# @pattern="^v\\d+ \\"x\\"$" @sensitive=false
VERSION="v1
2"
PLAIN=1
BARE
"""


def test_what_it_says_of_a_variable():
    schema = example_form.parse(EXAMPLE, "E")
    assert schema.problems == [] and not schema.is_closed
    both = ("production", "staging")
    about = "Port of the server, at least 1024."
    assert list(schema.rules.values()) == [
        Rule("PORT", 8, "port", required_in=both, default="3000", description=about),
        Rule("TOKEN_OF", 11, required=True, secret=True),
        Rule("LEVEL", 14, enum=("debug", "info")),
        Rule("VERSION", 16, pattern='^v\\d+ "x"$', required=True, default="v1\n2"),
        Rule("PLAIN", 18, required=True, default="1"),
    ]


@pytest.mark.parametrize(
    "comment, said",
    [
        ("@requird", "@requird is not known (did you mean 'required'?)"),
        ("@type=strng", "@type must be one of"),
        ("@type=string(startsWith=x)", "@type must be one of"),
        ("@optional=perhaps", "@optional must be true or false"),
        ('@pattern="("', "@pattern is no regular expression"),
        ("@optional, please", "'@optional, please' is no mark"),
        ("@" * 5000, "'@@@"),
    ],
)
def test_a_mistake_is_a_problem_of_its_line(comment, said):
    (problem,) = example_form.parse("# a note\n# {}\nA=1\n".format(comment), "E").problems
    assert (problem.line, problem.rule) == (2, "wrong-schema") and problem.message.startswith(said)


def test_a_name_that_a_shell_cannot_have():
    (problem,) = example_form.parse("my.name=1\n", "E").problems
    assert "'my.name' cannot name a variable" in problem.message
