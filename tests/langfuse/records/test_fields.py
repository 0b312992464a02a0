"""Types, levels and kinds of values are known however they are written."""

import pytest

from coaiapy.langfuse.records.fields import OBSERVATION_TYPES
from coaiapy.langfuse.records.records import observation_from


@pytest.mark.parametrize("kind", OBSERVATION_TYPES)
def test_every_type_is_known_in_any_case(kind):
    assert observation_from({"type": kind.lower()}, "t").type == kind
