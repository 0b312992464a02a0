"""What the tags of every kind of sound file have in common: a file that mutagen has opened."""

from typing import Any, Optional

from coaiapy.errors import UsageError

# The tags that have a name of their own in every kind of file.
NAMES = ("title", "artist", "album", "track", "year", "genre", "comment")


class OpenedTags:
    """The tags of an opened file; one without any is given empty ones."""

    def __init__(self, opened: Any) -> None:
        self.opened = opened
        if opened.tags is None:
            opened.add_tags()
        self.tags = opened.tags

    def save(self, version: Optional[str]) -> None:
        """Write the tags; a ``version`` is a ``UsageError``, unless they are ID3."""
        if version:
            kind = type(self.opened).__name__
            raise UsageError("--id3 goes with ID3 tags; {} has none".format(kind))
        self.opened.save()
