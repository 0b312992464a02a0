"""coaia tag: written by mutagen, read back by tinytag; the sound is compared byte by byte."""

import hashlib
import json
import os
import struct
import subprocess
import zlib

import pytest
from hearing import ffmpeg_path, mp3_of, tone, write_wav
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tinytag import TinyTag

from coaiapy.audio.formats import mp3
from coaiapy.audio.tags import tags as audio_tags

JPEG = b"\xff\xd8\xff\xe0" + b"\x00\x10JFIF\x00" + bytes(200) + b"\xff\xd9"
SOUND = mp3_of(tone(1, 1))


def png():
    def chunk(kind, content):
        whole = kind + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\0")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.fixture
def song(project):
    path = project / "a.mp3"
    path.write_bytes(SOUND)
    return path


def digest(data):
    """A hash of the frames of an MP3, found without the tags around them."""
    return hashlib.sha256(mp3.audio_only(data)).hexdigest()


def shown(run, path="a.mp3"):
    return json.loads(run("tag", path, "--json").out)


def other(path):
    """What a second reader finds in a file."""
    return TinyTag.get(str(path))


ALL = (
    ("title", "Morgen – 朝"),
    ("artist", "John"),
    ("album", "Voices"),
    ("track", "3/12"),
    ("year", "2026"),
    ("genre", "Speech"),
    ("comment", "made by hand"),
)


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_every_tag_is_read_back_by_another_reader(run, song, project, version):
    (project / "words.txt").write_text("La la\nla")
    (project / "cover.jpg").write_bytes(JPEG)
    words = [word for name, text in ALL for word in ("--" + name, text)]
    words += ["--lyrics-file", "words.txt", "--cover", "cover.jpg", "--id3", version]
    words += ["--set", "TBPM=90", "--set", "TXXX:mood=calm", "--set", "WOAR=http://john"]
    result = run("tag", "a.mp3", *words)
    assert (result.code, result.out, result.err) == (0, "", "tagged a.mp3\n")

    data = song.read_bytes()
    assert data[:4] == b"ID3" + bytes([int(version[-1])])
    assert digest(data) == digest(SOUND)
    assert data.endswith(SOUND)

    found = other(song)
    assert (found.title, found.artist, found.album) == ("Morgen – 朝", "John", "Voices")
    assert (str(found.track), str(found.track_total)) == ("3", "12")
    assert (found.genre, str(found.year)[:4], found.comment) == ("Speech", "2026", "made by hand")
    assert JPEG in data

    tags = shown(run)
    assert {name: tags[name] for name, _ in ALL} == dict(ALL)
    assert tags["format"] == "MP3 (ID3v{})".format(version)
    assert tags["lyrics"] == "La la\nla"
    assert tags["cover"] == {"type": "image/jpeg", "bytes": len(JPEG)}
    assert tags["frames"] == {"TBPM": ["90"], "TXXX:mood": ["calm"], "WOAR": ["http://john"]}


def test_without_options_the_tags_are_shown(run, song):
    assert run("tag", "a.mp3").out == "format    MP3 (no ID3 tag)\n"
    run("tag", "a.mp3", "--title", "One\nTwo", "--set", "TBPM=90")
    assert run("tag", "a.mp3").out == (
        "format    MP3 (ID3v2.4)\ntitle     One\\nTwo\nTBPM      90\n"
    )


def test_a_file_keeps_its_version_of_id3(run, song):
    run("tag", "a.mp3", "--title", "One", "--id3", "2.3")
    run("tag", "a.mp3", "--artist", "John", "--year", "2026-05-01")
    assert song.read_bytes()[3] == 3
    assert shown(run)["year"] == "2026-05-01"
    run("tag", "a.mp3", "--id3", "2.4")
    assert song.read_bytes()[3] == 4
    assert (shown(run)["title"], shown(run)["year"]) == ("One", "2026-05-01")


def test_an_empty_text_removes_a_tag_and_clear_removes_all(run, song):
    words = [word for name, text in ALL for word in ("--" + name, text)]
    run("tag", "a.mp3", *words)
    run("tag", "a.mp3", "--comment", "", "--track", "", "--set", "TCON=")
    assert set(shown(run)) == {"file", "format", "title", "artist", "album", "year", "frames"}
    run("tag", "a.mp3", "--clear", "--title", "Alone")
    assert set(shown(run)) == {"file", "format", "title", "frames"}
    run("tag", "a.mp3", "--clear")
    assert shown(run) == {"file": "a.mp3", "format": "MP3 (no ID3 tag)", "frames": {}}
    assert digest(song.read_bytes()) == digest(SOUND)


def test_what_others_wrote_stays(run, song):
    run("tag", "a.mp3", "--set", "TXXX:theirs=kept", "--set", "COMM:notes=also kept")
    run("tag", "a.mp3", "--comment", "mine")
    tags = shown(run)
    assert tags["frames"]["TXXX:theirs"] == ["kept"]
    assert tags["frames"]["COMM:notes:eng"] == ["also kept"]
    assert tags["comment"] == "mine"


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_any_text_comes_back_and_the_sound_stays(song, text):
    for version in ("2.3", "2.4"):
        audio_tags.write("a.mp3", audio_tags.Change(texts={"title": text}, id3=version))
        assert audio_tags.read("a.mp3")["title"] == text
        assert digest(song.read_bytes()) == digest(SOUND)


def test_a_cover_takes_the_place_of_the_one_before(run, song, project):
    (project / "one.jpg").write_bytes(JPEG)
    (project / "two.png").write_bytes(png())
    run("tag", "a.mp3", "--cover", "one.jpg")
    run("tag", "a.mp3", "--cover", "two.png")
    assert shown(run)["cover"] == {"type": "image/png", "bytes": len(png())}
    assert JPEG not in song.read_bytes()


def test_the_mode_and_the_link_of_a_file_stay(run, song, project):
    song.chmod(0o640)
    os.symlink("a.mp3", "link.mp3")
    assert run("tag", "link.mp3", "--title", "One").code == 0
    assert os.path.islink("link.mp3")
    assert song.stat().st_mode & 0o777 == 0o640
    assert other(song).title == "One"
    assert sorted(os.listdir(".")) == ["a.mp3", "link.mp3"]


def test_no_file_out_of_the_project_is_tagged_through_a_link(run, song, project, tmp_path):
    outside = tmp_path / "outside.mp3"
    song.rename(outside)
    song.symlink_to(outside)
    before = outside.read_bytes()
    result = run("tag", "a.mp3", "--title", "One")
    assert result.code == 6 and "a.mp3 is a link that leads out of" in result.err
    assert outside.read_bytes() == before and run("tag", "a.mp3").code == 0


def test_a_wav_file_has_id3_too(run, project):
    path = write_wav(project / "a.wav", tone(1, 1))
    before = path.read_bytes()
    assert run("tag", "a.wav", "--title", "One", "--artist", "John").code == 0
    assert before[44:] in path.read_bytes()
    assert shown(run, "a.wav")["artist"] == "John"


@pytest.fixture
def converted(project):
    """Make a sound file of any kind by a real ffmpeg."""
    write_wav(project / "in.wav", tone(1, 1))

    def convert(name, *words):
        command = [ffmpeg_path(), "-v", "error", "-i", "in.wav"]
        subprocess.check_call(command + list(words) + [name])
        return project / name

    return convert


def decoded(path):
    """The samples that a real decoder makes of a file."""
    command = [ffmpeg_path(), "-v", "error", "-i", str(path)]
    return subprocess.check_output(command + ["-map", "0:a", "-f", "s16le", "-"])


@pytest.mark.parametrize("name", ["a.ogg", "a.flac", "a.m4a", "a.opus"])
def test_other_kinds_of_files(run, project, converted, name):
    path = converted(
        name, *(["-strict", "-2", "-c:a", "vorbis", "-ac", "2"] if name == "a.ogg" else [])
    )
    (project / "cover.png").write_bytes(png())
    (project / "words.txt").write_text("La la")
    sound = decoded(path)
    words = [word for key, text in ALL if key != "track" for word in ("--" + key, text)]
    words += ["--track", "3", "--cover", "cover.png", "--lyrics-file", "words.txt"]
    words += ["--set", "MOOD=calm"]
    result = run("tag", name, *words)
    assert result.code == 0, result.err
    assert decoded(path) == sound
    found = other(path)
    assert (found.title, found.artist, found.album) == ("Morgen – 朝", "John", "Voices")
    assert (found.genre, str(found.year)[:4]) == ("Speech", "2026")
    tags = shown(run, name)
    assert tags["cover"] == {"type": "image/png", "bytes": len(png())}
    assert (tags["lyrics"], tags["track"]) == ("La la", "3")
    assert ["calm"] in tags["frames"].values()
    assert run("tag", name, "--clear").code == 0
    assert set(shown(run, name)) == {"file", "format", "frames"}
    assert decoded(path) == sound


@pytest.mark.parametrize(
    "words, code",
    [
        (("missing.mp3",), 6),
        ((".", "--title", "x"), 6),
        (("text.txt",), 2),
        (("text.mp3", "--title", "x"), 2),
        (("a.mp3", "--track", "three"), 2),
        (("a.mp3", "--year", "soon"), 2),
        (("a.mp3", "--set", "nonsense"), 2),
        (("a.mp3", "--set", "XYZW=1"), 2),
        (("a.mp3", "--set", "TYER=2026"), 2),
        (("a.mp3", "--set", "APIC=x"), 2),
        (("a.mp3", "--cover", "text.txt"), 2),
        (("a.mp3", "--lyrics-file", "bytes.txt"), 2),
        (("a.mp3", "--cover", "missing.jpg"), 6),
        (("a.mp3", "--lyrics-file", "missing.txt"), 6),
    ],
)
def test_what_cannot_be_changes_nothing(run, song, project, words, code):
    (project / "text.txt").write_text("a text " * 100)
    (project / "text.mp3").write_text("a text " * 100)
    (project / "bytes.txt").write_bytes(b"abc\xff")
    result = run("tag", *words)
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1
    assert song.read_bytes() == SOUND
    assert sorted(os.listdir(".")) == ["a.mp3", "bytes.txt", "text.mp3", "text.txt"]


def test_several_files(run, song, project):
    (project / "b.mp3").write_bytes(SOUND)
    assert run("tag", "a.mp3", "b.mp3", "--album", "Both").code == 0
    assert [tags["album"] for tags in shown_all(run)] == ["Both", "Both"]
    result = run("tag", "missing.mp3", "b.mp3")
    assert result.code == 6
    assert "album     Both" in result.out and "missing.mp3" in result.err


def shown_all(run):
    return json.loads(run("tag", "a.mp3", "b.mp3", "--json").out)


def info_chunk(**texts):
    chunks = b"".join(
        struct.pack("<4sI", name.encode("ascii"), len(text)) + text + b"\0" * (len(text) % 2)
        for name, text in texts.items()
    )
    return struct.pack("<4sI", b"LIST", 4 + len(chunks)) + b"INFO" + chunks


def wav_with(path, *chunks):
    """A WAV file with chunks before and after its sound."""
    data = write_wav(path, tone(1, 1)).read_bytes()
    bodies = [b"WAVE" + data[12:36], chunks[0], data[36:]] + list(chunks[1:])
    content = b"".join(bodies)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(content)) + content)
    return data[44:]


def test_descriptions_in_a_wav_file_are_shown_and_cleared(run, project):
    path = project / "a.wav"
    bext = struct.pack("<4sI", b"bext", 602) + b"private scene".ljust(256, b"\0") + bytes(346)
    more = struct.pack("<4sI", b"LIST", 12) + b"adtlprivate!" + struct.pack("<4sI", b"axml", 8)
    more += b"private!"
    sound = wav_with(
        path, info_chunk(ICMT=b"private note\0", INAM=b"Odd"), bext, info_chunk(IART=b"Me"), more
    )
    frames = shown(run, "a.wav")["frames"]
    assert frames == {
        "INFO:ICMT": ["private note"],
        "INFO:INAM": ["Odd"],
        "INFO:IART": ["Me"],
        "bext": ["private scene"],
        "LIST": ["12 bytes"],
        "axml": ["8 bytes"],
    }
    assert run("tag", "a.wav", "--clear").code == 0
    content = path.read_bytes()
    assert b"private" not in content and content[44:] == sound
    assert struct.unpack("<I", content[4:8])[0] == len(content) - 8
    assert shown(run, "a.wav")["frames"] == {}
    wav_with(path, info_chunk(ICMT=b"private note\0"))
    assert run("tag", "a.wav", "--clear", "--title", "New").code == 0
    assert shown(run, "a.wav")["title"] == "New" and b"private" not in path.read_bytes()
    assert b"New" in path.read_bytes() and sound in path.read_bytes()


def test_texts_of_an_aiff_file_are_shown_and_cleared(run, project, converted):
    path = converted("a.aiff", "-metadata", "title=Private", "-metadata", "comment=note")
    sound = decoded(path)
    assert shown(run, "a.aiff")["frames"]["NAME"] == ["Private"]
    assert run("tag", "a.aiff", "--clear").code == 0
    assert b"Private" not in path.read_bytes() and decoded(path) == sound
    assert shown(run, "a.aiff")["frames"] == {}


def test_every_tag_of_an_mp3_is_shown_and_cleared(run, project):
    from mutagen.apev2 import APEv2

    path = project / "a.mp3"
    sound = mp3_of(tone(1, 1))
    lyrics = b"LYRICSBEGINLYR00005Words000024LYRICS200"
    path.write_bytes(sound + lyrics + b"TAG" + b"Short title".ljust(125, b"\0"))
    tags = APEv2()
    tags["Comment"] = "private note"
    tags.save(str(path))
    run("tag", "a.mp3", "--title", "One")
    frames = shown(run, "a.mp3")["frames"]
    assert (frames["APE:Comment"], frames["LYRICS3:LYR"]) == (["private note"], ["Words"])
    assert run("tag", "a.mp3", "--clear").code == 0
    assert path.read_bytes() == sound
    assert run("tag", "a.mp3", "--clear", "--artist", "Me").code == 0
    assert shown(run, "a.mp3")["artist"] == "Me"


def test_an_id3_tag_in_a_flac_file_is_shown_and_cleared(run, project, converted):
    from mutagen.id3 import ID3, TIT2

    path = converted("a.flac")
    sound = decoded(path)
    id3 = ID3()
    id3.add(TIT2(encoding=3, text=["Private"]))
    id3.save(str(path))
    assert shown(run, "a.flac")["frames"]["ID3:TIT2"] == ["Private"]
    assert run("tag", "a.flac", "--clear").code == 0
    assert path.read_bytes().startswith(b"fLaC") and b"Private" not in path.read_bytes()
    assert decoded(path) == sound


def nested(depth):
    content = b""
    for _ in range(depth):
        content = struct.pack(">I4s", 8 + len(content), b"moov") + content
    return struct.pack(">I4s4s", 12, b"ftyp", b"M4A ") + content


def changed_sizes(content):
    return content[:4] + b"\xff" * 4 + content[8:40] + b"\xff" * 4 + content[44:]


@pytest.mark.parametrize(
    "name, change",
    [
        ("a.wav", lambda content: content[:36]),
        ("a.wav", lambda content: content[:20]),
        ("a.wav", lambda content: content[:9000]),
        ("a.wav", changed_sizes),
        ("a.m4a", lambda content: nested(3000)),
        ("a.m4a", lambda content: content[: len(content) // 2]),
        ("a.flac", lambda content: content[:30]),
        ("a.flac", lambda content: b"fLaC" + bytes(200)),
        ("a.ogg", lambda content: content[:40]),
        ("a.mp3", lambda content: b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(50)),
    ],
)
def test_a_damaged_file_is_an_error_of_the_input_and_stays(run, project, converted, name, change):
    content = b"" if name == "a.mp3" else converted(name, *VORBIS.get(name, ())).read_bytes()
    path = project / name
    path.write_bytes(change(content))
    for words in ((), ("--title", "x"), ("--clear",)):
        result = run("tag", name, *words)
        assert result.code in (0, 2) and "unexpected" not in result.err
        assert result.err.count("\n") == 1 or not words
        assert result.code == 2 or len(path.read_bytes()) > 0
        if result.code == 2:
            assert path.read_bytes() == change(content)
    assert sorted(one.name for one in project.iterdir()) == sorted({name, "in.wav"})


VORBIS = {"a.ogg": ("-strict", "-2", "-c:a", "vorbis", "-ac", "2")}
