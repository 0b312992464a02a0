"""A journal that is open."""

import pytest

from coaiapy.langfuse.journal.db import Journal


@pytest.fixture
def journal():
    with Journal() as opened:
        yield opened
