"""docs/environments.md: its examples do what they say."""

import pytest
from documents import check

pytestmark = pytest.mark.once


def test_every_command_prints_what_it_says():
    check("docs/environments.md")
