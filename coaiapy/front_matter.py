"""Front matter: what a text file says of itself, between two lines of ``---`` at its top."""

import re
from typing import NamedTuple, Optional

FENCE = "---\n"
_FENCE = r"---[ \t]*(?:\n|\Z)"
# The first line of dashes after the opening one closes it: nothing may stand between them.
_FRONT = re.compile(r"({0})((?:.*?\n)??)({0})(.*)\Z".format(_FENCE), re.DOTALL)


class FrontMatter(NamedTuple):
    """The parts of a text; joined, they are the text."""

    opening: str
    heading: str
    closing: str
    content: str


def parts(text: str) -> Optional[FrontMatter]:
    """Return the parts of a text with Unix line ends, or ``None`` if it has no front matter."""
    found = _FRONT.match(text)
    return FrontMatter(*found.groups()) if found else None


def begins(text: str) -> bool:
    """Tell whether the first line is a fence, of front matter that may have no end."""
    return text.split("\n", 1)[0].rstrip() + "\n" == FENCE
