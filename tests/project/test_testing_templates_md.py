"""docs/testing-templates.md: its examples do what they say, and its table has every rule."""

import re

import pytest
from documents import check, read

from coaiapy.authoring.validation.rules import RULES

pytestmark = pytest.mark.once

NAME = "docs/testing-templates.md"


def test_every_example_does_what_it_says():
    check(NAME)


def test_the_table_has_every_rule():
    rows = re.findall(r"^\| (`.*?) \|", read(NAME), re.MULTILINE)
    assert re.findall(r"`([\w-]+)`", " ".join(rows)) == list(RULES)
