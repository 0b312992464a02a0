"""``coaia transcribe``: recordings to text."""

import argparse
import os
from typing import Any, List, Optional

from coaiapy.audio.transcripts import ALSO, FORMATS, as_object
from coaiapy.cli.delivery import add_trace_options, recorder
from coaiapy.cli.options import add_output
from coaiapy.cli.output import check_output, print_json, seconds_bar
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.config.schema import KEY_OF
from coaiapy.errors import CoaiaError, ExitCode, StateError, UsageError
from coaiapy.util.files import write_output

_SUBTITLES = ("srt", "vtt")


def _format(name: str) -> str:
    return ALSO.get(name, name)


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia transcribe``."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="recording of any length")
    about = "file to write, or a folder for several recordings (default: standard output)"
    add_output(parser, "-O", about)
    parser.add_argument(
        "--engine",
        choices=("openai", "aws"),
        default="openai",
        help="an OpenAI-compatible service or Amazon Transcribe (default: %(default)s)",
    )
    parser.add_argument(
        "--format",
        type=_format,
        choices=tuple(FORMATS),
        default="text",
        help="output format (default: %(default)s)",
    )
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="same as --format json"
    )
    parser.add_argument(
        "--language", metavar="CODE", help="spoken language: en, or en-US for --engine aws"
    )
    parser.add_argument("--prompt", metavar="TEXT", help="names and words that may be spoken")
    model = KEY_OF["openai_transcription_model"].default
    parser.add_argument(
        "--model", help="transcription model (default: of the settings, else {})".format(model)
    )
    parser.add_argument(
        "--speakers", action="store_true", help="say who speaks, in every output format"
    )
    add_trace_options(parser)
    as_command(
        parser,
        transcribe,
        """coaia transcribe memo.mp3
        coaia transcribe talk.wav --format srt -O talk.srt
        coaia transcribe meeting.m4a --speakers
        coaia transcribe one.mp3 two.mp3 --format vtt -O subtitles
        OPENAI_BASE_URL=http://localhost:8000/v1 coaia transcribe memo.mp3""",
    )


def transcribe(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Transcribe each file in turn; one that fails does not keep the others from their turn."""
    _check(args)
    whole = []
    worst: Optional[CoaiaError] = None
    for path in args.files:
        try:
            transcript = _transcribed(args, context, path)
        except CoaiaError as error:
            if len(args.files) == 1:
                raise
            context.warn(str(error))
            worst = worst or error
            continue
        if args.output is None:
            whole.append(transcript)
        else:
            _write(args, context, path, transcript)
    _print(args, context, whole)
    return worst.exit_code if worst else ExitCode.OK


def _check(args: argparse.Namespace) -> None:
    several = len(args.files) > 1
    if several and args.output is None and args.format in _SUBTITLES:
        raise UsageError("subtitles of several recordings need a folder: name one with -O")
    if several and args.output is not None:
        if not os.path.isdir(args.output):
            raise StateError("there is no folder {} to write to: create it".format(args.output))
        targets = [_target(args, path) for path in args.files]
        twice = sorted({path for path in targets if targets.count(path) > 1})
        if twice:
            raise UsageError(
                "two recordings would be written to {}: transcribe them one by one".format(twice[0])
            )
    for path in args.files if args.output is not None else ():
        check_output(_target(args, path))


def _target(args: argparse.Namespace, path: str) -> str:
    from coaiapy.audio.transcripts import SUFFIXES

    if not os.path.isdir(args.output):
        return str(args.output)
    name = os.path.splitext(os.path.basename(path))[0] + SUFFIXES[args.format]
    return os.path.join(args.output, name)


def _transcribed(args: argparse.Namespace, context: Context, path: str) -> Any:
    from coaiapy.audio import transcribe as audio_transcribe
    from coaiapy.audio import transcribe_aws

    options = audio_transcribe.TranscriptionOptions(
        args.format, args.language, args.prompt, args.model, args.speakers
    )
    engine = transcribe_aws if args.engine == "aws" else audio_transcribe
    with seconds_bar(context, os.path.basename(path)) as progress:
        return engine.transcribe(path, options, context.env_file, recorder(args, context), progress)


def _write(args: argparse.Namespace, context: Context, path: str, transcript: Any) -> None:
    target = _target(args, path)
    write_output(target, FORMATS[args.format](transcript))
    context.note("written to {}".format(target))


def _print(args: argparse.Namespace, context: Context, transcripts: List[Any]) -> None:
    if args.format == "json" and len(args.files) > 1 and args.output is None:
        return print_json(context, [as_object(one) for one in transcripts])
    for number, transcript in enumerate(transcripts):
        text = FORMATS[args.format](transcript)
        context.say(("\n" if number else "") + text.rstrip("\n"))
    return None
