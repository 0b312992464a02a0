"""What the user probably meant."""

from typing import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known word nearest to ``word``, or nothing.

    That is one that is spelled alike, else the only one that has ``word`` as a part: ``type`` is
    ``observation_type``. Capitals and the dashes of options make no difference.
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
