"""Speech to text with an OpenAI-compatible service, for recordings of any length."""

import re
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional

from coaiapy.audio import parts as audio_parts
from coaiapy.audio import shapes, split
from coaiapy.audio.formats import detect as audio_formats
from coaiapy.audio.split import Limits, Part
from coaiapy.audio.transcripts import TIMED, Segment, Transcript, joined, shifted
from coaiapy.config import openai as openai_settings
from coaiapy.config import values as config_values
from coaiapy.errors import NetworkError, RefusedError, UsageError
from coaiapy.langfuse.traces import observe
from coaiapy.langfuse.traces.observe import Call, Recorder, Seen
from coaiapy.llm.openai import OpenaiHttp, Upload

# Models with this prefix accept at most 25 minutes at once, and return text without times, except
# for those that tell speakers apart.
_NEW_MODELS = "gpt-4o"
_NEW_SECONDS = 1400.0
_DIARIZING = "diarize"
_DIARIZING_MODEL = "gpt-4o-transcribe-diarize"
# Without any of these a segment says nothing.
_TIMED = frozenset(("start", "end", "text"))


class TranscriptionOptions(NamedTuple):
    """How to transcribe a recording; ``None`` means the default of the settings or the model.

    With ``speakers`` the segments say who speaks.
    """

    format: str = "text"
    language: Optional[str] = None
    prompt: Optional[str] = None
    model: Optional[str] = None
    speakers: bool = False


# Called after each part with the seconds that are done and the seconds in all (None if not known).
Progress = Callable[[float, Optional[float]], None]


def _no_progress(done: float, whole: Optional[float]) -> None:
    pass


def transcribe(
    path: str,
    options: TranscriptionOptions = TranscriptionOptions(),  # noqa: B008 - a value, not a container
    env_file: Optional[str] = None,
    recorder: Optional[Recorder] = None,
    progress: Progress = _no_progress,
) -> Transcript:
    """Return the transcript of the recording at ``path``.

    Raises ``StateError`` for a file that cannot be read, ``UsageError`` for one that is empty, not
    a sound file or silent, and what ``OpenaiHttp`` raises. The finished parts of a long recording
    are kept until the whole is done.
    """
    values = config_values.load(env_file)
    http = OpenaiHttp(openai_settings.find(values))
    options = options._replace(model=options.model or _usual_model(values, options))
    _check_format(options)
    audio = audio_formats.look_at(path)
    limits = Limits(values.get("openai_transcription_max_bytes"), _most_seconds(options))
    seconds = split.duration(audio)
    described = Call(
        name="transcribe",
        input={"file": audio.name, "prompt": options.prompt or ""},
        model=options.model,
        parameters=_parameters(options),
        facts={"bytes": audio.size, "kind": audio.kind, "seconds": seconds},
    )

    def call() -> Transcript:
        parts = split.parts(audio, limits, seconds)
        return _heard(path, _each_part(http, parts, options, seconds, progress))

    return (recorder or observe.recorder(env_file=env_file)).observe(described, call, seen)


def transcribe_audio(file_path: str) -> str:
    """Return the text of the recording at ``file_path``; raise what ``transcribe`` raises."""
    return transcribe(file_path).text


def seen(transcript: Transcript) -> Seen:
    """Return what is recorded in the trace: the text, and the seconds as usage."""
    seconds = transcript.seconds
    return Seen(
        output=transcript.text,
        usage={} if seconds is None else {"seconds": int(round(seconds))},
        facts={"language": transcript.language} if transcript.language else {},
    )


def _usual_model(values: config_values.ConfigValues, options: TranscriptionOptions) -> str:
    of_settings = str(values.get("openai_transcription_model"))
    return _DIARIZING_MODEL if options.speakers and _DIARIZING not in of_settings else of_settings


def _check_format(options: TranscriptionOptions) -> None:
    if options.speakers and not _is_diarizing(options):
        raise UsageError(
            "{} does not tell speakers apart: leave --model out, or use {}".format(
                options.model, _DIARIZING_MODEL
            )
        )
    if _is_diarizing(options) and options.prompt:
        raise UsageError("{} takes no --prompt: leave it out".format(options.model))
    if options.format in TIMED and _is_untimed(options):
        raise UsageError(
            "{} does not return times, and {} needs them: use --format text, or --model "
            "whisper-1".format(options.model, options.format)
        )


def _most_seconds(options: TranscriptionOptions) -> float:
    return _NEW_SECONDS if str(options.model).startswith(_NEW_MODELS) else float("inf")


def _is_diarizing(options: TranscriptionOptions) -> bool:
    return _DIARIZING in str(options.model)


def _is_untimed(options: TranscriptionOptions) -> bool:
    return str(options.model).startswith(_NEW_MODELS) and not _is_diarizing(options)


def _answer_fields(options: TranscriptionOptions) -> Dict[str, str]:
    """Return the form fields that say what the answer is to contain."""
    if _is_diarizing(options):
        return {"response_format": "diarized_json", "chunking_strategy": "auto"}
    is_timed = options.format != "text" and not _is_untimed(options)
    return {"response_format": "verbose_json" if is_timed else "json"}


def _parameters(options: TranscriptionOptions) -> Dict[str, str]:
    given = {"language": options.language, "format": options.format}
    return {name: value for name, value in given.items() if value}


def _each_part(
    http: OpenaiHttp,
    parts: Iterator[Part],
    options: TranscriptionOptions,
    seconds: Optional[float],
    progress: Progress,
) -> List[Transcript]:
    asked = [http.service.transcription_url, _form_fields(options)]
    return audio_parts.transcribed(
        parts,
        lambda part: _of_part(http, part, options),
        asked,
        lambda done: progress(done, seconds),
    )


def _form_fields(options: TranscriptionOptions) -> Dict[str, str]:
    fields = {"model": options.model, "language": options.language, "prompt": options.prompt}
    given = {name: value for name, value in fields.items() if value}
    return dict(given, **_answer_fields(options))


def _of_part(http: OpenaiHttp, part: Part, options: TranscriptionOptions) -> Transcript:
    answer = http.post_form(
        http.service.transcription_url,
        _form_fields(options),
        Upload(_plain_name(part), part.content, part.media_type),
    )
    said = _checked(answer, part)
    segments = [_segment(one) for one in said.get("segments") or () if _TIMED.issubset(one)]
    if options.format in TIMED and not segments and said["text"].strip():
        raise RefusedError(
            "{} returned no times for {}, and {} needs them: use --format text or another "
            "--model".format(options.model, part.name, options.format)
        )
    length = part.seconds if part.seconds is not None else said.get("duration")
    end = None if length is None else part.start + length
    return Transcript(
        text=said["text"],
        segments=tuple(shifted(segments, part.start, end)),
        language=said.get("language"),
        seconds=length,
    )


def _plain_name(part: Part) -> str:
    """Return the part's name with only such characters as are plain in a form."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", part.name)


def _checked(answer: Mapping[str, Any], part: Part) -> Mapping[str, Any]:
    """Return an answer without what of it does not fit."""
    try:
        return shapes.TRANSCRIPTION(answer)  # type: ignore[no-any-return]
    except ValueError as error:
        raise NetworkError(
            "the answer for {} is {}, which is no transcript: check "
            "openai_transcription_api_url".format(part.name, error)
        ) from None


def _segment(given: Mapping[str, Any]) -> Segment:
    speaker = " ".join((given.get("speaker") or "").split())
    return Segment(given["start"], given["end"], given["text"].strip(), speaker or None)


def _heard(path: str, transcripts: List[Transcript]) -> Transcript:
    whole = joined(transcripts)
    if not whole.text.strip():
        raise UsageError(
            "no words were recognized in {}: check that someone speaks in it".format(path)
        )
    return whole
