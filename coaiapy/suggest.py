"""Hints for misspelled names: the " (did you mean 'x'?)" at the end of an error."""

from typing import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known word most like ``word``, or an empty text.

    First the known word with the closest spelling is taken. If none is close, a known word that
    contains ``word`` as one of its parts is taken (``type`` suggests ``observation_type``), unless
    several do. Case and the leading dashes of options are ignored.
    """
    import difflib

    names = {_plain(name): name for name in sorted(known)}
    wanted = _plain(word)
    near = difflib.get_close_matches(wanted, names, 1)
    if not near:
        near = [name for name in names if wanted and wanted in name.replace("-", "_").split("_")]
    return " (did you mean {!r}?)".format(names[near[0]]) if len(near) == 1 else ""


def _plain(word: str) -> str:
    return word.lstrip("-").lower()
