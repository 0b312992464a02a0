"""How many columns of a terminal a text takes; texts cut and padded to a number of columns."""

import unicodedata

# Unicode: a character after a joiner is drawn as part of the one before it; the second mark makes
# the character before it an emoji, which is two columns wide.
_JOINER = "\u200d"
_AS_PICTURE = "\ufe0f"
_WITHOUT_WIDTH = ("Mn", "Me", "Cf", "Cc")
CUT = "…"


def width_of(text: str) -> int:
    """Return how many terminal columns ``text`` takes."""
    try:
        return len(text.encode("ascii"))
    except UnicodeEncodeError:
        return sum(_places(last, character) for last, character in zip("\0" + text, text))


def cut(text: str, limit: int, mark: str = CUT) -> str:
    """Return ``text`` if it takes at most ``limit`` columns, else its beginning and ``mark``."""
    if width_of(text) <= limit:
        return text
    wide = width_of(mark)
    for index, (last, character) in enumerate(zip("\0" + text, text)):
        wide += _places(last, character)
        if wide > limit:
            return text[:index] + mark
    return text


def padded(text: str, width: int, to_the_right: bool = False) -> str:
    """Return ``text`` with spaces behind it, or before it, so that it takes ``width`` columns."""
    space = " " * (width - width_of(text))
    return space + text if to_the_right else text + space


def _places(last: str, character: str) -> int:
    """Return how many terminal columns ``character`` adds after the character ``last``."""
    if last == _JOINER:
        return 0
    if character == _AS_PICTURE:
        return 2 - _places("", last)
    if unicodedata.category(character) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
