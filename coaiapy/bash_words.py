"""A command line as bash takes it apart up to the cursor, and words as bash has to be given them."""

import re
from typing import List, NamedTuple

_PIECES = re.compile(
    r"""(?P<space>[ \t\n]+)
    |(?P<redirection>[0-9]*&?[<>]+[|&]?)
    |(?P<substitution>\$\([^)]*\)|`[^`]*`)
    |'(?P<single>[^']*)(?P<single_end>'?)
    |"(?P<double>(?:[^"\\]|\\.)*)\\?(?P<double_end>"?)
    |\\(?P<escaped>.?)
    |(?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED_IN_DOUBLE = re.compile(r'\\(["$`\\])')
_SPECIAL_IN_DOUBLE = re.compile(r'(["$`\\])')
_SPECIAL = re.compile(r"([^\w@%+=:,./-])")


class Line(NamedTuple):
    """A command line up to the cursor.

    ``current`` is the word in progress, unquoted; ``quote`` is the quote that is open in it, or
    empty. bash keeps the first ``kept`` characters of it and replaces what follows.
    """

    words: List[str]
    current: str
    quote: str
    kept: int
    is_redirected: bool


def split(text: str, breaks: str) -> Line:
    """Take ``text`` apart; ``breaks`` is ``COMP_WORDBREAKS``, where bash begins a new word."""
    words: List[str] = []
    word, quote, kept, in_word, redirected = "", "", 0, False, False
    for piece in _PIECES.finditer(text):
        kind = piece.lastgroup
        if kind in ("space", "redirection"):
            if in_word and not redirected:
                words.append(word)
            redirected = kind == "redirection" or (redirected and not in_word)
            word, kept, in_word = "", 0, False
            continue
        in_word = True
        if kind == "plain":
            word += piece.group()
            kept = len(word) if piece.group() in breaks else kept
        elif kind in ("single_end", "double_end"):
            opening = piece.group()[0]
            quote = "" if piece.group(kind) else opening
            kept = len(word) if quote else kept
            content = piece.group("single" if opening == "'" else "double")
            word += content if opening == "'" else _ESCAPED_IN_DOUBLE.sub(r"\1", content)
        else:
            word += piece.group("escaped") if kind == "escaped" else piece.group()
    return Line(words, word, quote, kept, redirected)


def replacement(line: Line, text: str) -> str:
    """Return what bash is to put for the part of the word that it replaces, to make it ``text``.

    bash closes an open quote itself, unless it sees one at the end already.
    """
    rest = text[line.kept :]
    if not line.quote:
        return _SPECIAL.sub(r"\\\1", rest)
    if line.quote == "'":
        rest = rest.replace("'", "'\\''")
    else:  # no escape keeps an interactive bash from expanding ! between double quotes
        rest = _SPECIAL_IN_DOUBLE.sub(r"\\\1", rest).replace("!", "\"'!'\"")
    return rest + line.quote if rest.endswith(line.quote) else rest
