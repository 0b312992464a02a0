"""What the user probably meant."""

from typing import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known word nearest to ``word``, or nothing.

    That is one that is spelled alike, else the only one that has ``word`` as a part: ``type`` is
    ``observation_type``.
    """
    import difflib

    names = sorted(known)
    near = difflib.get_close_matches(word, names, 1)
    if not near:
        near = [name for name in names if word and word in name.replace("-", "_").split("_")]
    return " (did you mean {!r}?)".format(near[0]) if len(near) == 1 else ""
