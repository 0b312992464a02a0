"""docs/sharing-templates.md: its examples do what they say."""

import pytest
from documents import check

pytestmark = pytest.mark.once


def test_every_example_does_what_it_says():
    check("docs/sharing-templates.md")
