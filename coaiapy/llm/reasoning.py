"""Tells a model's answer from its reasoning, which many models write in front of it.

Reasoning models put their thoughts between ``<think>`` and ``</think>`` at the beginning of the text,
or into parts of the content with a type of their own.
"""

import re
from typing import Any, NamedTuple

_OPEN = re.compile(r"\s*<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_TAGS = ("<think>", "<thinking>", "<thought>", "<reasoning>")
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
        self._closing = ""
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
        opening = _OPEN.match(self._held)
        begun = self._held.lstrip().lower()
        if opening:
            self._closing = "</{}>".format(opening.group(1).lower())
            self._held = self._held[opening.end() :]
            self._step = self._inside
        elif not any(tag.startswith(begun) for tag in _TAGS):
            self._step = self._answer
        return ""

    def _inside(self) -> str:
        end = self._held.lower().find(self._closing)
        if end >= 0:
            self.reasoning += self._held[:end]
            self._held = self._held[end + len(self._closing) :]
            self._step = self._after
        else:  # the last characters may be the beginning of the tag
            keep = max(0, len(self._held) - len(self._closing) + 1)
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
    return Said(answer, divider.reasoning.strip())
