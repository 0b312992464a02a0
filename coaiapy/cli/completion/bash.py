"""Splitting a command line into words like bash, and quoting a completion for bash."""

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

    ``words`` are the finished words; ``current`` is the one the cursor is in, unquoted, and
    ``quote`` the quote that is still open in it, or empty. A completion replaces ``current`` after
    its first ``kept`` characters. ``is_redirected``: it is the file of a redirection (``> x``).
    """

    words: List[str]
    current: str
    quote: str
    kept: int
    is_redirected: bool


def split(text: str, breaks: str) -> Line:
    """Split ``text``; ``breaks`` is ``COMP_WORDBREAKS``, the characters that start a new word."""
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
    """Return what bash has to insert, quoted, so that the current word becomes ``text``.

    bash adds the missing quote itself, unless the insertion ends with one already; in that case it
    is added here.
    """
    rest = text[line.kept :]
    if not line.quote:
        return _SPECIAL.sub(r"\\\1", rest)
    if line.quote == "'":
        rest = rest.replace("'", "'\\''")
    else:  # an interactive bash expands ! in double quotes, even with a backslash before it
        rest = _SPECIAL_IN_DOUBLE.sub(r"\\\1", rest).replace("!", "\"'!'\"")
    return rest + line.quote if rest.endswith(line.quote) else rest
