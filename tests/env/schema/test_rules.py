"""A value of a variable is of the type that its rule names."""

import pytest

from coaiapy.env.schema.rules import TYPES, Rule, complaints


@pytest.mark.parametrize(
    "kind, right, wrong",
    [
        ("string", ["", "x"], []),
        ("integer", ["0", "-5", "+7"], ["1.0", "x", "\u0663", "1 "]),
        ("number", ["1.5", ".5", "1e3"], ["nan", "1,5", "0x1"]),
        ("boolean", ["true", "off", "1", "0"], ["2", "wahr"]),
        (
            "url",
            ["https://x", "postgres://u:p@h/d", "redis://h:1"],
            ["x.com", "https://", "a b://c"],
        ),
        ("email", ["a.b@c.de"], ["a@", "@b.c", "a b@c.de", "a@b@c.de"]),
        ("port", ["1", "65535"], ["0", "65536", "-1", "x"]),
    ],
)
def test_types(kind, right, wrong):
    assert kind in TYPES
    assert [one for one in right if complaints(Rule("A", 1, kind), one)] == []
    assert [one for one in wrong if not complaints(Rule("A", 1, kind), one)] == []
