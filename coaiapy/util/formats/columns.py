"""The columns that files of rows may have, under our names or, with a map, under the user's."""

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from coaiapy.errors import UsageError
from coaiapy.util.text.wording import cut_repr, did_you_mean, listed, nearest

_MOST = 10  # unknown columns that a message names
_PLAIN = re.compile(r"[\w.-]{1,60}$")


class Columns(NamedTuple):
    """``names`` are the columns that messages list, ``aliases`` the others that are accepted.

    ``renamed`` maps names in the file to ours; an empty name leaves the column out.
    """

    names: Sequence[str]
    aliases: Sequence[str] = ()
    renamed: Mapping[str, str] = {}

    def ours(self, name: str) -> str:
        """Return our name for a name in the file, "" if the column is left out."""
        return self.renamed.get(name, name)

    def header(self, names: Sequence[str]) -> List[str]:
        """Return our names for those in a header, "" for a column that is not read.

        Raises ``UsageError`` for an unknown column, for one that occurs twice, and for a name in
        ``renamed`` that the header does not have, or that is for no column of ours.
        """
        missing = sorted(set(self.renamed) - set(names))
        if missing:
            raise UsageError(
                "--map {}: there is no such column; the header has {}".format(
                    missing[0], ", ".join(filter(None, names))
                )
            )
        found = [self.ours(name) for name in names]
        known = set(self.names) | set(self.aliases)
        for name, our in self.renamed.items():
            if our and our not in known:
                raise UsageError(
                    "--map {}={}: the columns are {}".format(name, our, ", ".join(self.names))
                )
        unknown = [name for name, our in zip(names, found) if our and our not in known]
        if unknown:
            raise UsageError(self._unknown(unknown, found))
        _check_once(names, found)
        return found

    def _unknown(self, unknown: List[str], found: List[str]) -> str:
        known = list(self.names) + list(self.aliases)
        free = [name for name in self.names[1:] if name not in found]  # hardly the id
        return "unknown {} {}{}: the columns are {}; map others with --map {}={}".format(
            "column" if len(unknown) == 1 else "columns",
            listed(list(map(cut_repr, unknown)), _MOST),
            did_you_mean(unknown[0], known),
            ", ".join(self.names),
            unknown[0] if _PLAIN.match(unknown[0]) else cut_repr(unknown[0]),
            nearest(unknown[0], known) or (free or self.names)[0],
        )

    def row(self, values: Any) -> Any:
        """Return an object of a file with our names; any other value as it is.

        Raises ``UsageError`` if two of its names are the same to us.
        """
        if not isinstance(values, dict) or not self.renamed:
            return values
        row: Dict[str, Any] = {}
        for name, value in values.items():
            our = self.ours(name)
            if our and our in row:
                raise UsageError("--map {}={}: there is {!r} as well".format(name, our, our))
            if our:
                row[our] = value
        return row


def _check_once(names: Sequence[str], found: List[str]) -> None:
    for place, our in enumerate(found):
        first = found.index(our)
        if not our or first == place:
            continue
        if names[first] == names[place]:
            raise UsageError("the column {!r} occurs twice: remove or rename one".format(our))
        raise UsageError(
            "the columns {!r} and {!r} are both {!r}: leave one of them out of --map, or map it to "
            "another name".format(names[first], names[place], our)
        )


def map_of(texts: Optional[Sequence[str]]) -> Dict[str, str]:
    """Return what texts such as ``question=input`` say; ``UsageError`` for another text."""
    renamed: Dict[str, str] = {}
    for text in texts or ():
        name, equals, our = text.rpartition("=")
        if not equals or not name.strip():
            raise UsageError("--map {!r} is not COLUMN=NAME, such as question=input".format(text))
        renamed[name.strip()] = our.strip()
    return renamed
