"""What the user probably meant."""

from typing import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known word nearest to ``word``, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, sorted(known), 1)
    return " (did you mean {!r}?)".format(near[0]) if near else ""
