"""Settings come back in their types, whatever is given."""

from hypothesis import given
from hypothesis import strategies as st

from coaiapy.config.keys import NUMBER, SECONDS, SWITCH, TEXT, WHOLE, checked
from coaiapy.config.schema import KEYS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


TYPES = {TEXT: str, WHOLE: int, NUMBER: float, SECONDS: float, SWITCH: bool}


@given(st.sampled_from(KEYS), JSON)
def test_whatever_is_given_comes_back_in_its_type_or_is_refused(key, value):
    try:
        result = checked(key, value)
    except ValueError as error:
        assert str(error).startswith("is not ")
    else:
        assert type(result) is TYPES[key.kind]
