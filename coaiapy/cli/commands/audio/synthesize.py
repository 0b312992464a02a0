"""``coaia synthesize``: texts to speech."""

import argparse
from typing import Any, List, Optional

from coaiapy.audio.speech_text import DEFAULT_VOICE, FORMATS, format_for
from coaiapy.cli.commands.audio.tag import add_tag_options, change_of
from coaiapy.cli.delivery import add_trace_options, recorder
from coaiapy.cli.input import input_text
from coaiapy.cli.options import add_output, add_text_file
from coaiapy.cli.output import add_listing_options, check_output, show_listing, steps_bar
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.errors import ExitCode, UsageError

_ENGINES = ("standard", "neural", "long-form", "generative")


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia synthesize``."""
    parser.add_argument(
        "text", metavar="TEXT", nargs="?", help="text to speak (default: standard input)"
    )
    add_text_file(parser)
    add_output(parser, "-O", "audio file to write")
    parser.add_argument(
        "--voice",
        default=DEFAULT_VOICE,
        metavar="ID",
        help="voice, as listed by --voices (default: %(default)s)",
    )
    parser.add_argument("--engine", choices=_ENGINES, help="voice engine (default: standard)")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="audio format (default: by the suffix of FILE, else mp3); pcm is a WAV in FILE.wav",
    )
    parser.add_argument(
        "--language", metavar="CODE", help="language, for a voice that speaks several"
    )
    parser.add_argument(
        "--ssml", action="store_true", help="read the text as SSML: <speak>...</speak>"
    )
    parser.add_argument(
        "--voices", action="store_true", help="list the voices (of --language, --engine)"
    )
    add_tag_options(parser)
    add_listing_options(parser)
    add_trace_options(parser)
    as_command(
        parser,
        synthesize,
        """coaia synthesize "Good morning" -O morning.mp3 --voice Amy
        coaia synthesize -F chapter.txt -O chapter.mp3 --engine neural --title "Chapter 1"
        coaia p dictkore -F memo.txt | coaia synthesize -O memo.ogg --format ogg_vorbis
        coaia synthesize --voices --language fr""",
    )


def synthesize(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Speak a text into a file, or list the voices."""
    if args.voices:
        return _voices(args, context)
    if args.output is None:
        raise UsageError("the audio file to write is missing: name it with -O FILE")
    if args.json or args.jsonl or args.csv or args.columns:
        raise UsageError("--json, --jsonl, --csv and --columns need --voices: leave them out")
    args.format = format_for(args.output, args.format)
    change = change_of(args)
    if not change.is_nothing and args.format == "pcm" and not args.output.lower().endswith(".wav"):
        raise UsageError("raw pcm cannot have tags: name a FILE.wav or use --format mp3")
    check_output(args.output)
    return _speak(args, context, input_text(context, args.text, args.file), change)


def _speak(args: argparse.Namespace, context: Context, text: str, change: Any) -> int:
    from coaiapy.audio import speech as audio_speech
    from coaiapy.audio.tags import tags as audio_tags

    speech = audio_speech.Speech(args.voice, args.format, args.engine, args.language, args.ssml)
    records = recorder(args, context)
    with steps_bar(context, "speaking") as progress:
        spoken = audio_speech.speak_to_file(
            text, args.output, speech, context.env_file, records, progress
        )
    if not change.is_nothing:
        audio_tags.write_recorded(records, args.output, change)
    context.note(
        "wrote {} characters of speech to {} ({} bytes)".format(
            spoken.characters, args.output, len(spoken.audio)
        )
    )
    return ExitCode.OK


def _voices(args: argparse.Namespace, context: Context) -> int:
    from coaiapy.audio import speech as audio_speech

    if args.text is not None or args.file is not None or args.output is not None:
        raise UsageError("--voices takes no text and no file: leave them out")
    rows = [
        {
            "id": voice["Id"],
            "name": voice["Name"],
            "language": voice["LanguageCode"],
            "language_name": voice.get("LanguageName"),
            "gender": voice.get("Gender"),
            "engines": list(voice.get("SupportedEngines") or []),
        }
        for voice in audio_speech.voices(args.language, args.engine, context.env_file)
    ]
    show_listing(args, context, rows, audio_speech.VOICE_COLUMNS, "voice")
    return ExitCode.OK
