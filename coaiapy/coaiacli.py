"""The command ``coaia``: runs one command line and turns exceptions into exit codes.

Scripts also import a few helpers from here.
"""

import sys
from typing import TYPE_CHECKING, List, Optional

from coaiapy import __version__, interrupts
from coaiapy.cli.branches import Branch, add_branches, command_place
from coaiapy.cli.global_options import Globals, add_globals, check, take_globals
from coaiapy.cli.references import resolve
from coaiapy.cli.streams import Answer, Context, flush, standard_context, write_text
from coaiapy.errors import CoaiaError, ExitCode, StateError, UsageError
from coaiapy.util import deadlines
from coaiapy.util.old_names import with_old_names
from coaiapy.util.text.notes import heard_by

if TYPE_CHECKING:
    from coaiapy.cli.parser import Parser

GROUPS = (
    Branch("run", "commands.run.build", "run a command and record it: its times, output and end"),
    Branch(
        "worker",
        "commands.pipeline.worker.build",
        "run steps of pipelines that other machines have queued",
    ),
    Branch(
        "pipeline",
        "commands.pipeline.pipeline.build",
        "create traces from templates, and manage templates",
    ),
    Branch(
        "env",
        "commands.env.env.build",
        "keep variables in files; start commands with them, check and encrypt them",
        ("environment",),
    ),
    Branch(
        "fuse",
        "commands.fuse_branches.build",
        "manage Langfuse data: traces, prompts, datasets, scores and more",
    ),
    Branch("tash", "commands.stash.build_tash", "stash a value under a key", ("m",)),
    Branch("fetch", "commands.stash.build_fetch", "print a stashed value"),
    Branch(
        "stash",
        "commands.stash.build_stash",
        "list and delete stashed values, and show when they expire",
    ),
    Branch(
        "p",
        "commands.llm.build_process",
        "process a text with a language model, using a process tag",
    ),
    Branch(
        "summarize",
        "commands.llm.build_summarize",
        "summarize a text or a file with a language model",
        ("s",),
    ),
    Branch(
        "transcribe", "commands.audio.transcribe.build", "transcribe recordings to text", ("t",)
    ),
    Branch(
        "synthesize", "commands.audio.synthesize.build", "convert a text to speech in an audio file"
    ),
    Branch("tag", "commands.audio.tag.build", "show or change the tags of audio files"),
    Branch("gh", "commands.gh.build", "show the issues of a GitHub repository"),
    Branch(
        "init",
        "commands.config.build_init",
        "create the settings file coaia.json, unless it exists",
    ),
    Branch(
        "config",
        "commands.config.build_config",
        "show the settings and where they come from, or check them",
    ),
    Branch(
        "trust",
        "commands.trust.build_trust",
        "trust a project's files to send your keys elsewhere and to set which programs run",
    ),
    Branch("untrust", "commands.trust.build_untrust", "trust the files of a project no more"),
    Branch("completion", "completion.command.build", "print the completion script for a shell"),
    Branch(
        "help", "commands.help.build", "show the help of a command or of a topic such as exit-codes"
    ),
)
_VERSION = "coaia {}\n".format(__version__)
_IN_PART = "not all of it succeeded: see what is printed"
_EXAMPLE = """\
coaia pipeline create data-pipeline --var pipeline_name="ETL" --export-env
coaia env set COAIA_USER_ID john
coaia fuse traces
"""


def validate_uuid(value: Optional[str], field_name: str = "ID") -> Optional[str]:
    """Return a UUID in lower case with dashes; ``None`` for an empty value.

    ``ValueError`` for a text that is not a UUID.
    """
    import uuid  # not at the top: it would slow down coaia --version

    if not value:
        return None
    try:
        return str(uuid.UUID(value))
    except ValueError:
        message = "{} {!r} is not a UUID: give one like 12345678-1234-1234-1234-123456789abc"
        raise ValueError(message.format(field_name, value)) from None


def validate_identifier(
    value: Optional[str], field_name: str = "identifier", max_length: int = 100
) -> Optional[str]:
    """Return a text without white space around it; ``None`` for an empty value.

    Raises ``ValueError`` for a value that is not a text, is longer than ``max_length`` characters,
    or contains ``../``.
    """
    if not value:
        return None
    if not isinstance(value, str):
        raise ValueError("{} {!r} is not a text".format(field_name, value))
    value = value.strip()
    if len(value) > max_length:
        raise ValueError("{} is longer than {} characters".format(field_name, max_length))
    if "../" in value or "..\\" in value:
        raise ValueError("{} {!r} must not contain ../: leave it out".format(field_name, value))
    return value or None


@with_old_names(verbose=None)
def tash_key_val(key: str, value: str, ttl: Optional[int] = None) -> None:
    """Stash ``value`` for ``ttl`` seconds, or without a limit; stderr says whether it was kept."""
    from coaiapy import coaiamodule

    coaiamodule.tash(key, value, ttl, quiet=False)


@with_old_names(verbose=None)
def tash_key_val_from_file(key: str, file_path: str, ttl: Optional[int] = None) -> None:
    """Stash a file's bytes as ``tash_key_val`` does; ``StateError`` if it cannot be read."""
    from coaiapy import coaiamodule
    from coaiapy.util import files

    coaiamodule.tash(key, files.read_bytes(file_path), ttl, quiet=False)


def process_send(process_name: str, input_message: str) -> None:
    """Print a model's answer to a text with the instruction of a tag.

    Raises what ``coaiamodule.abstract_process_send`` raises.
    """
    from coaiapy import coaiamodule

    sys.stdout.write(coaiamodule.abstract_process_send(process_name, input_message) + "\n")


def main(argv: Optional[List[str]] = None, context: Optional[Context] = None) -> int:
    """Run one command line and return its exit code; errors are printed to stderr.

    ``argv`` are the words after ``coaia``, by default those of ``sys.argv``.
    """
    code = _main(argv, context)
    interrupts.leave(code)
    return code


def _main(argv: Optional[List[str]], context: Optional[Context]) -> int:
    streams = context or standard_context()
    words = list(sys.argv[1:] if argv is None else argv)
    if isinstance(argv, str) or not all(isinstance(word, str) for word in words):
        text = 'a command line is a list of texts, such as ["env", "list"], not {!r}'.format(argv)
        return _fail(streams, text, ExitCode.USAGE, False)
    if words[:1] == ["__complete"]:
        return _complete(words[1:], streams)
    words, wishes = take_globals(words)
    streams = streams._replace(
        env_file=wishes.env_file,
        quiet=wishes.quiet,
        utc=wishes.utc,
        color=wishes.color,
        json_errors=wishes.json,
        talk=[],
    )
    code = _outcome(words, wishes, streams)
    if code != ExitCode.OK:
        from coaiapy.cli.eval_failure import pass_on

        pass_on(words, streams, code)
    return code


def _outcome(words: List[str], wishes: Globals, streams: Context) -> int:
    """Run one command line; return its exit code, also for an error, which is printed."""
    debug = wishes.debug
    try:
        with interrupts.Allowed(), heard_by(streams.warn):
            check(wishes)
            code = _run(_as_utf8(words), streams)
            if code != ExitCode.OK and streams.json_errors:
                code = _fail(streams, (streams.talk or [_IN_PART])[-1], code, debug=False)
            return code
    except CoaiaError as error:
        return _fail(streams, str(error), error.exit_code, debug)
    except KeyboardInterrupt as stop:
        text = interrupts.sentence() + (": " if str(stop) else "") + str(stop)
        code = _fail(streams, text, interrupts.exit_code(), debug)
        interrupts.told()
        return code
    except BrokenPipeError:
        return ExitCode.OK  # the reader of our output has closed it, as ``| head`` does
    except OSError as error:
        return _fail(streams, _local_failure(error), ExitCode.STATE, debug)
    except MemoryError:
        text = "there is not enough memory for this: give less at once"
        return _fail(streams, text, ExitCode.FAILED, debug)
    except Exception as error:
        text = "unexpected {}: {} (add --debug to see where it happened)".format(
            type(error).__name__, error
        )
        return _fail(streams, text, ExitCode.FAILED, debug)


def _local_failure(error: OSError) -> str:
    """Return what to say of an error of the operating system that no function has explained."""
    from coaiapy.util.paths import current_folder, reason

    try:
        current_folder()
    except StateError as gone:
        return str(gone)
    place = " {}".format(error.filename) if error.filename else " a file"
    return "cannot use{}: {}".format(place, reason(error))


def fetch_key_val(key: str, output_file: Optional[str] = None, verbose: bool = False) -> None:
    """Do what ``coaiamodule.fetch_key_val`` does; scripts know it by this name too."""
    from coaiapy import coaiamodule

    coaiamodule.fetch_key_val(key, output_file, verbose)


def build_parser(words: List[str]) -> "Parser":
    """Return the parser for ``words``; only the command group that they name is built."""
    from coaiapy.cli.parser import Parser, ShowVersion

    parser = Parser(
        prog="coaia",
        description="Trace AI workflows in Langfuse from templates, online or offline.",
    )
    parser.add_argument("--version", action=ShowVersion, const=_VERSION)
    parser.add_argument(
        "--env", metavar="ENV_FILE", help="read settings from this file instead of ./.env"
    )
    add_globals(parser)
    parser.set_defaults(build_parser=build_parser)
    add_branches(parser, GROUPS, words, _EXAMPLE)
    return parser


def _run(words: List[str], context: Context) -> int:
    try:
        if words == ["--version"]:  # scripts ask it often; building the parser doubles the time
            raise Answer(_VERSION)
        args = build_parser(words).parse_args(words)
        context = context._replace(env_file=args.env)
        with deadlines.limit(getattr(args, "timeout", None)):
            resolve(args, context)
            result = args.handler(args, context)
    except Answer as answer:
        write_text(context.stdout, str(answer))
        result = ExitCode.OK
    flush(context.stdout)
    return ExitCode.OK if result is None else int(result)


def _complete(words: List[str], context: Context) -> int:
    """Print completions for a shell; an error prints nothing, to not disturb the user's typing."""
    try:
        with interrupts.Allowed():
            from coaiapy.cli.completion.command import answer

            write_text(context.stdout, answer(build_parser, _as_utf8(words)))
            flush(context.stdout)
    except (Exception, KeyboardInterrupt):
        pass
    return ExitCode.OK


def _as_utf8(words: List[str]) -> List[str]:
    """Decode words as UTF-8, also in a C locale; ``UsageError`` for what is not UTF-8.

    The words of a command that ``coaia run`` or ``coaia env run`` is to start may be anything.
    """
    if any("\0" in word for word in words):
        raise UsageError(
            "an argument contains a NUL character, which cannot be stored or sent: remove it"
        )
    first = command_place(words)
    entered = words[first : first + 1] + words[command_place(words, first + 1) :][:1]
    is_run = entered[:1] == ["run"] or entered in (["env", "run"], ["environment", "run"])
    own = words.index("--") if is_run and "--" in words else len(words)
    try:
        data = [word.encode("utf-8", "surrogateescape") for word in words]
        decoded = [word.decode("utf-8") for word in data[:own]]
        return decoded + [word.decode("utf-8", "surrogateescape") for word in data[own:]]
    except UnicodeError as error:
        raise UsageError("an argument is not UTF-8 text: {}".format(error)) from error


def _fail(context: Context, text: str, code: int, debug: bool) -> int:
    from coaiapy.config.redaction import without_secrets
    from coaiapy.util.text.wording import visible

    text = without_secrets(text, context.env_file)
    said = visible("coaia: {}\n".format(text))
    if context.json_errors:
        import json

        said = json.dumps({"error": text, "exit_code": int(code)}) + "\n"
    if debug:
        import traceback

        said = visible(without_secrets(traceback.format_exc(), context.env_file)) + said
    try:
        write_text(context.stderr, said)
        flush(context.stderr)
    except (OSError, StateError):
        pass  # stderr is closed: only the exit code is left to report the error
    return code


if __name__ == "__main__":
    interrupts.watch()
    sys.exit(main())
