"""Recordings, summaries and tags for scripts: more of the functions that ``import coaiapy`` offers.

While a trace is active (``COAIA_TRACE_ID``), each call adds an observation to it.
"""

from typing import Any, Dict, Mapping, Optional

Body = Dict[str, Any]


def transcribe(
    path: str,
    *,
    language: Optional[str] = None,
    prompt: Optional[str] = None,
    model: Optional[str] = None,
) -> Body:
    """Return the transcript of a recording of any length.

    It has ``text``, ``language``, ``duration`` (seconds) and ``segments``: objects with ``start``
    and ``end`` (seconds), ``text``, and ``speaker`` if the model tells speakers apart. The last three
    are ``None`` or empty if the service does not tell them. ``language`` is a code such as ``en``,
    ``prompt`` names and words that may be spoken.

    >>> import coaiapy
    >>> try:
    ...     print(coaiapy.transcribe("memo.mp3", language="en")["text"])
    ... except coaiapy.StateError as error:
    ...     print(error)
    cannot read memo.mp3: No such file or directory

    Raises ``StateError`` for a file that cannot be read, ``UsageError`` for one that is empty, silent
    or no recording, ``ConfigError`` for a missing or refused key or if ffmpeg is needed and missing,
    ``NetworkError`` or ``RefusedError`` when the service fails or refuses. The finished parts of a
    long recording are kept then: the next call goes on from there.
    """
    from coaiapy.audio import transcribe as audio_transcribe
    from coaiapy.audio.transcripts import as_object

    options = audio_transcribe.TranscriptionOptions("json", language, prompt, model)
    return as_object(audio_transcribe.transcribe(path, options))


def summarize(
    text: str, *, temperature: Optional[float] = None, model: Optional[str] = None
) -> str:
    """Return a summary of a text, as a language model writes it.

    The instruction to the model is that of the process tag ``summarizer``; ``temperature`` and
    ``model`` replace those of the tag and of the settings.

    >>> import coaiapy
    >>> try:
    ...     print(coaiapy.summarize("Buy bread. Call Jane. Buy bread again."))
    ... except coaiapy.ConfigError as error:
    ...     print(error)
    api.openai.com needs a key: set OPENAI_API_KEY, or OPENAI_BASE_URL for another service

    Raises ``UsageError`` for an empty text, ``ConfigError`` for a missing or refused key,
    ``NetworkError`` or ``RefusedError`` when the service fails or refuses.
    """
    from coaiapy.config import files as config_files
    from coaiapy.config import values as config_values
    from coaiapy.langfuse.traces import observe
    from coaiapy.llm import chat
    from coaiapy.llm import tags as process_tags

    values = config_values.load()
    tag = process_tags.need("summarizer", config_files.merged())
    request = chat.request_by_tag(values, tag, text, temperature, model)
    return chat.ask(values, request, tag.name, observe.recorder()).text


def tag(
    path: str,
    tags: Optional[Mapping[str, str]] = None,
    *,
    cover: Optional[str] = None,
    clear: bool = False,
) -> Body:
    """Change the tags of a sound file, and return those that it has then.

    ``tags`` are texts under the names ``title``, ``artist``, ``album``, ``track``, ``year``,
    ``genre``, ``comment`` or under those of the file's own format (``TBPM``); an empty text removes
    a tag. ``cover`` is the path of a JPEG or PNG picture. ``clear`` removes all tags first. Without
    any of them the file is only read. What is returned has ``format``, the names that are set,
    ``cover`` (``type``, ``bytes``) and ``frames``: all others, each with a list of texts.

    >>> import coaiapy
    >>> try:
    ...     print(coaiapy.tag("memo.mp3", {"title": "Morning"})["title"])
    ... except coaiapy.StateError as error:
    ...     print(error)
    cannot read memo.mp3: No such file or directory

    Raises ``StateError`` for a file that cannot be read or written, ``UsageError`` for one that is
    damaged or has no tags of a known kind and for a tag that it cannot hold, ``ConfigError`` if the
    package mutagen is not installed.
    """
    from coaiapy.audio.tags import tags as audio_tags
    from coaiapy.langfuse.traces import observe

    given = dict(tags or {})
    frames = ["{}={}".format(name, given[name]) for name in given if name not in audio_tags.NAMES]
    texts: Dict[str, Optional[str]] = {
        name: text for name, text in given.items() if name in audio_tags.NAMES
    }
    change = audio_tags.change_from(texts, cover_file=cover, frames=frames, clear=clear)
    if not change.is_nothing:
        audio_tags.write_recorded(observe.recorder(), path, change)
    return audio_tags.read(path)
