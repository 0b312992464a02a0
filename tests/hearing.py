"""Recordings made of tones, and an ear that tells which tone sounds when.

Tone ``n`` has a pitch of its own, so that what was heard proves which second of a recording was
sent, and in which order.
"""

import array
import glob
import importlib.util
import io
import math
import os
import re
import wave

from coaiapy import mp3_frames

RATE = 16000
LOUDNESS = 12000
WINDOW = 0.1
LISTENED = 0.02


def pitch(number):
    """The frequency of tone ``number``: whole waves in each window that is listened to."""
    return 500 + 100 * number


def tone(number, seconds, rate=RATE):
    """16-bit samples of one tone."""
    frequency = pitch(number)
    second = array.array(
        "h",
        (int(LOUDNESS * math.sin(2 * math.pi * frequency * at / rate)) for at in range(rate)),
    )
    whole = second * (int(seconds) + 1)
    return whole[: int(seconds * rate)]


def silence(seconds, rate=RATE):
    """16-bit samples of nothing."""
    return array.array("h", [0]) * int(seconds * rate)


def melody(count, tone_seconds, pause_seconds, rate=RATE):
    """Tones 0, 1, 2... with pauses between them."""
    samples = array.array("h")
    for number in range(count):
        samples.extend(tone(number, tone_seconds, rate))
        samples.extend(silence(pause_seconds, rate))
    return samples


def write_wav(path, samples, rate=RATE, channels=1):
    """Write 16-bit samples as a WAV file."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return path


def mp3_of(samples, rate=RATE, bit_rate=64):
    """The samples as MP3, by LAME."""
    import lameenc

    encoder = lameenc.Encoder()
    encoder.set_bit_rate(bit_rate)
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(1)
    encoder.set_quality(7)
    encoder.silence()
    return bytes(encoder.encode(samples.tobytes()) + encoder.flush())


def seconds_of(data):
    """How long the MP3 frames in ``data`` play."""
    return sum(frame.seconds for frame in mp3_frames.frames(data))


def ffmpeg_path():
    """The ffmpeg that comes with imageio-ffmpeg, which itself needs a newer Python than we do."""
    (folder,) = importlib.util.find_spec("imageio_ffmpeg").submodule_search_locations
    return glob.glob(os.path.join(folder, "binaries", "ffmpeg-*"))[0]


def heard(file):
    """What is heard in an uploaded file: a list of ``start``, ``end``, ``text``.

    In a WAV file its tones; of any other file the number of its bytes.
    """
    content = file["content"]
    if content[:4] != b"RIFF":
        return [{"start": 0.0, "end": 1.0, "text": "{} bytes".format(len(content))}]
    with wave.open(io.BytesIO(content)) as sound:
        rate = sound.getframerate()
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        samples = array.array("h", sound.readframes(sound.getnframes()))
        assert len(samples) == sound.getnframes()
    said = []
    step, length = int(rate * WINDOW), int(rate * LISTENED)
    for at in range(0, len(samples) - length, step):
        number = tone_in(samples[at : at + length])
        start, end = at / float(rate), min(at + step, len(samples)) / float(rate)
        text = "tone {}".format(number)
        if number is not None and said and said[-1]["text"] == text and said[-1]["end"] == start:
            said[-1]["end"] = end
        elif number is not None:
            said.append({"start": start, "end": end, "text": text})
    # Where a tone begins or ends within a window, its pitch is misheard.
    return [one for one in said if one["end"] - one["start"] > 1.5 * WINDOW]


def tone_in(samples):
    """The number of the tone that fills a few samples, by counting how often it crosses zero."""
    quarter = len(samples) // 4
    if min(max(samples[:quarter]), max(samples[-quarter:])) < LOUDNESS // 2:
        return None
    signs = [sample >= 0 for sample in samples]
    crossings = sum(1 for one, next_one in zip(signs, signs[1:]) if one != next_one)
    return int(round((crossings / (2 * LISTENED) - 500) / 100.0))


def multipart(content_type, body):
    """The fields of a form and its one file (``name``, ``type``, ``content``)."""
    boundary = re.search(r'boundary="?([^";]+)', content_type).group(1).encode("ascii")
    fields, file = {}, None
    for part in body.split(b"--" + boundary)[1:-1]:
        head, content = part[2:-2].split(b"\r\n\r\n", 1)
        head = head.decode("utf-8")
        name = re.search(r'name="([^"]*)"', head).group(1)
        if "filename=" in head:
            kind = re.search(r"Content-Type: (\S+)", head).group(1)
            file_name = re.search(r'filename="([^"]*)"', head).group(1)
            file = {"name": file_name, "type": kind, "content": content}
        else:
            fields[name] = content.decode("utf-8")
    return fields, file
