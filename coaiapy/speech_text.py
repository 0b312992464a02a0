"""Long texts in pieces that can be spoken one after the other: cut between sentences.

Amazon Polly bills and limits the characters of the text; the marks of SSML are not billed, but the
request as a whole has a limit too.
"""

import re
from typing import Dict, Iterator, List, NamedTuple
from xml.parsers import expat

from coaiapy.errors import UsageError

# What Polly makes of a text, and the voice that speaks when none is named.
FORMATS = ("mp3", "ogg_vorbis", "pcm")
DEFAULT_VOICE = "Joanna"

BILLED = 3000
WHOLE = 6000

# Where one may stop to breathe, the best places first: the end of a sentence, of a clause, a word.
_BREAKS = (
    re.compile(r"[.!?…]+[\"'”’)\]»]*\s+|[。！？]+[”’」』）]*\s*|\n\s*\n\s*"),
    re.compile(r"[,;:–—]\s+|[，；：、]\s*|\n"),
    re.compile(r"\s+"),
)
# What these enclose is spoken as one.
_WHOLE_ELEMENTS = ("say-as", "phoneme", "sub", "w")


def split(text: str, limit: int = BILLED) -> List[str]:
    """Return ``text`` in pieces of at most ``limit`` characters that together are ``text``.

    A piece ends with a sentence where that is possible, else with a clause, a word, or anywhere.
    """
    pieces = [""]
    for unit in _units(text, limit, 0):
        if len(pieces[-1]) + len(unit) > limit and pieces[-1]:
            pieces.append("")
        pieces[-1] += unit
    return [piece for piece in pieces if piece]


def _units(text: str, limit: int, level: int) -> Iterator[str]:
    """Yield the sentences of ``text``; of a sentence that is too long, its clauses, its words."""
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
    """One mark of SSML as it is written, or a piece of text between marks.

    ``kind`` is ``open``, ``close``, ``text`` or ``atom`` (written whole, such as a break).
    """

    kind: str
    written: str
    billed: int = 0
    name: str = ""


def split_ssml(text: str, limit: int = BILLED, whole: int = WHOLE) -> List[str]:
    """Return an SSML document as documents with at most ``limit`` billed characters each.

    Elements that are open at a cut are closed there and opened again; what stands for one spoken
    thing is not cut. Raises ``UsageError`` when ``text`` is no SSML, or cannot be cut so small.
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
                "once: {}...".format(whole, document[:60])
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
        """How long it would be if it ended here."""
        return sum(map(len, self.written)) + sum(len(mark.name) + 3 for mark in self.open)

    def add(self, mark: _Mark) -> None:
        """Append one mark."""
        self.written.append(mark.written)
        self.billed += mark.billed
        if mark.kind == "open":
            self.open.append(mark)
        elif mark.kind == "close":
            self.open.pop()
        elif mark.kind == "atom" or mark.written.strip():
            self.is_spoken = True

    def closed(self) -> str:
        """Return the document, well formed."""
        ends = ["</{}>".format(mark.name) for mark in reversed(self.open)]
        return "".join(self.written + ends)

    def continued(self) -> "_Document":
        """Return a new document in which the same elements are open."""
        document = _Document()
        for mark in self.open:
            document.add(mark)
        return document


def _marks(text: str) -> List[_Mark]:
    """Return the marks and texts of an SSML document."""
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
        marks.append(_Mark("text", _escaped(data), len(data), data))

    def refused(*words: object) -> None:
        raise UsageError("SSML with a document type of its own is not taken: remove <!DOCTYPE>")

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
    """Yield the marks with texts cut into sentences and with what is one spoken thing in one."""
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
                yield _Mark("text", _escaped(unit), len(unit), unit)
        else:
            yield mark


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    text = _escaped(text).replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")
