"""Makes recordings of tones, and recognizes which tone is heard when.

Each tone has its own pitch, so that a test can see which seconds of a recording were sent, and in
which order.
"""

import array
import glob
import importlib.util
import io
import math
import os
import re
import wave

from coaiapy.audio.formats import mp3

RATE = 16000
LOUDNESS = 12000
WINDOW = 0.1
LISTENED = 0.02


def pitch(number):
    """Return the frequency of tone ``number``; each window for recognition has whole waves."""
    return 500 + 100 * number


def tone(number, seconds, rate=RATE):
    """Return 16-bit samples of one tone."""
    frequency = pitch(number)
    second = array.array(
        "h",
        (int(LOUDNESS * math.sin(2 * math.pi * frequency * at / rate)) for at in range(rate)),
    )
    whole = second * (int(seconds) + 1)
    return whole[: int(seconds * rate)]


def silence(seconds, rate=RATE):
    """Return 16-bit samples of silence."""
    return array.array("h", [0]) * int(seconds * rate)


def melody(count, tone_seconds, pause_seconds, rate=RATE):
    """Return samples of the tones 0, 1, 2... with pauses between them."""
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
    """Return the samples as MP3, made by LAME."""
    import lameenc

    encoder = lameenc.Encoder()
    encoder.set_bit_rate(bit_rate)
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(1)
    encoder.set_quality(7)
    encoder.silence()
    return bytes(encoder.encode(samples.tobytes()) + encoder.flush())


def seconds_of(data):
    """Return how many seconds the MP3 frames in ``data`` play."""
    return sum(frame.seconds for frame in mp3.frames(data))


def ffmpeg_path():
    """Return the path of imageio-ffmpeg's ffmpeg, without importing it: it needs a newer Python."""
    (folder,) = importlib.util.find_spec("imageio_ffmpeg").submodule_search_locations
    return glob.glob(os.path.join(folder, "binaries", "ffmpeg-*"))[0]


def heard(file):
    """Return the "transcript" of an uploaded file: a list of ``start``, ``end``, ``text``.

    For a WAV file the texts are its tones, for any other file the number of its bytes.
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
    """Return the number of the tone in a few samples, found by counting its zero crossings."""
    quarter = len(samples) // 4
    if min(max(samples[:quarter]), max(samples[-quarter:])) < LOUDNESS // 2:
        return None
    signs = [sample >= 0 for sample in samples]
    crossings = sum(1 for one, next_one in zip(signs, signs[1:]) if one != next_one)
    return int(round((crossings / (2 * LISTENED) - 500) / 100.0))


def multipart(content_type, body):
    """Return the fields of a multipart form and its file (``name``, ``type``, ``content``)."""
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
