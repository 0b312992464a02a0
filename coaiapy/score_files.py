"""Scores from a CSV, JSON or JSON Lines file, all of them checked before the first is written.

A row has the fields of a score, and ``config`` names a score config. One without an id is given one
that depends on the file's content alone, so that the same file read again means the same scores.
"""

import codecs
import csv
import json
from collections import Counter
from hashlib import sha256
from typing import IO, Any, Dict, Iterable, Iterator, List, Mapping, Optional

from coaiapy import observation_files, scores
from coaiapy.errors import CoaiaError, NotFoundError, UsageError
from coaiapy.json_values import parse
from coaiapy.observation_files import MAX_ERRORS_SHOWN, Item
from coaiapy.records import Score
from coaiapy.score_config_cache import Note
from coaiapy.score_configs import get as get_config
from coaiapy.score_configs import unheard
from coaiapy.settings import Settings

FORMATS = ("csv", "json", "jsonl")


def read_scores(
    settings: Settings,
    stream: IO[bytes],
    name: str = "",
    format: Optional[str] = None,
    defaults: Optional[Mapping[str, Any]] = None,
    note: Note = unheard,
) -> List[Score]:
    """Return the scores that a file holds; ``defaults`` stand for what a row leaves out.

    ``name`` tells the format if ``format`` does not. Raises ``UsageError`` that lists what is
    wrong on which line.
    """
    given = {key: value for key, value in (defaults or {}).items() if value is not None}
    maker = _Maker(settings, note)
    found: List[Score] = []
    errors: List[str] = []
    for item in _items(stream, name, format):
        try:
            found.append(maker.score(item, given))
        except (UsageError, NotFoundError) as error:
            errors.append("{}: {}".format(item.place, error))
    if errors:
        raise UsageError(_summary(errors, len(errors) + len(found)))
    if not found:
        raise UsageError("there is no score in it")
    return found


class _Maker:
    """Makes scores of rows, asking only once for each score config."""

    def __init__(self, settings: Settings, note: Note) -> None:
        self.settings = settings
        self.note = note
        self.configs: Dict[str, Any] = {}
        self.seen: Dict[str, str] = {}
        self.copies: "Counter[str]" = Counter()

    def score(self, item: Item, defaults: Mapping[str, Any]) -> Score:
        if not isinstance(item.values, dict):
            raise UsageError("a score is an object, not {!r}".format(item.values))
        values = {key: value for key, value in item.values.items() if value is not None}
        whole = dict(defaults, **values)
        if not {"id", "score_id", "scoreId"} & set(whole):
            whole["id"] = self._id(whole)
        named = whole.pop("config", None)
        if named is None:
            score = scores.plain(whole)
        else:
            score = scores.configured(self._config(str(named)), whole)
        first = self.seen.setdefault(score.id, item.place)
        if first != item.place:
            raise UsageError("id: {!r} is that of {} already".format(score.id, first))
        return score

    def _id(self, values: Mapping[str, Any]) -> str:
        """Equal rows are different scores, in their order."""
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


def _items(stream: IO[bytes], name: str, format: Optional[str]) -> Iterable[Item]:
    if format == "csv" or format is None and name.lower().endswith((".csv", ".tsv")):
        return _csv_items(stream, "\t" if name.lower().endswith(".tsv") else ",")
    return observation_files.read_items(stream, name, format)


def _csv_items(stream: IO[bytes], delimiter: str) -> Iterator[Item]:
    reader = csv.reader(codecs.getreader("utf-8-sig")(stream), delimiter=delimiter, strict=True)
    header: List[str] = []
    try:
        for number, cells in enumerate(reader):
            place = "line {}".format(reader.line_num)
            if not header:
                header = [cell.strip() for cell in cells]
            elif cells:
                yield Item(number, place, _row(header, cells, place))
    except csv.Error as error:
        raise UsageError("line {} is not CSV: {}".format(reader.line_num, error)) from error
    except UnicodeDecodeError as error:
        raise UsageError("it is not UTF-8 text: save it as UTF-8") from error


def _row(header: List[str], cells: List[str], place: str) -> Dict[str, Any]:
    """Return a row by its header; an empty cell says nothing."""
    if len(cells) > len(header):
        raise UsageError("{} has more cells than the header".format(place))
    values: Dict[str, Any] = {name: cell for name, cell in zip(header, cells) if cell != ""}
    if "metadata" in values:
        try:
            values["metadata"] = parse(values["metadata"])
        except ValueError:
            pass  # a plain text is metadata, too
    return values


def _summary(errors: List[str], count: int) -> str:
    listed = errors[:MAX_ERRORS_SHOWN]
    if len(errors) > len(listed):
        listed.append("and {} more".format(len(errors) - len(listed)))
    return "{} of {} scores are wrong, so nothing was written:\n  {}".format(
        len(errors), count, "\n  ".join(listed)
    )
