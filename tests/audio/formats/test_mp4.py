"""What cameras and phones write into MP4 files beside the tags is shown, and cleared with them."""

import json
import struct
import subprocess

import pytest
from hearing import tone, write_wav

from coaiapy.audio.formats import mp4

PLACE = "+48.2082+016.3738/"


def atom(name, content):
    return struct.pack(">I4s", 8 + len(content), name) + content


def quicktime_text(text):
    return struct.pack(">HH", len(text), 0x15C7) + text.encode("utf-8")


@pytest.fixture
def film(project, ffmpeg):
    """A real MP4 file with user data and XMP of a camera; the movie's head stands at its end."""
    write_wav(project / "a.wav", tone(1, 1))
    words = ["-i", "a.wav", "-c:a", "aac", "-metadata", "title=Kept", "a.m4a"]
    subprocess.check_call(["ffmpeg", "-v", "error"] + words)
    path = project / "a.m4a"
    data = path.read_bytes()
    more = atom(b"\xa9xyz", quicktime_text(PLACE))
    more += atom(b"auth", b"\0\0\0\0\x15\xc7" + "Zoë".encode("utf-8") + b"\0")
    more += atom(b"CAME", b"private serial")
    head = data.rindex(b"moov") - 4
    user_data = data.index(b"udta", head) - 4
    for place in (user_data, head):
        (length,) = struct.unpack(">I", data[place : place + 4])
        assert place + length == len(data)  # both end the file
        data = data[:place] + struct.pack(">I", length + len(more)) + data[place + 4 :]
    xmp = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + b"<x:xmpmeta>private</x:xmpmeta>"
    path.write_bytes(data + more + atom(b"uuid", xmp))
    return path


def keyed(is_mp4, value=PLACE):
    """A list of keys as iPhones write it: in QuickTime without, in MP4 with a version."""
    key = atom(b"mdta", b"com.apple.quicktime.location.ISO6709")
    data = atom(b"data", struct.pack(">II", 1, 0) + value.encode("utf-8"))
    handler = atom(b"hdlr", struct.pack(">II4s14x", 0, 0, b"mdta"))
    keys = atom(b"keys", struct.pack(">II", 0, 1) + key)
    values = atom(b"ilst", atom(struct.pack(">I", 1), data))
    return atom(b"meta", (bytes(4) if is_mp4 else b"") + handler + keys + values)


@pytest.mark.parametrize("is_mp4", [False, True])
def test_keys_of_an_iphone_are_shown_and_removed_wherever_they_are(project, is_mp4):
    meta = keyed(is_mp4)
    movie = meta + atom(b"trak", meta + atom(b"udta", meta)) + atom(b"udta", meta)
    path = project / "a.mov"
    path.write_bytes(atom(b"moov", movie) + meta + atom(b"mdat", b"sound"))
    assert mp4.texts(str(path)) == {"com.apple.quicktime.location.ISO6709": [PLACE] * 5}
    size = path.stat().st_size
    mp4.remove(str(path))
    content = path.read_bytes()
    assert len(content) == size and content.endswith(b"sound")
    assert PLACE.encode() not in content and mp4.texts(str(path)) == {}


def sound_of(path):
    words = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "s16le", "-"]
    return subprocess.check_output(words)


def test_user_data_is_shown_and_cleared_and_the_sound_stays(run, film):
    tags = json.loads(run("tag", "a.m4a", "--json").out)
    assert tags["title"] == "Kept"
    frames = {name: tags["frames"][name] for name in ("UDTA:\xa9xyz", "UDTA:auth", "UDTA:CAME")}
    assert frames == {
        "UDTA:\xa9xyz": [PLACE],
        "UDTA:auth": ["Zoë"],
        "UDTA:CAME": ["14 bytes"],
    }
    assert tags["frames"]["XMP"] == ["46 bytes"]
    before = sound_of(film)
    assert run("tag", "a.m4a", "--clear", "--artist", "New").code == 0
    content = film.read_bytes()
    assert b"private" not in content and PLACE.encode() not in content
    tags = json.loads(run("tag", "a.m4a", "--json").out)
    assert (tags.get("title"), tags["artist"], tags["frames"]) == (None, "New", {})
    assert sound_of(film) == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"moov",
        struct.pack(">I4s", 2**32 - 1, b"moov"),
        struct.pack(">I4sQ", 1, b"moov", 2**63),
        struct.pack(">I4s", 0, b"moov") + struct.pack(">I4s", 7, b"udta"),
        atom(b"moov", atom(b"udta", struct.pack(">I4s", 99, b"\xa9xyz"))),
        atom(b"free", b"") * 20000,
        atom(b"meta", b""),
        atom(b"meta", atom(b"hdlr", b"")),
    ],
)
def test_a_damaged_file_has_no_user_data(project, data):
    path = project / "a.mp4"
    path.write_bytes(data)
    assert mp4.texts(str(path)) == {}
    mp4.remove(str(path))
    assert path.read_bytes() == data
