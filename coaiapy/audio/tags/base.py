"""The base class of the tags of every format: it holds the file that mutagen has opened."""

from typing import Any, Optional

from coaiapy.errors import UsageError

# The tags that coaia has a name for; each format has a place for them.
NAMES = ("title", "artist", "album", "track", "year", "genre", "comment")


class OpenedTags:
    """The tags of an opened file; a file without tags gets empty ones."""

    def __init__(self, opened: Any) -> None:
        self.opened = opened
        if opened.tags is None:
            opened.add_tags()
        self.tags = opened.tags

    def save(self, version: Optional[str]) -> None:
        """Write the tags; ``UsageError`` if a ``version`` is given, which only ID3 tags have."""
        if version:
            kind = type(self.opened).__name__
            raise UsageError(
                "--id3 is only for files with ID3 tags, and {} has none: leave it out".format(kind)
            )
        self.opened.save()
