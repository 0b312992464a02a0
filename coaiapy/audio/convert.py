"""Converts recordings that a service does not read to WAV with ffmpeg, if it is there."""

import os
import tempfile
from contextlib import contextmanager
from typing import Iterator

from coaiapy.audio.formats.detect import AudioFile
from coaiapy.errors import ConfigError, NetworkError, UsageError
from coaiapy.util import deadlines


@contextmanager
def converted(audio: AudioFile, why: str) -> Iterator[AudioFile]:
    """Yield the recording as a WAV file (mono, 16 kHz: enough for transcription) that is removed
    after the block.

    ``why`` is what a message says about the recording, such as "is too large to be sent at once".
    Raises ``ConfigError`` when ffmpeg is missing, ``UsageError`` when it cannot read the file, and
    ``NetworkError`` when the time of the command is over.
    """
    with tempfile.TemporaryDirectory(prefix="coaia-") as folder:
        path = os.path.join(folder, os.path.splitext(audio.name)[0] + ".wav")
        _run_ffmpeg(audio.path, path, why)
        yield AudioFile(path, "wav", os.path.getsize(path))


def _run_ffmpeg(path: str, target: str, why: str) -> None:
    import subprocess

    words = ["ffmpeg", "-nostdin", "-v", "error", "-i", os.path.abspath(path), "-vn"]
    words += ["-ac", "1", "-ar", "16000", "-c:a", "pcm_s16le", "-y", target]
    limit = deadlines.current()
    if not limit.left:
        raise NetworkError("{} was not converted: {}".format(path, limit.why_over))
    try:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except OSError as error:
        raise ConfigError(
            "{} {}, and ffmpeg, which would convert it, cannot be run ({}): install it, or convert "
            "the file to MP3".format(path, why, error.strerror or error)
        ) from error
    with process:
        try:
            _, said = process.communicate(timeout=limit.left if limit.is_set else None)
        except subprocess.TimeoutExpired:
            raise NetworkError(
                "ffmpeg has not converted {} within {:g} s; {}".format(
                    path, limit.seconds, limit.hint
                )
            ) from None
        finally:
            if process.poll() is None:
                process.kill()
    if process.returncode or not os.path.exists(target):
        lines = said.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise UsageError("ffmpeg cannot convert {}: {}".format(path, lines[-1].strip()))
