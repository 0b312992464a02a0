"""Speech to text with Amazon Transcribe: upload, start a job, wait, fetch the result, clean up."""

import functools
import time
import uuid
from contextlib import contextmanager
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
)

from coaiapy import patience
from coaiapy.audio import aws, shapes, split
from coaiapy.audio import transcribe as audio_transcribe
from coaiapy.audio.convert import converted
from coaiapy.audio.formats import detect as audio_formats
from coaiapy.audio.formats.detect import AudioFile
from coaiapy.audio.transcribe import Progress, TranscriptionOptions
from coaiapy.audio.transcripts import Segment, Transcript
from coaiapy.config import values as config_values
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, RefusedError, UsageError
from coaiapy.langfuse.traces import observe
from coaiapy.langfuse.traces.observe import Call, Recorder
from coaiapy.util import deadlines
from coaiapy.util.formats.shapes import MisfitError
from coaiapy.util.http.answers import parsed
from coaiapy.util.packages import require
from coaiapy.util.paths import open_regular

# The formats that Amazon Transcribe reads, and its largest file.
KINDS = ("amr", "flac", "mp3", "mp4", "ogg", "wav", "webm")
MAX_BYTES = 2 * 1024**3
# A subtitle that is built from single words ends after a sentence, at a silence, or if it is full.
_GAP_SECONDS, _CUE_SECONDS, _CUE_CHARACTERS = 1.0, 7.0, 84
# The most speakers that are told apart; AWS takes up to 30, and is less sure then.
_SPEAKERS = 10
_SENTENCE_ENDS = (".", "?", "!", "。", "？", "！")


class _Job(NamedTuple):
    """The names of what one transcription creates in AWS; each is used only once."""

    name: str
    bucket: str
    media_key: str
    transcript_key: str


def transcribe(
    path: str,
    options: TranscriptionOptions = TranscriptionOptions(),  # noqa: B008 - a value, not a container
    env_file: Optional[str] = None,
    recorder: Optional[Recorder] = None,
    progress: Optional[Progress] = None,
) -> Transcript:
    """Return the transcript of the recording at ``path``; everything created in AWS is deleted.

    ``options.language`` is a code like ``en-US``; without one the language is recognized. Raises
    what ``transcribe.transcribe`` raises for a file, ``ConfigError`` if no bucket is set, and
    ``RefusedError`` with the reason if the job fails.
    """
    values = config_values.load(env_file)
    audio = _checked(path, options)
    recorder = recorder or observe.recorder(env_file=env_file)
    seconds = split.duration(audio)
    described = Call(
        name="transcribe",
        input={"file": audio.name},
        model="amazon-transcribe",
        parameters={"language": options.language or "identified", "format": options.format},
        facts={"bytes": audio.size, "kind": audio.kind, "seconds": seconds},
    )
    note = recorder.note

    def call() -> Transcript:
        with _readable(audio) as given:
            transcript = _Transcriber(values, given, note).run(options)
        if not transcript.text.strip():
            raise UsageError(
                "no words were recognized in {}: check that someone speaks in it".format(path)
            )
        if progress:
            progress(seconds or 0.0, seconds)
        return transcript._replace(seconds=seconds)

    return recorder.observe(described, call, audio_transcribe.seen)


def _checked(path: str, options: TranscriptionOptions) -> AudioFile:
    if options.prompt or options.model:
        raise UsageError("Amazon Transcribe does not support --prompt and --model: leave them out")
    return audio_formats.look_at(path)


@contextmanager
def _readable(audio: AudioFile) -> Iterator[AudioFile]:
    """Yield a recording as Amazon Transcribe reads it: other kinds are converted."""
    if audio.kind not in KINDS:
        with converted(audio, "is {}, which is to be converted".format(audio.kind)) as found:
            _check_size(audio, found)
            yield found
    else:
        _check_size(audio, audio)
        yield audio


def _check_size(audio: AudioFile, found: AudioFile) -> None:
    if found.size > MAX_BYTES:
        raise UsageError(
            "{} is larger than the 2 GB that Amazon Transcribe accepts: split it into parts".format(
                audio.path
            )
        )


class _Transcriber:
    """The transcription of one recording, with S3 and Amazon Transcribe."""

    def __init__(
        self,
        values: config_values.ConfigValues,
        audio: AudioFile,
        note: Callable[[str], None],
    ) -> None:
        bucket = values.get("transcribeconf.bucket")
        if not bucket:
            raise ConfigError(
                "Amazon Transcribe reads recordings from S3: set transcribeconf.bucket in "
                "coaia.json, or COAIA_TRANSCRIBE_BUCKET, to a bucket of yours"
            )
        name = "coaia-" + uuid.uuid4().hex
        folder = "coaia-transcribe/{}/".format(name)
        self.audio = audio
        self.job = _Job(
            name, bucket, folder + "recording." + audio.kind, folder + "transcript.json"
        )
        self.s3 = aws.client(values, "s3")
        self.service = aws.client(values, "transcribe")
        self.note = note
        self.made: List[Tuple[str, Callable[..., Any], Dict[str, str]]] = []

    def run(self, options: TranscriptionOptions) -> Transcript:
        """Upload the recording, run the job and return its result; clean up in any case."""
        try:
            self._remember_object(self.job.media_key)
            seconds = patience.AWS.whole + self.audio.size / patience.SLOWEST_TRANSFER
            aws.asked("s3", self._upload, seconds)
            start = functools.partial(
                self.service.start_transcription_job, **self._request(options)
            )
            aws.asked("transcribe", start)
            self._remember_object(self.job.transcript_key)
            remove = self.service.delete_transcription_job
            self.made.append(("transcribe", remove, {"TranscriptionJobName": self.job.name}))
            found = self._finished()
            return _parsed(self._fetched(), found.get("LanguageCode"))
        finally:
            self._clean_up()

    def _upload(self) -> None:
        with open_regular(self.audio.path) as recording:
            self.s3.upload_fileobj(recording, self.job.bucket, self.job.media_key)

    def _request(self, options: TranscriptionOptions) -> Dict[str, Any]:
        job = self.job
        request: Dict[str, Any] = {
            "TranscriptionJobName": job.name,
            "Media": {"MediaFileUri": "s3://{}/{}".format(job.bucket, job.media_key)},
            "MediaFormat": self.audio.kind,
            "OutputBucketName": job.bucket,
            "OutputKey": job.transcript_key,
        }
        if options.speakers:
            request["Settings"] = {"ShowSpeakerLabels": True, "MaxSpeakerLabels": _SPEAKERS}
        if options.language:
            request["LanguageCode"] = options.language
        else:
            request["IdentifyLanguage"] = True
        return request

    def _finished(self) -> Dict[str, Any]:
        pause, deadline = patience.FIRST_JOB_PAUSE, deadlines.after(patience.JOB)
        name = {"TranscriptionJobName": self.job.name}
        while True:
            look = functools.partial(self.service.get_transcription_job, **name)
            job = aws.asked("transcribe", look, kind=shapes.JOB)["TranscriptionJob"]
            if job["TranscriptionJobStatus"] == "COMPLETED":
                return dict(job)
            if job["TranscriptionJobStatus"] == "FAILED":
                raise RefusedError(
                    "Amazon Transcribe could not transcribe {}: {}".format(
                        self.audio.path, job.get("FailureReason") or "no reason given"
                    )
                )
            if pause >= deadline.left:
                raise NetworkError(
                    "Amazon Transcribe has not finished {} within {:g} s; {}".format(
                        self.audio.path, deadline.seconds, deadline.hint
                    )
                )
            time.sleep(pause)
            pause = min(pause * 1.5, patience.LONGEST_JOB_PAUSE)

    def _fetched(self) -> bytes:
        """Return the transcript's file, which may appear a moment after the end of the job."""
        transcript = self._object(self.job.transcript_key)
        waiter_error = require("botocore.exceptions", "boto3").WaiterError

        def fetch() -> bytes:
            appears = self.s3.get_waiter("object_exists")
            try:
                appears.wait(WaiterConfig={"Delay": 1, "MaxAttempts": 5}, **transcript)
            except waiter_error:
                pass  # the next request fails with a clearer error
            return aws.content(self.s3.get_object(**transcript)["Body"])

        return aws.asked("s3", fetch)

    def _object(self, key: str) -> Dict[str, str]:
        return {"Bucket": self.job.bucket, "Key": key}

    def _remember_object(self, key: str) -> None:
        self.made.append(("s3", self.s3.delete_object, self._object(key)))

    def _clean_up(self) -> None:
        left = []
        for service, remove, words in self.made:
            try:
                aws.asked(service, functools.partial(remove, **words), patience.CLEANING)
            except CoaiaError as error:
                left.append(str(error))
        if left:
            self.note("coaia: {} was not removed from AWS: {}".format(self.job.name, left[0]))


def _parsed(content: bytes, language: Optional[str]) -> Transcript:
    try:
        results = shapes.TRANSCRIPT(parsed(content))["results"]
    except ValueError as error:
        what = error if isinstance(error, MisfitError) else "something that is not JSON"
        raise NetworkError(
            "Amazon Transcribe has written {} instead of a transcript: try again".format(what)
        ) from error
    segments = _given_segments(results) or _segments_of(results.get("items") or ())
    text = results["transcripts"][0]["transcript"]
    return Transcript(text, tuple(segments), results.get("language_code") or language)


def _given_segments(results: Mapping[str, Any]) -> List[Segment]:
    return [
        Segment(one["start_time"], one["end_time"], one["transcript"], one.get("speaker_label"))
        for one in results.get("audio_segments") or ()
    ]


def _segments_of(items: Iterable[Mapping[str, Any]]) -> List[Segment]:
    """Return single words joined to segments that make good subtitles."""
    segments: List[Segment] = []
    is_closed = True
    for item in items:
        word = item["alternatives"][0]["content"]
        if "start_time" not in item:  # a punctuation mark
            if segments:
                segments[-1] = segments[-1]._replace(text=segments[-1].text + word)
                is_closed = is_closed or word in _SENTENCE_ENDS
            continue
        spoken = Segment(item["start_time"], item["end_time"], word, item.get("speaker_label"))
        if is_closed or _begins_another(segments[-1], spoken):
            segments.append(spoken)
        else:
            last = segments[-1]
            segments[-1] = last._replace(end=spoken.end, text=last.text + " " + word)
        is_closed = False
    return segments


def _begins_another(segment: Segment, word: Segment) -> bool:
    return (
        word.speaker != segment.speaker
        or word.start - segment.end > _GAP_SECONDS
        or word.end - segment.start > _CUE_SECONDS
        or len(segment.text) + len(word.text) >= _CUE_CHARACTERS
    )
