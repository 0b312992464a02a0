"""Reads scores from a CSV, JSON or JSON Lines file, and checks all of them.

A row has the fields of a score; ``config`` is the name of a score config. A row without an id gets
one that is a hash of its content, so that reading the same file again gives the same scores.
"""

import json
from collections import Counter
from hashlib import sha256
from typing import IO, Any, Dict, Iterable, List, Mapping, Optional

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, NotFoundError, UsageError
from coaiapy.langfuse.records.fields import SCORE_FIELDS
from coaiapy.langfuse.records.records import Score
from coaiapy.langfuse.scores import scores
from coaiapy.langfuse.scores.configs import get as get_config
from coaiapy.util.formats.columns import Columns
from coaiapy.util.formats.item_files import Item, RowErrors, csv_items, read_items
from coaiapy.util.formats.json_values import DuplicateKeyError, parse_unique
from coaiapy.util.text.notes import Note, ignore_note

FORMATS = ("csv", "json", "jsonl")
COLUMNS = [field.attribute for field in SCORE_FIELDS] + ["config"]
_ALIASES = [name for field in SCORE_FIELDS for name in (field.api,) + field.aliases]


def read_scores(
    settings: Settings,
    stream: IO[bytes],
    name: str = "",
    format: Optional[str] = None,
    defaults: Optional[Mapping[str, Any]] = None,
    note: Note = ignore_note,
    renamed: Mapping[str, str] = {},
) -> List[Score]:
    """Return the scores in a file; ``defaults`` are used for fields that a row does not have.

    Without ``format`` the extension of ``name`` tells the format; ``renamed`` is as in ``Columns``.
    Raises one ``UsageError`` that lists all mistakes with their lines.
    """
    given = {key: value for key, value in (defaults or {}).items() if value is not None}
    maker = _ScoreMaker(settings, note)
    found: List[Score] = []
    errors = RowErrors()
    columns = Columns(COLUMNS, _ALIASES, renamed)
    for item in _items(stream, name, format, columns, note):
        try:
            found.append(maker.score(item.place, columns.row(item.fields("a score")), given))
        except (UsageError, NotFoundError) as error:
            errors.add(item.place, error)
    errors.check(errors.count + len(found), "score", "written")
    if not found:
        raise UsageError("it contains no scores")
    return found


class _ScoreMaker:
    """Makes scores from rows; reads each score config only once."""

    def __init__(self, settings: Settings, note: Note) -> None:
        self.settings = settings
        self.note = note
        self.configs: Dict[str, Any] = {}
        self.seen: Dict[str, str] = {}
        self.copies: "Counter[str]" = Counter()

    def score(self, place: str, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Score:
        values = {key: value for key, value in given.items() if value is not None}
        whole = dict(defaults, **values)
        if not {"id", "score_id", "scoreId"} & set(whole):
            whole["id"] = self._id(whole)
        named = whole.pop("config", None)
        if named is None:
            score = scores.plain(whole)
        else:
            score = scores.configured(self._config(str(named)), whole)
        first = self.seen.setdefault(score.id, place)
        if first != place:
            raise UsageError("id: {!r} is already the id of {}".format(score.id, first))
        return score

    def _id(self, values: Mapping[str, Any]) -> str:
        """Return an id made from a row's content; equal rows get different ids, by their order."""
        content = json.dumps(values, sort_keys=True, default=str)
        self.copies[content] += 1
        seed = "{}\x1f{}".format(content, self.copies[content])
        return sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _config(self, name: str) -> Any:
        if name not in self.configs:
            try:
                self.configs[name] = get_config(self.settings, name, self.note)
            except NotFoundError as error:
                self.configs[name] = error
        if isinstance(self.configs[name], CoaiaError):
            raise self.configs[name]
        return self.configs[name]


def _items(
    stream: IO[bytes], name: str, format: Optional[str], columns: Columns, note: Note
) -> Iterable[Item]:
    if format == "csv" or format is None and name.lower().endswith((".csv", ".tsv")):
        return csv_items(stream, columns, _value, note)
    return read_items(stream, name, format)


def _value(column: str, cell: str) -> Any:
    if column == "metadata":
        try:
            return parse_unique(cell)
        except DuplicateKeyError as error:
            raise UsageError(str(error)) from error
        except ValueError:
            pass  # metadata may be any text
    return cell
