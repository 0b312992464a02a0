"""What can come next on a command line: read off the very parsers that will parse it."""

import argparse
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from coaiapy.cli.completion.values import WORDS, Candidate, Given, Offer, values_of
from coaiapy.cli.global_options import take_globals
from coaiapy.cli.parser import Parser

# Stands for the word in progress, so that the parsers see where it is and not what it may be.
_HERE = "\0"
_ANY = 10**6

BuildParser = Callable[[List[str]], Parser]


def offer(build_parser: BuildParser, words: List[str], current: str) -> Offer:
    """Return what can stand in place of ``current`` after ``words`` (without ``coaia`` itself)."""
    if words[:1] == ["help"]:
        return _help_offer(build_parser, words[1:])
    kept = take_globals(words)[0] + (["--color"] if words[-1:] == ["--color"] else [])
    line = kept + [_HERE]
    reader = _Reader(build_parser(line))
    # The word in progress may belong to the one before it: --var KEY VALUE is --var=KEY=VALUE.
    joined = reader.read_line(line)[: -len(_HERE)]
    kind, found = reader.offer(joined + current)
    return Offer(kind, [one._replace(text=one.text[len(joined) :]) for one in found])


def _help_offer(build_parser: BuildParser, words: List[str]) -> Offer:
    from coaiapy.cli.commands.help import TOPICS

    reader = _Reader(build_parser(words + [_HERE]))
    for word in words:
        reader.read(word)
    topics = [] if words else [Candidate(name, about) for name, about in TOPICS]
    return Offer(WORDS, reader.commands() + topics)


class _Reader:
    """Reads words as argparse would, to tell what is expected after the last of them."""

    def __init__(self, parser: Parser) -> None:
        self.given: Given = {}
        self.used: Set[argparse.Action] = set()
        self.only_values = False  # after --
        self._enter(parser)

    def _enter(self, parser: Parser) -> None:
        self.parser = parser
        self.places = [action for action in parser._actions if not action.option_strings]
        self._expect(None)

    def _expect(self, option: Optional[argparse.Action]) -> None:
        """Let values of ``option`` come next."""
        self.option = option
        self.least, self.most = _counts(option) if option else (0, 0)

    def read_line(self, words: List[str]) -> str:
        """Take all words but the last; return that one, as the parser that gets it sees it."""
        parser, words = self.parser, self.parser.joined(words)
        while len(words) > 1:
            self.read(words.pop(0))
            if self.parser is not parser:
                parser, words = self.parser, self.parser.joined(words)
        return words[0]

    def read(self, word: str) -> None:
        """Take one word."""
        is_option = word.startswith("-") and word != "-" and not self.only_values
        if self.option and self.most and (self.least or not is_option):
            self.given[self.option.dest] = word
            self.least, self.most = max(self.least - 1, 0), self.most - 1
        elif is_option and word == "--":
            self.only_values = True
            self._expect(None)
        elif is_option:
            self._read_option(word)
        elif self.places:
            self._read_value(self.places[0], word)

    def _read_option(self, word: str) -> None:
        name, equals, value = word.partition("=")
        option = self.parser._option_string_actions.get(name)
        self._expect(None if equals else option)
        if option:
            self.used.add(option)
            self.given[option.dest] = value if equals else option.const

    def _read_value(self, place: argparse.Action, word: str) -> None:
        if isinstance(place, argparse._SubParsersAction):
            return self._enter(place.choices[word])  # KeyError: nothing can follow what is wrong
        self.given[place.dest] = word
        if _counts(place)[1] == 1:
            self.places.pop(0)
        return None

    def offer(self, text: str) -> Offer:
        """Return what can stand for ``text``, the word in progress."""
        if self.option and self.least:
            return self._values(self.option, text)
        if text.startswith("-") and not self.only_values:
            name, equals, value = text.partition("=")
            option = self.parser._option_string_actions.get(name)
            if equals and option:
                return self._values(option, value, name + equals)
            return Offer(WORDS, self.options(text))
        if self.option and self.most:
            return self._values(self.option, text)
        if self.commands():
            return Offer(WORDS, self.commands())
        if self.places:
            return self._values(self.places[0], text)
        return Offer(WORDS, [] if text or self.only_values else self.options(text))

    def _values(self, action: argparse.Action, text: str, before: str = "") -> Offer:
        """Offer the values of an option or a place; ``before`` is what stands in the same word."""
        kind, found = values_of(action, self.given, text)
        safe = before or self.only_values
        return Offer(
            kind,
            [
                Candidate(before + one.text, one.help)
                for one in found
                if one.text and (safe or one.text[0] != "-")  # would be taken for an option
            ],
        )

    def commands(self) -> List[Candidate]:
        """Return the commands that can come next, without their aliases."""
        for place in self.places[:1]:
            if isinstance(place, argparse._SubParsersAction):
                listed: Any = place._choices_actions
                return [Candidate(one.dest.split(" ")[0], one.help) for one in listed]
        return []

    def options(self, text: str) -> List[Candidate]:
        """Return the options that may still be given: the long form of each, or what is typed."""
        formatter = self.parser._get_formatter()
        found: List[Candidate] = []
        for action in self.parser._actions:
            if action.help == argparse.SUPPRESS or action in self._excluded():
                continue
            about = formatter._expand_help(action) if action.help else ""
            found.extend(Candidate(name, about) for name in _names(action, text))
        return found

    def _excluded(self) -> Set[argparse.Action]:
        """Return the options that were given and those that exclude each other with one given."""
        excluded = {action for action in self.used if not _repeats(action)}
        for group in self.parser._mutually_exclusive_groups:
            if self.used.intersection(group._group_actions):
                excluded.update(group._group_actions)
        return excluded


def _counts(action: argparse.Action) -> Tuple[int, int]:
    """Return how many values an option or a place takes at least and at most."""
    by_nargs: Dict[Any, Tuple[int, int]] = {"?": (0, 1), "*": (0, _ANY), "+": (1, _ANY)}
    exactly = action.nargs if isinstance(action.nargs, int) else 1
    return by_nargs.get(action.nargs, (exactly, exactly))


def _names(action: argparse.Action, text: str) -> List[str]:
    """Return the names of an option to offer: its long one, or all that ``text`` may become."""
    names = list(action.option_strings)
    if len(text) > 1:
        return [name for name in names if name.startswith(text[:2])]
    return [name for name in names if name.startswith("--")][:1] or names[:1]


def _repeats(action: argparse.Action) -> bool:
    return isinstance(action, argparse._AppendAction)
