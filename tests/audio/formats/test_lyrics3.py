"""Lyrics3 tags are shown and removed, wherever they stand among the tags behind the sound."""

import pytest

from coaiapy.audio.formats import lyrics3

SOUND = b"\xff\xfbsound" * 9
ID3 = b"TAG" + bytes(125)
APE = b"APETAGEX" + b"\xd0\7\0\0" + b"\x28\0\0\0" + b"\1\0\0\0" + bytes(12)
FIELDS = b"IND0000210LYR00012[00:01]Words"
VERSION_2 = b"LYRICSBEGIN" + FIELDS + b"%06dLYRICS200" % (11 + len(FIELDS))
VERSION_1 = b"LYRICSBEGIN[00:01]WordsLYRICSEND"


@pytest.mark.parametrize(
    "after", [b"", ID3, bytes(8) + APE, bytes(8) + APE + ID3, ID3 + bytes(8) + APE]
)
@pytest.mark.parametrize("tag", [VERSION_1, VERSION_2], ids=["1", "2"])
def test_the_tag_is_shown_and_removed(project, tag, after):
    path = project / "a.mp3"
    path.write_bytes(SOUND + tag + after)
    assert lyrics3.texts(str(path))["LYRICS3:LYR"] == ["[00:01]Words"]
    lyrics3.remove(str(path))
    assert path.read_bytes() == SOUND + after
    assert lyrics3.texts(str(path)) == {}


@pytest.mark.parametrize(
    "end", [b"", b"LYRICSEND", b"000999LYRICS200", b"000011LYRICS200", b"-00001LYRICS200", APE]
)
def test_what_only_looks_like_one_stays(project, end):
    path = project / "a.mp3"
    path.write_bytes(SOUND + end)
    assert lyrics3.texts(str(path)) == {}
    lyrics3.remove(str(path))
    assert path.read_bytes() == SOUND + end
