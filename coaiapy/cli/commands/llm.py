"""``coaia p`` and ``coaia summarize``: texts to a language model and back."""

import argparse
import json
import os
import re
from typing import Any, List, Optional

from coaiapy.cli.delivery import add_trace_options, recorder
from coaiapy.cli.input import input_text
from coaiapy.cli.options import add_dry_run, add_json, add_output, add_text_file
from coaiapy.cli.output import check_output, print_json, put_text
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context, flush, write_text
from coaiapy.errors import ExitCode, StateError, UsageError
from coaiapy.util.masking import shown_url

_SUMMARIZER = "summarizer"
# One word that begins as a path does, or ends with a suffix.
_PATH = r"(~?/|\.{1,2}/)\S*$|\S*[^\s.]\.[A-Za-z][A-Za-z0-9]{0,7}$"


def build_process(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia p``."""
    parser.add_argument(
        "tag", metavar="PROCESS_TAG", nargs="?", help="process tag, as shown by --list"
    )
    parser.add_argument(
        "text", metavar="TEXT", nargs="?", help="text to process (default: standard input)"
    )
    add_text_file(parser)
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--list", action="store_true", help="list the process tags")
    shown.add_argument(
        "--show", metavar="PROCESS_TAG", help="show the instruction of a process tag"
    )
    _add_common_options(parser)
    as_command(
        parser,
        process,
        """coaia p dictkore "helo wrld, how r you"
        coaia transcribe memo.mp3 | coaia p dictkore -O memo.txt
        coaia p --list""",
    )


def build_summarize(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia summarize``."""
    parser.add_argument(
        "text",
        metavar="TEXT|FILE|-",
        nargs="?",
        help="a text, or the path of a file (default: standard input)",
    )
    add_text_file(parser)
    _add_common_options(parser)
    as_command(
        parser,
        summarize,
        """coaia summarize "a long text" --temperature 0.2
        coaia summarize notes.txt -O summary.txt
        coaia transcribe talk.mp3 | coaia summarize""",
    )


def _add_common_options(parser: Parser) -> None:
    add_output(parser, "-O", "write the answer to this file")
    add_json(parser)
    parser.add_argument(
        "--model", help="language model (default: of the tag, else of the settings)"
    )
    parser.add_argument(
        "--temperature",
        type=_temperature,
        metavar="0..2",
        help="sampling temperature (default: of the tag, else of the settings)",
    )
    add_dry_run(parser, "print the request instead of sending it")
    parser.add_argument(
        "--reasoning",
        action="store_true",
        help="show the reasoning in front of the answer, if the model gives any, on standard error",
    )
    parser.add_argument("--stream", action="store_true", help="print the answer while it arrives")
    add_trace_options(parser)


def _temperature(text: str) -> float:
    from coaiapy.llm.tags import checked_temperature

    try:
        return checked_temperature(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def process(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Process a text by a tag, or show the tags."""
    if args.list:
        return _list(args, context)
    if args.show is not None:
        return _show(args, context)
    if args.tag is None:
        raise UsageError("the process tag is missing: choose one from coaia p --list")
    tag = _need(args.tag)  # before standard input is waited for
    return _send(args, context, tag, input_text(context, args.text, args.file))


def summarize(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Summarize a text or a file."""
    text, file = args.text, args.file
    if file is None and text is not None and _is_file(text):
        text, file = None, text
    elif file is None and text is not None and _looks_like_path(text):
        raise StateError(
            "there is no file {!r}: correct the path, or pipe the word in if it is the text itself"
            " (a file is also read with -F)".format(text)
        )
    found = input_text(context, text, file)
    return _send(args, context, _need(_SUMMARIZER), found)


def _is_file(text: str) -> bool:
    try:
        return os.path.isfile(text)
    except (OSError, ValueError):  # longer than a path can be
        return False


def _looks_like_path(text: str) -> bool:
    """Tell whether ``text`` is a word that can only be meant as the name of a file."""
    return bool(re.match(_PATH, text)) and "://" not in text


def _need(name: str) -> Any:
    from coaiapy.config import files as config_files
    from coaiapy.llm import tags as process_tags

    return process_tags.need(name, config_files.merged())


def _send(args: argparse.Namespace, context: Context, tag: Any, text: str) -> Optional[int]:
    from coaiapy.config import openai as openai_settings
    from coaiapy.config import values as config_values
    from coaiapy.llm import chat

    values = config_values.load(context.env_file)
    request = chat.request_by_tag(values, tag, text, args.temperature, args.model)
    if args.dry_run:
        url = shown_url(openai_settings.find(values).chat_url)
        print_json(context, {"method": "POST", "url": url, "body": request.body()})
        return ExitCode.OK
    check_output(args.output)
    streamed = args.stream and args.output is None and not args.json

    shown: List[str] = []

    def show(part: str) -> None:
        shown.append(part)
        write_text(context.stdout, part)
        flush(context.stdout)

    reply = chat.ask(values, request, tag.name, recorder(args, context), show if streamed else None)
    if args.reasoning and reply.reasoning:
        context.note(reply.reasoning)
    _show_answer(args, context, reply, streamed)
    if reply.reasoning and reply.reasoning in "".join(shown):  # only its end had a mark
        context.warn(
            "what stands before </think> is the model's reasoning: leave --stream out to see the "
            "answer alone"
        )
    return ExitCode.OK


def _show_answer(
    args: argparse.Namespace, context: Context, reply: Any, was_streamed: bool
) -> None:
    """Write the answer, or what of it is not written yet, and say what is missing of it."""
    stopped = " (it stopped with {})".format(reply.finish_reason) if reply.finish_reason else ""
    if not reply.text.strip():
        return context.warn("the model answered with no text{}: nothing is written".format(stopped))
    if was_streamed:
        write_text(context.stdout, "" if reply.text.endswith("\n") else "\n")
    else:
        put_text(context, _as_json(reply) if args.json else reply.text, args.output)
    if reply.finish_reason == "length":
        context.warn("the answer is incomplete: the model stopped at its length limit")
    elif reply.finish_reason == "content_filter":
        context.warn("the answer is incomplete: a content filter stopped the model")
    return None


def _as_json(reply: Any) -> str:
    shown = {
        "text": reply.text,
        "model": reply.model,
        "usage": dict(reply.usage),
        "finish_reason": reply.finish_reason,
    }
    return json.dumps(shown, ensure_ascii=False, indent=2)


def _list(args: argparse.Namespace, context: Context) -> int:
    from coaiapy.config import files as config_files
    from coaiapy.llm import tags as process_tags
    from coaiapy.util.formats.tables.table import table

    tags, complaints = process_tags.find_all(config_files.merged())
    if args.json:
        print_json(context, [tag._asdict() for tag in tags])
    else:
        rows = [
            (tag.name, tag.description or tag.instruction[:60], tag.temperature, tag.place)
            for tag in tags
        ]
        context.say(table(rows, ["Tag", "What it does", "Temperature", "From"]))
    for complaint in complaints:
        context.warn(complaint)
    return ExitCode.CONFIG if complaints else ExitCode.OK


def _show(args: argparse.Namespace, context: Context) -> int:
    tag = _need(args.show)
    if args.json:
        print_json(context, dict(tag._asdict()))
        return ExitCode.OK
    context.say(tag.instruction)
    extra = [tag.place]
    if tag.temperature is not None:
        extra.append("temperature {:g}".format(tag.temperature))
    if tag.model:
        extra.append("model {}".format(tag.model))
    context.note(", ".join(extra))
    return ExitCode.OK
