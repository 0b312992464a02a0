"""Old names of parameters still work."""

import pytest

from coaiapy import cofuse
from coaiapy.util.old_names import with_old_names


def test_an_old_name_is_the_new_one():
    @with_old_names(old="new", gone=None)
    def function(new, more=2):
        return new, more

    assert function(old=1) == function(1) == function(new=1, gone=5) == (1, 2)
    with pytest.raises(TypeError):
        function(old=1, new=1)
    with pytest.raises(TypeError):
        function(other=1)
    assert cofuse.parse_tlid_to_iso(tlid_str="260131120000") == "2026-01-31T12:00:00Z"
