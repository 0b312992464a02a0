"""Notes reach whoever listens, once each, and nobody else."""

from coaiapy.util.text.notes import heard_by, tell


def test_a_sentence_is_heard_once_in_each_block_and_never_outside():
    outer, inner = [], []
    tell("before")
    with heard_by(outer.append):
        tell("a")
        tell("a")
        with heard_by(inner.append):
            tell("a")
        tell("b")
    tell("after")
    assert (outer, inner) == (["a", "b"], ["a"])
