"""A schema as a table in Markdown, for a README."""

from typing import Iterator, List

from coaiapy.env.schema.rules import STRING, TYPES, Rule, Schema
from coaiapy.util.formats.tables.table import markdown_code, markdown_text
from coaiapy.util.text.wording import counted

_HEADERS = ("Variable", "Value", "Required", "Default", "Meaning")


def markdown(schema: Schema) -> List[str]:
    """Return the lines of a table with a row for each variable; defaults of secrets are not shown."""
    rows = [_HEADERS, tuple("---" for _ in _HEADERS)]
    rows += [
        (
            _code(rule.name),
            "; ".join(_values(rule)),
            _required(rule),
            _code(rule.default) if rule.default and not rule.is_secret else "",
            markdown_text(" ".join(rule.description.split())),
        )
        for rule in schema.rules.values()
    ]
    return ["| {} |".format(" | ".join(row)) for row in rows]


def _values(rule: Rule) -> Iterator[str]:
    if rule.is_secret:
        yield "secret"
    if rule.enum:
        yield " or ".join(_code(one) for one in rule.enum)
    elif rule.type != STRING or not rule.is_secret:
        yield TYPES[rule.type][1].split(" (")[0]
    if rule.pattern is not None:
        yield "matches " + _code(rule.pattern)
    words = ("at least ", "at most ")
    for limit, word in zip(rule.limits, words):
        if limit is not None:
            yield "{}{:g}".format(word, limit)
    for length, word in zip(rule.lengths, words):
        if length is not None:
            yield word + counted(length, "character")


def _required(rule: Rule) -> str:
    if rule.required:
        return "yes"
    return (
        "in " + ", ".join(markdown_text(name) for name in rule.required_in)
        if rule.required_in
        else ""
    )


def _code(text: str) -> str:
    """Return a text as code in a table, where a bar would begin the next cell even in code."""
    return markdown_code(text).replace("|", "\\|")
