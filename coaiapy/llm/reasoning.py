"""Tells a model's answer from its reasoning, which many models write in front of it.

Reasoning models put their thoughts between ``<think>`` and ``</think>`` at the beginning of the text,
or into parts of the content with a type of their own. Where a server does not read them, the marks of
other models come through: those of Magistral, Kimi, Command A, and of gpt-oss.
"""

import re
from typing import Any, NamedTuple

_NAMES = ("think", "thinking", "thought", "thoughts", "reasoning", "seed:think", "antthinking")
_MARKS = {"<{}>".format(name): "</{}>".format(name) for name in _NAMES}
_MARKS.update(
    {
        "[think]": "[/think]",
        "\u25c1think\u25b7": "\u25c1/think\u25b7",
        "<|start_thinking|>": "<|end_thinking|>",
        "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",
    }
)
# A tag with attributes, the last character of which may be missing yet.
_ATTRIBUTES = re.compile(r"(<(?:{}))\s[^<>]{{0,100}}(>?)".format("|".join(_NAMES)), re.IGNORECASE)
# The end of reasoning that a server has begun for the model; not one that the answer speaks of.
_END_ALONE = re.compile(r"(?<![`'\"<\w])</think>(?![`'\"])", re.IGNORECASE)
# What a server that does not know the model leaves around its answer.
_AROUND = re.compile(r"^\s*<\|START_RESPONSE\|>|<\|(END_RESPONSE|return|end)\|>\s*$")
# The keys of a part of the content, and of a message, that hold reasoning.
_PART_KEYS = ("thinking", "reasoning", "summary")
MESSAGE_KEYS = ("reasoning_content", "reasoning")


class Said(NamedTuple):
    """The text of an answer, and the reasoning that came with it."""

    text: str
    reasoning: str = ""


def content_of(content: Any) -> Said:
    """Return what the content of a message says: a text, a list of parts, or nothing (``None``).

    Parts that are neither text nor reasoning, such as images, are left out. Raises ``ValueError`` for
    content of another type.
    """
    if content is None or isinstance(content, str):
        return Said(content or "")
    if not isinstance(content, list):
        raise ValueError("content is neither text nor a list of parts")
    parts = [_part(part) for part in content]
    return Said("".join(one.text for one in parts), "".join(one.reasoning for one in parts))


def _part(part: Any) -> Said:
    if isinstance(part, str):
        return Said(part)
    if not isinstance(part, dict):
        return Said("")
    kind = part.get("type")
    if isinstance(part.get("text"), str) and kind in (None, "text", "output_text"):
        return Said(part["text"])
    if isinstance(part.get("refusal"), str):
        return Said(part["refusal"])
    for key in _PART_KEYS + (("text",) if kind in _PART_KEYS else ()):
        value = part.get(key)
        if isinstance(value, str):
            return Said("", value)
        if isinstance(value, list):
            inner = content_of(value)
            return Said("", inner.text + inner.reasoning)
    return Said("")


class Divider:
    """Divides the text of an answer, which may come in pieces, into reasoning and answer.

    Only reasoning at the beginning counts: an answer may be about such tags.
    """

    def __init__(self) -> None:
        self._held = ""
        self._closing = re.compile("")
        self._longest = 0
        self._step = self._before
        self.reasoning = ""

    def add(self, piece: str) -> str:
        """Take the next piece of the text, and return what of the answer is known by now."""
        self._held += piece
        answer = ""
        step = None
        while step != self._step:  # a piece may hold the end of one step and more
            step = self._step
            answer += step()
        return answer

    def rest(self) -> str:
        """Return what is left of the answer at the end of the text."""
        held, self._held = self._held, ""
        if self._step == self._inside:
            self.reasoning += held
            return ""
        return held if self._step == self._before else ""

    def _before(self) -> str:
        begun = self._held.lstrip().lower()
        tagged = _ATTRIBUTES.match(begun)
        mark = tagged.group(1) + ">" if tagged else ""
        size = tagged.end() if tagged and tagged.group(2) else 0
        for opening in () if tagged else _MARKS:
            if begun.startswith(opening):
                mark, size = opening, len(opening)
        if size:
            self._closing = re.compile(re.escape(_MARKS[mark]), re.IGNORECASE)
            self._longest = len(_MARKS[mark])
            self._held = self._held.lstrip()[size:]
            self._step = self._inside
        elif not tagged and not any(opening.startswith(begun) for opening in _MARKS):
            self._step = self._answer
        return ""

    def _inside(self) -> str:
        end = self._closing.search(self._held)
        if end:
            self.reasoning += self._held[: end.start()]
            self._held = self._held[end.end() :]
            self._step = self._after
        else:  # the last characters may be the beginning of the tag
            keep = max(0, len(self._held) - self._longest + 1)
            self.reasoning += self._held[:keep]
            self._held = self._held[keep:]
        return ""

    def _after(self) -> str:
        self._held = self._held.lstrip()
        if self._held:
            self._step = self._answer
        return ""

    def _answer(self) -> str:
        said, self._held = self._held, ""
        return said


def divided(text: str) -> Said:
    """Return a whole text as answer and reasoning."""
    divider = Divider()
    answer = divider.add(text)
    answer += divider.rest()
    alone = None if divider.reasoning else _END_ALONE.search(answer)
    if alone and not re.search("<think", answer[: alone.start()], re.IGNORECASE):
        divider.reasoning, answer = answer[: alone.start()], answer[alone.end() :].lstrip()
    return Said(_AROUND.sub("", answer), divider.reasoning.strip())
