"""The kinds of mistakes that templates have, and the form in which checks give them."""

from typing import Dict, NamedTuple

from coaiapy.util.formats.json_schema import Path

RULES: Dict[str, str] = {
    "file": "The file can be read, and its name is that of a template",
    "syntax": "The file is JSON or YAML, without duplicate keys",
    "schema": "Fields and their values are as the schema of templates says",
    "version": "The version is semantic",
    "extends": "The base exists, and what is changed or removed is in it",
    "expression": "Expressions can be read, and use what the template language has",
    "undefined-variable": "Expressions use variables that are declared",
    "unused-variable": "Variables are used",
    "default": "Defaults keep the rules of their variables",
    "parent": "Parents are steps of the template, without circles",
    "needs": "What a step needs is a step of the template, without circles",
    "condition": "There are values for which a step is made",
    "same-name": "Steps have different names whatever values the variables have",
    "command": "Values in a command are words of their own",
    "fails": "The trace can be made with the defaults and with every choice",
}


class Flaw(NamedTuple):
    """What is wrong with a part of a document that was merged with those it extends."""

    part: Path
    rule: str
    message: str
