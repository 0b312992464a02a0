"""Front matter: the fields at the top of a text file, between two lines of ``---``."""

import re
from typing import NamedTuple, Optional

FENCE = "---\n"
_FENCE = r"---[ \t]*(?:\n|\Z)"
# The next line of dashes after the opening one closes the front matter, which may be empty.
_FRONT = re.compile(r"({0})((?:.*?\n)??)({0})(.*)\Z".format(_FENCE), re.DOTALL)


class FrontMatter(NamedTuple):
    """The parts of a text: both fences, what is between them, and the rest. Joined they are it."""

    opening: str
    heading: str
    closing: str
    content: str


def parts(text: str) -> Optional[FrontMatter]:
    """Return the parts of a text with Unix line ends, or ``None`` if it has no front matter."""
    found = _FRONT.match(text)
    return FrontMatter(*found.groups()) if found else None


def begins(text: str) -> bool:
    """Tell whether the first line is a fence, even if there is no second one."""
    return text.split("\n", 1)[0].rstrip() + "\n" == FENCE
