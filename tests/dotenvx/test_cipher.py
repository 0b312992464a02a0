"""What is encrypted is decrypted with the right key, as dotenvx does it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.dotenvx import cipher

PAIR = cipher.pair_of("11" * 32)


SEALED = cipher.encrypt(PAIR.public, "the text")


@given(text=st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=40))
def test_what_is_encrypted_is_decrypted(text):
    sealed = cipher.encrypt(PAIR.public, text)
    assert text not in sealed or len(text) < 3
    assert cipher.decrypt(PAIR.private, sealed) == text


def test_a_value_made_by_dotenvx_is_decrypted():
    """So that the format is held where there is no npm."""
    private = "c958fc064f01d0fb87356fc5ba0ab0f92ac5af19b73d783e8025661b7734ff19"
    assert cipher.pair_of(private).public == (
        "021766b03f4940cf3ce412317d42f2e16d872fae1460c6db06ee60617f7d8e1489"
    )
    sealed = (
        "encrypted:"
        "BFCZmeRQseHkP8i8BzT9LoTE5dQQfjUh5ZsFq0To4dA0uITcmpildcOEKCZtZVBAMoedgGinOZ8l+KRlqcWh"
        "NIU35geDBAiPLt6Vn1W668GGU6OSkDe9i9qR9KI74i69hu7ZuQ=="
    )
    assert cipher.decrypt(private, sealed) == "x y"


@pytest.mark.parametrize("private", ["00" * 32, "ff" * 32, "", "zz" * 32, "11" * 31])
def test_what_is_no_key_is_none(private):
    with pytest.raises(cipher.WrongKeyError):
        cipher.pair_of(private)
    with pytest.raises(cipher.WrongKeyError):
        cipher.decrypt(private, SEALED)
