"""Splits long texts between sentences into pieces that Amazon Polly can speak.

Polly limits the number of billed characters in a request and the length of the request as a whole.
SSML tags are not billed, but count for the second limit.
"""

import os
import re
from typing import Dict, Iterator, List, NamedTuple, Optional
from xml.parsers import expat
from xml.sax.saxutils import escape

from coaiapy.errors import UsageError

# Polly's sound formats, and the default voice.
FORMATS = ("mp3", "ogg_vorbis", "pcm")
# The formats that the suffix of a file's name stands for.
_SUFFIXES = {
    ".mp3": "mp3",
    ".mpga": "mp3",
    ".ogg": "ogg_vorbis",
    ".oga": "ogg_vorbis",
    ".wav": "pcm",
    ".pcm": "pcm",
    ".raw": "pcm",
}
_OTHER_SOUNDS = (".aac", ".aif", ".aiff", ".amr", ".flac", ".m4a", ".mp4", ".opus", ".webm", ".wma")
DEFAULT_VOICE = "Joanna"

# The most billed characters, and the most characters in all, of one request.
BILLED = 3000
WHOLE = 6000

# Places to cut a text, the best first: the end of a sentence, of a clause, of a word.
_BREAKS = (
    re.compile(r"[.!?…]+[\"'”’)\]»]*\s+|[。！？]+[”’」』）]*\s*|\n\s*\n\s*"),
    re.compile(r"[,;:–—]\s+|[，；：、]\s*|\n"),
    re.compile(r"\s+"),
)
# SSML elements that must not be cut.
_WHOLE_ELEMENTS = ("say-as", "phoneme", "sub", "w")


def split(text: str, limit: int = BILLED) -> List[str]:
    """Return ``text`` split into pieces of at most ``limit`` characters.

    A piece ends after a sentence if possible, else after a clause, after a word, or anywhere.
    """
    pieces = [""]
    for unit in _units(text, limit, 0):
        if len(pieces[-1]) + len(unit) > limit and pieces[-1]:
            pieces.append("")
        pieces[-1] += unit
    return [piece for piece in pieces if piece]


def _units(text: str, limit: int, level: int) -> Iterator[str]:
    """Yield the sentences of ``text``; one that is too long is split into clauses or words."""
    if level == len(_BREAKS):
        for start in range(0, len(text), limit):
            yield text[start : start + limit]
        return
    start = 0
    ends = [match.end() for match in _BREAKS[level].finditer(text)] + [len(text)]
    for end in ends:
        unit = text[start:end]
        start = end
        if len(unit) <= limit:
            if unit:
                yield unit
        else:
            for part in _units(unit, limit, level + 1):
                yield part


class _Mark(NamedTuple):
    """A tag of SSML, or a piece of text between tags.

    ``kind`` is ``open``, ``close``, ``text`` or ``atom`` (an element that is not cut, such as a
    break). ``written`` is the text in the document, ``billed`` the number of billed characters, and
    ``name`` the element's name, or the unescaped text.
    """

    kind: str
    written: str
    billed: int = 0
    name: str = ""


def split_ssml(text: str, limit: int = BILLED, whole: int = WHOLE) -> List[str]:
    """Return an SSML document as documents with at most ``limit`` billed characters each.

    Elements that are open at a cut are closed there and opened again in the next document. The
    elements of ``_WHOLE_ELEMENTS`` are not cut. ``whole`` is the most characters of a document.
    Raises ``UsageError`` when ``text`` is not SSML, or cannot be cut into such documents.
    """
    documents = []
    current = _Document()
    for mark in _fine_marks(_marks(text), limit):
        if mark.kind == "text" or mark.kind == "atom":
            too_long = current.billed + mark.billed > limit
            if too_long or current.length + len(mark.written) > whole:
                if current.is_spoken:
                    documents.append(current.closed())
                current = current.continued()
        current.add(mark)
    if current.is_spoken:
        documents.append(current.closed())
    for document in documents:
        if len(document) > whole:
            raise UsageError(
                "an element of the SSML is longer than the {} characters that can be spoken at "
                "once; split it: {}...".format(whole, document[:60])
            )
    return documents


class _Document:
    """An SSML document that is being written, and the elements that are open in it."""

    def __init__(self) -> None:
        self.written: List[str] = []
        self.open: List[_Mark] = []
        self.billed = 0
        self.is_spoken = False

    @property
    def length(self) -> int:
        """Its length if all open elements were closed here."""
        return sum(map(len, self.written)) + sum(len(mark.name) + 3 for mark in self.open)

    def add(self, mark: _Mark) -> None:
        """Append a tag or text."""
        self.written.append(mark.written)
        self.billed += mark.billed
        if mark.kind == "open":
            self.open.append(mark)
        elif mark.kind == "close":
            self.open.pop()
        elif mark.kind == "atom" or mark.written.strip():
            self.is_spoken = True

    def closed(self) -> str:
        """Return the document with all open elements closed."""
        ends = ["</{}>".format(mark.name) for mark in reversed(self.open)]
        return "".join(self.written + ends)

    def continued(self) -> "_Document":
        """Return a new document in which the same elements are open."""
        document = _Document()
        for mark in self.open:
            document.add(mark)
        return document


def _marks(text: str) -> List[_Mark]:
    """Return the tags and texts of an SSML document; ``UsageError`` if it is not valid."""
    marks: List[_Mark] = []

    def opened(name: str, attributes: Dict[str, str]) -> None:
        given = "".join(' {}="{}"'.format(key, _quoted(attributes[key])) for key in attributes)
        marks.append(_Mark("open", "<{}{}>".format(name, given), 0, name))

    def closed(name: str) -> None:
        if marks[-1].kind == "open" and name != "speak":
            last = marks.pop()
            marks.append(_Mark("atom", last.written[:-1] + "/>"))
        else:
            marks.append(_Mark("close", "</{}>".format(name), 0, name))

    def said(data: str) -> None:
        if marks and marks[-1].kind == "text":
            data = marks.pop().name + data
        marks.append(_Mark("text", escape(data), len(data), data))

    def refused(*words: object) -> None:
        raise UsageError("SSML with its own document type is not accepted: remove <!DOCTYPE>")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = said, refused
    try:
        parser.Parse(text.strip(), True)
    except expat.ExpatError as error:
        raise UsageError("the SSML is not well formed: {}; correct it".format(error)) from error
    if marks[0].name != "speak":
        raise UsageError("SSML begins with <speak>, not with {}".format(marks[0].written[:40]))
    return marks


def _fine_marks(marks: List[_Mark], limit: int) -> Iterator[_Mark]:
    """Yield the marks, with texts split into sentences and uncuttable elements joined to one."""
    depth, atom = 0, _Mark("atom", "")
    for mark in marks:
        if mark.name in _WHOLE_ELEMENTS and mark.kind == "open":
            depth += 1
        if depth:
            atom = atom._replace(
                written=atom.written + mark.written, billed=atom.billed + mark.billed
            )
            if mark.name in _WHOLE_ELEMENTS and mark.kind == "close":
                depth -= 1
                if not depth:
                    yield atom
                    atom = _Mark("atom", "")
        elif mark.kind == "text":
            for unit in _units(mark.name, limit, 0):
                yield _Mark("text", escape(unit), len(unit), unit)
        else:
            yield mark


def _quoted(text: str) -> str:
    text = escape(text).replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")


def format_for(path: str, wished: Optional[str] = None) -> str:
    """Return the format to write to ``path``: the wished one, else that of its suffix, else mp3.

    Raises ``UsageError`` if the suffix stands for another format: players go by it.
    """
    suffix = os.path.splitext(path)[1].lower()
    named = _SUFFIXES.get(suffix)
    if suffix in _OTHER_SOUNDS:
        raise UsageError(
            "{}: {} cannot be written, only .mp3, .ogg and .wav: name such a file".format(
                path, suffix
            )
        )
    if wished and named and wished != named:
        raise UsageError(
            "{} is a name for {}, but --format says {}: make them agree".format(path, named, wished)
        )
    return wished or named or "mp3"
