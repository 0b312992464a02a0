"""The front matter of a text: what stands between two lines of dashes at its beginning."""

import re
from typing import NamedTuple, Optional

FENCE = "---\n"
_FENCE = r"---[ \t]*(?:\n|\Z)"
# The next line of dashes after the opening one closes the front matter, which may be empty.
_FRONT = r"(?s)({0})((?:.*?\n)??)({0})(.*)\Z".format(_FENCE)


class FrontMatter(NamedTuple):
    """The parts of a text: both fences, what is between them, and the rest. Joined they are it."""

    opening: str
    heading: str
    closing: str
    content: str


def front_matter(text: str) -> Optional[FrontMatter]:
    """Return the parts of a text with Unix line ends, or ``None`` if it has no front matter."""
    found = re.match(_FRONT, text)
    return FrontMatter(*found.groups()) if found else None


def begins_front_matter(text: str) -> bool:
    """Tell whether the first line is a fence, even if there is no second one."""
    return text.split("\n", 1)[0].rstrip() + "\n" == FENCE
