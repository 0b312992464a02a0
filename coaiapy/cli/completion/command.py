"""``coaia completion``: the script that makes a shell complete, and the answers to its questions."""

import argparse
import os
import re
from typing import List

from coaiapy.cli.completion.complete import BuildParser, offer
from coaiapy.cli.completion.values import Candidate, Offer
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context, write_text
from coaiapy.util.files import read_text

SHELLS = ("bash", "zsh", "fish")

_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia completion``."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")
    as_command(
        parser,
        print_script,
        """eval "$(coaia completion bash)"                           # in ~/.bashrc
        eval "$(coaia completion zsh)"                            # in ~/.zshrc, below compinit
        coaia completion fish > ~/.config/fish/completions/coaia.fish""",
        local=True,
    )


def print_script(args: argparse.Namespace, context: Context) -> None:
    """Print the script for one shell."""
    write_text(context.stdout, read_text(script_path(args.shell)))


def script_path(shell: str) -> str:
    """Return where the script for a shell lies."""
    folder = os.path.dirname(os.path.abspath(__file__))
    return os.path.join(folder, "coaia." + shell)


def answer(build_parser: BuildParser, words: List[str]) -> str:
    """Return what a shell's script reads: the kind of what can come next, then one a line.

    ``words`` are ``bash -- LINE BREAKS`` (the line up to the cursor and ``COMP_WORDBREAKS``), or
    ``zsh -- WORD... CURRENT`` and the same for fish.
    """
    return {"bash": _for_bash, "zsh": _for_zsh, "fish": _for_fish}[words[0]](
        build_parser, words[2:]
    )


def _for_bash(build_parser: BuildParser, words: List[str]) -> str:
    from coaiapy.cli.completion import bash

    line = bash.split(*words)
    if line.is_redirected:
        return "files\n"
    found = offer(build_parser, line.words[1:], line.current)
    texts = [one.text for one in _printable(found)]
    matching = [text for text in texts if text.startswith(line.current)] or [
        text for text in texts if text.lower().startswith(line.current.lower())
    ]
    return _lines(found.kind, [bash.replacement(line, text) for text in matching])


def _for_zsh(build_parser: BuildParser, words: List[str]) -> str:
    found = offer(build_parser, words[:-1], words[-1])
    texts = [
        _with_help(re.sub(r"([\\:])", r"\\\1", one.text), ":", one.help)
        for one in _printable(found)
    ]
    return _lines(found.kind, texts)


def _for_fish(build_parser: BuildParser, words: List[str]) -> str:
    found = offer(build_parser, words[:-1], words[-1])
    return _lines(found.kind, [_with_help(one.text, "\t", one.help) for one in _printable(found)])


def _printable(found: Offer) -> List[Candidate]:
    """Leave out what is no line of text: a shell would cut it, or its terminal obey it."""
    return [one for one in found.candidates if not _CONTROL.search(one.text)]


def _with_help(text: str, separator: str, help: str) -> str:
    about = " ".join(_CONTROL.sub(" ", help).split())
    return text + separator + about if about else text


def _lines(kind: str, texts: List[str]) -> str:
    return "".join(text + "\n" for text in [kind] + texts)
