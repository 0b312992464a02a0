"""Text to speech with Amazon Polly: texts of any length become one sound file."""

import functools
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from coaiapy.audio import aws, shapes, speech_text
from coaiapy.audio.formats import mp3, ogg, wav
from coaiapy.audio.speech_text import DEFAULT_VOICE, FORMATS
from coaiapy.config import values as config_values
from coaiapy.errors import NetworkError, UsageError
from coaiapy.langfuse.traces import observe
from coaiapy.langfuse.traces.observe import Call, Recorder, Seen
from coaiapy.util.files import write_output
from coaiapy.util.http.page_watch import PageWatch

# Samples per second of ``pcm``, which has 16 bits and one channel.
PCM_RATE = 16000
# Content types that say nothing about the content.
_UNTYPED = ("", "application/octet-stream", "binary/octet-stream")
VOICE_COLUMNS = {
    "id": "Voice",
    "language": "Language",
    "language_name": "Name of the language",
    "gender": "Gender",
    "engines": "Engines",
}


class Speech(NamedTuple):
    """How to speak a text; ``None`` means Polly's default."""

    voice: str = DEFAULT_VOICE
    format: str = "mp3"
    engine: Optional[str] = None
    language: Optional[str] = None
    ssml: bool = False


class Spoken(NamedTuple):
    """The result: the sound, the characters that Polly bills, and the number of requests."""

    audio: bytes
    characters: int
    requests: int


# Called after each request with the number of finished requests and the number of all.
Progress = Callable[[int, int], None]


def synthesize(text: str, voice_id: str, outfile: str, outformat: str = "mp3") -> None:
    """Speak ``text`` with a voice of Polly and write the sound to ``outfile``.

    If a trace is active, the call is recorded in it as an observation. Raises what ``speak``
    raises.
    """
    speak_to_file(text, outfile, Speech(voice=voice_id, format=outformat))


def speak_to_file(
    text: str,
    path: str,
    speech: Speech = Speech(),  # noqa: B008 - a value, not a container
    env_file: Optional[str] = None,
    recorder: Optional[Recorder] = None,
    progress: Optional[Progress] = None,
) -> Spoken:
    """Speak ``text``, write the sound to ``path`` atomically, and return the result.

    With the format ``pcm`` and a path that ends in ``.wav``, the file gets a WAV header.
    """
    spoken = speak(text, speech, env_file, recorder, progress)
    audio = spoken.audio
    if speech.format == "pcm" and path.lower().endswith(".wav"):
        audio = wav.pcm_header(PCM_RATE, 1, len(audio)) + audio
    write_output(path, audio)
    return spoken


def speak(
    text: str,
    speech: Speech = Speech(),  # noqa: B008 - a value, not a container
    env_file: Optional[str] = None,
    recorder: Optional[Recorder] = None,
    progress: Optional[Progress] = None,
) -> Spoken:
    """Return ``text`` as sound; a text that is too long for one request is spoken in several.

    ``progress`` is called after each request. Raises ``UsageError`` for an empty text, invalid
    SSML or an unknown format; ``ConfigError``, ``NetworkError`` or ``RefusedError`` if AWS fails or
    refuses.
    """
    pieces = _pieces(text, speech)
    client = aws.client(config_values.load(env_file), "polly")
    parameters = {"voice": speech.voice, "format": speech.format, "language": speech.language}
    described = Call(
        name="synthesize",
        input=text,
        model="polly-" + (speech.engine or "standard"),
        parameters={name: value for name, value in parameters.items() if value},
        facts={"requests": len(pieces), "ssml": speech.ssml},
    )

    def call() -> Spoken:
        sounds, characters = [], 0
        for piece in pieces:
            sound, billed = _sound(client, piece, speech)
            sounds.append(sound)
            characters += billed
            if progress:
                progress(len(sounds), len(pieces))
        return Spoken(joined(sounds, speech.format), characters, len(pieces))

    return (recorder or observe.recorder(env_file=env_file)).observe(described, call, _seen)


def voices(
    language: Optional[str] = None, engine: Optional[str] = None, env_file: Optional[str] = None
) -> List[Dict[str, Any]]:
    """Return Polly's voices as it describes them, sorted by language and name.

    ``language`` is a code like ``en-US``, or ``en`` for all its variants.
    """
    client = aws.client(config_values.load(env_file), "polly")
    words: Dict[str, Any] = {"Engine": engine} if engine else {}
    found: List[Dict[str, Any]] = []
    watch = PageWatch("Polly")
    while True:
        ask = functools.partial(client.describe_voices, **words)
        answer = aws.asked("polly", ask, kind=shapes.VOICES)
        found.extend(answer["Voices"])
        watch.is_new(voice["Id"] for voice in answer["Voices"])
        if not answer.get("NextToken"):
            break
        words["NextToken"] = answer["NextToken"]
    wanted = [one for one in found if _speaks(one, language)]
    return sorted(wanted, key=lambda voice: (voice["LanguageCode"], voice["Name"]))


def _speaks(voice: Dict[str, Any], language: Optional[str]) -> bool:
    codes = [voice["LanguageCode"]] + list(voice.get("AdditionalLanguageCodes") or ())
    wanted = (language or "").lower()
    return not wanted or any(
        code.lower() == wanted or code.lower().startswith(wanted + "-") for code in codes
    )


def joined(sounds: List[bytes], format: str) -> bytes:
    """Return sounds of one ``format`` joined to one sound."""
    if len(sounds) == 1 or format == "pcm":
        return b"".join(sounds)
    if format == "mp3":
        # Tags and the encoder's note would be wrong in the joined file: they describe one part.
        return b"".join(mp3.audio_only(sound) or sound for sound in sounds)
    try:
        return ogg.chained(sounds)
    except ValueError as error:
        raise NetworkError("Polly did not send an Ogg stream ({})".format(error)) from error


def _pieces(text: str, speech: Speech) -> List[str]:
    if speech.format not in FORMATS:
        raise UsageError(
            "Polly cannot produce {!r}: use {}".format(speech.format, ", ".join(FORMATS))
        )
    if not text.strip():
        raise UsageError("there is no text to speak: give one")
    pieces = speech_text.split_ssml(text) if speech.ssml else speech_text.split(text)
    spoken = [piece for piece in pieces if piece.strip()]
    if not spoken:
        raise UsageError("there is no text in the SSML to speak: give one")
    return spoken


def _sound(client: Any, piece: str, speech: Speech) -> Tuple[bytes, int]:
    """Make one request; return the sound and the number of characters that Polly bills."""
    request = {
        "Text": piece,
        "TextType": "ssml" if speech.ssml else "text",
        "VoiceId": speech.voice,
        "OutputFormat": speech.format,
        "Engine": speech.engine,
        "LanguageCode": speech.language,
    }
    if speech.format == "pcm":
        request["SampleRate"] = str(PCM_RATE)

    def speak() -> Any:
        given = {key: one for key, one in request.items() if one}
        answer = shapes.SPEECH(client.synthesize_speech(**given))
        _check_type(answer.get("ContentType") or "")
        return answer, aws.content(answer["AudioStream"])

    answer, sound = aws.asked("polly", speak)
    if not sound:
        raise NetworkError("Polly sent no audio: try again")
    return sound, max(0, answer.get("RequestCharacters") or len(piece))


def _check_type(content_type: str) -> None:
    """Raise ``NetworkError`` if the content type is not a sound's, as with a proxy's web page."""
    media_type = content_type.partition(";")[0].strip().lower()
    if not (media_type.startswith("audio/") or media_type in _UNTYPED):
        raise NetworkError(
            "Polly answered with {} instead of a sound: check the network and "
            "AWS_ENDPOINT_URL".format(media_type)
        )


def _seen(spoken: Spoken) -> Seen:
    return Seen(usage={"characters": spoken.characters}, facts={"bytes": len(spoken.audio)})
