"""What every command shares: how its parser is built."""

import argparse
import os
from typing import Any, Callable, List, Optional, Sequence

from coaiapy.cli.global_options import FOOTER
from coaiapy.cli.streams import Answer, Context, write_text
from coaiapy.errors import ExitCode, UsageError

Handler = Callable[[argparse.Namespace, Context], Optional[int]]


class ShowHelp(argparse.Action):
    """``--help``: answer with the parser's help, on whatever stream the caller chose."""

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: Any) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help="show this help")

    def __call__(self, parser: Any, *args: Any, **kwargs: Any) -> None:
        raise Answer(parser.format_help())


class ShowVersion(argparse.Action):
    """``--version``: answer with ``const``."""

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: Any) -> None:
        kwargs.update(dest=argparse.SUPPRESS, nargs=0, help="show the version")
        super().__init__(option_strings, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        raise Answer(self.const)


class OneOfSeveral(argparse.Action):
    """An option that shares its ``dest`` with others: what they say must not differ.

    With a ``const`` it takes no value. Given twice by itself, the last value counts.
    """

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: Any) -> None:
        if "const" in kwargs:
            kwargs["nargs"] = 0
        super().__init__(option_strings, dest, **kwargs)

    def __call__(self, parser: Any, namespace: Any, values: Any, option: Any = None) -> None:
        value = self.const if self.nargs == 0 else values
        said = vars(namespace).setdefault("_said", {})
        other, known = said.get(self.dest, (option, value))
        if other != option and known != value:
            raise argparse.ArgumentError(
                None,
                "{} says {}, but {} says {}: give only one of them".format(
                    other, known, option, value
                ),
            )
        said[self.dest] = (option, value)
        setattr(namespace, self.dest, value)


class HelpText(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal, without the modules that argparse loads to measure it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_terminal_width() - 2)


def _terminal_width() -> int:
    wished = os.environ.get("COLUMNS")
    if wished:
        from coaiapy.util.text.parsing import whole_number

        columns = whole_number(wished)
        if columns:
            return columns
    try:
        return os.get_terminal_size(1).columns or 80
    except (AttributeError, OSError):  # no terminal, or a system that knows none
        return 80


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of exiting, and never guesses at a short option.

    ``meant`` returns a hint for what is left over of the words, such as " (did you mean ...?)".
    ``elsewhere`` returns the whole commands that a word is which is unknown here.
    ``joined`` returns the words of the command with those that are one to it put together.
    """

    meant: Callable[[Sequence[str], Sequence[str]], str]
    elsewhere: Callable[[str], List[str]]
    joined: Callable[[List[str]], List[str]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", HelpText)
        kwargs["add_help"] = False
        super().__init__(*args, **kwargs)
        self.add_argument("-h", "--help", action=ShowHelp)
        self.meant = self.meant_option
        self.elsewhere = lambda word: []
        self.joined = lambda words: words
        self._words: List[str] = []
        self._whole: Optional[List[argparse.Action]] = None

    def add_argument(self, *args: Any, **kwargs: Any) -> Any:
        """Add an argument; one of any number is not named among those that are missing."""
        action = super().add_argument(*args, **kwargs)
        if kwargs.get("nargs") == "*":
            action.required = False
        return action

    def format_help(self) -> str:
        """Return the help, also while only some of the actions take part in the parsing."""
        narrowed, self._actions = self._actions, self._whole or self._actions
        try:
            return super().format_help() + ("" if self.prog == "coaia" else "\n" + FOOTER)
        finally:
            self._actions = narrowed

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        commands = getattr(action, "choices", None)
        if not isinstance(action, argparse._SubParsersAction) or value in (commands or ()):
            return super()._check_value(action, value)
        unknown = self._unknown_options(before=str(value))
        if unknown:  # then the word is rather the value of an option with a slip in its name
            raise argparse.ArgumentError(None, self._left_over(unknown))
        whole = self.elsewhere(str(value))
        unknown_command = "unknown command {!r}".format(value)
        hint = ": use " + whole[0] if len(whole) == 1 else _likely_commands(str(value), action)
        raise argparse.ArgumentError(None, unknown_command + hint)

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse what is left over here, where the command is known that does not take it."""
        parsed, left = self._parsed(*args, **kwargs)
        if left:
            self.error(self._left_over(left))
        return parsed, left

    def _parsed(self, words: Any = None, namespace: Any = None) -> Any:
        """Take the options first, then the arguments, so that those may stand on either side.

        By itself argparse takes all arguments that it can before the first option, and an
        optional one behind it is left over.
        """
        self._words = words = self.joined(list(words))
        every, places = self._actions, self._get_positional_actions()
        if self._subparsers is not None or not places:
            return super().parse_known_args(words, namespace)
        end = words.index("--") if "--" in words else len(words)
        try:
            self._whole = every
            self._actions = [action for action in every if action.option_strings]
            parsed, left = super().parse_known_args(words[:end], namespace)
            self._actions = places
            return super().parse_known_args(left + words[end:], parsed)
        finally:
            self._actions, self._whole = every, None

    def _left_over(self, left: Sequence[str]) -> str:
        return "unrecognized arguments: " + " ".join(left) + self.meant(left, self._words)

    def meant_option(self, left: Sequence[str], words: Sequence[str]) -> str:
        """Return a hint at the option that was probably meant, or nothing."""
        from coaiapy.util.text.wording import did_you_mean

        options = [word.partition("=")[0] for word in left if word.startswith("--")]
        known = [option for option in self._option_string_actions if option.startswith("--")]
        return did_you_mean(options[0], known) if options else ""

    def _unknown_options(self, before: str = "--") -> Sequence[str]:
        words = self._words[: self._words.index(before)] if before in self._words else self._words
        known = self._option_string_actions
        return [word for word in words if word[:1] == "-" and word.partition("=")[0] not in known]

    def error(self, message: str) -> Any:
        """Say what is wrong with the command line and where the help is."""
        unknown = self._unknown_options()
        if unknown and message.startswith("the following arguments are required"):
            as_value = " (if {0!r} is a value, put -- in front of it: -- {0})".format(unknown[0])
            message += self.meant_option(unknown, self._words) or as_value
        raise UsageError("{} (see: {} --help)".format(message, self.prog))


class _Listed:
    """Takes the place of the parser of a command that is named in a help page and not entered."""

    def __init__(self, **options: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self


class _Commands(argparse._SubParsersAction):
    """The commands of a group. Those that do not occur in ``words`` cannot be entered: they are
    only listed, because a parser for each of them takes longer than the command line needs.
    """

    words: Sequence[str] = ()

    def add_parser(self, name: str, **kwargs: Any) -> Any:
        names = {name}.union(kwargs.get("aliases", ()))
        self._parser_class = _Listed if names.isdisjoint(self.words) else Parser
        return super().add_parser(name, **kwargs)


def _likely_commands(word: str, action: Any) -> str:
    from coaiapy.util.text.wording import did_you_mean

    names = [choice.dest.split(" ")[0] for choice in action._choices_actions]
    return did_you_mean(word, action.choices) or ": choose one of " + ", ".join(names)


def add_command(
    group: Any,
    name: str,
    handler: Handler,
    help: str,
    example: str,
    aliases: Sequence[str] = (),
    local: bool = False,
) -> Parser:
    """Add the command ``name`` to a group's subparsers, and return its parser.

    ``help`` is one line; for the rest see ``as_command``.
    """
    parser = add_word(group, name, help, aliases)
    as_command(parser, handler, example, local)
    return parser


def as_command(
    parser: argparse.ArgumentParser, handler: Handler, example: str, local: bool = False
) -> None:
    """Make a command of the parser of a word: ``handler`` runs it.

    ``example`` is one or more command lines, shown below the options. A command may ask a server
    and has ``--timeout``, unless it is ``local``.
    """
    parser.epilog = _example_text(example)
    parser.set_defaults(handler=handler)
    if not local:
        _add_timeout(parser)


def add_word(group: Any, name: str, help: str, aliases: Sequence[str] = ()) -> Parser:
    """Add a word of the command line to a group's subparsers, and return its parser."""
    parser: Parser = group.add_parser(
        name, aliases=list(aliases), help=help, description=help[:1].upper() + help[1:] + "."
    )
    return parser


def _add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add ``--timeout``, the limit that the whole command has (see ``deadlines``)."""
    parser.add_argument(
        "--timeout",
        type=seconds_or_zero,
        metavar="SECONDS",
        default=argparse.SUPPRESS,
        help="end after this many seconds; 0 asks no server, and what is written is sent later; "
        "coaia help timeouts lists the defaults",
    )


def seconds_or_zero(text: str) -> float:
    """Take a number of seconds, also 0."""
    from coaiapy.util.text import parsing

    number = parsing.number(text)
    if number is None or not 0 <= number < 1e6:
        raise argparse.ArgumentTypeError("{!r} is not a number of seconds".format(text))
    return float(number)


def add_group(group: Any, name: str, help: str, words: Sequence[str], example: str) -> Any:
    """Add a command that only has subcommands, and return its subparsers."""
    return subcommands(add_word(group, name, help), words, example)


def subcommands(parser: argparse.ArgumentParser, words: Sequence[str], example: str = "") -> Any:
    """Give ``parser`` subcommands; without one of them it prints its help.

    Only a command that occurs in ``words``, the command line, gets a real parser. ``example`` is
    one or more command lines for the help.
    """
    if example:
        parser.epilog = _example_text(example)

    def print_help(args: argparse.Namespace, context: Context) -> int:
        write_text(context.stdout, parser.format_help())
        return ExitCode.OK

    parser.set_defaults(handler=print_help)
    group: Any = parser.add_subparsers(
        title="commands", metavar="COMMAND", action=_Commands, prog=parser.prog
    )
    group.words = words
    return group


def _example_text(example: str) -> str:
    """Return the part of a help text that shows command lines, one a line."""
    lines = ["  " + line.strip() for line in example.strip().splitlines()]
    return "\n".join(["example:" if len(lines) == 1 else "examples:"] + lines)
