"""coaia synthesize with moto's Polly, and with one whose speech lasts as long as its text."""

import json
import subprocess
import wave

import pytest
from hearing import RATE, ffmpeg_path, heard, mp3_of, seconds_of, tone, write_wav
from tinytag import TinyTag
from web_server import serving

from coaiapy import patience, syntation
from coaiapy.audio import speech
from coaiapy.audio.formats import mp3
from coaiapy.errors import ConfigError, NetworkError, RefusedError, UsageError

SENTENCE = "This is a sentence of exactly fifty characters ok. "
LONG = (SENTENCE * 250)[:10000]


def test_a_text_becomes_a_file(run, aws, project):
    result = run("synthesize", "Good morning", "-O", "a.mp3", "--voice", "Amy")
    assert (result.code, result.out) == (0, "")
    assert (project / "a.mp3").read_bytes() == bytes(8)  # what moto sends for every text
    assert result.err == "wrote 12 characters of speech to a.mp3 (8 bytes)\n"


def test_moto_takes_a_text_of_10000_characters_in_pieces(run, aws, project):
    assert run("synthesize", "-O", "a.mp3", stdin=LONG).code == 0
    assert (project / "a.mp3").read_bytes() == bytes(8 * 4)


def test_a_text_of_10000_characters_becomes_one_file_that_lasts_as_long(run, polly, project):
    (project / "long.txt").write_text(LONG)
    result = run("synthesize", "-F", "long.txt", "-O", "a.mp3")
    assert result.code == 0
    texts = [asked["Text"] for asked in polly.requests]
    assert "".join(texts) == LONG and len(texts) == 4
    assert all(len(text) <= 3000 for text in texts)
    assert all(text.endswith(" ") for text in texts[:-1])  # each ends with a sentence
    data = (project / "a.mp3").read_bytes()
    assert mp3.audio_only(data) == data
    # LAME adds up to 4 frames of 36 ms to each of the four pieces.
    assert 100 <= seconds_of(data) <= 100 + 4 * 4 * 0.036
    assert TinyTag.get("a.mp3").duration == pytest.approx(seconds_of(data), abs=1)
    assert "wrote 10000 characters of speech to a.mp3" in result.err


def test_a_page_that_answers_in_the_place_of_polly_becomes_no_sound_file(
    run, polly, project, monkeypatch
):
    page = (200, b"<html>Please log in</html>", {"Content-Type": "text/html; charset=utf-8"})
    with serving(lambda asked, url: page) as portal:
        monkeypatch.setenv("AWS_ENDPOINT_URL", portal.url)
        result = run("synthesize", "Good morning", "-O", "a.mp3")
    assert (result.code, result.out) == (4, "")
    assert result.err.endswith(
        "coaia: Polly answered with text/html instead of a sound: "
        "check the network and AWS_ENDPOINT_URL\n"
    )
    assert not (project / "a.mp3").exists()


def test_ssml_is_spoken_in_documents_that_are_well_formed(run, polly):
    text = '<speak><prosody rate="slow">{}</prosody></speak>'.format(LONG)
    assert run("synthesize", text, "--ssml", "-O", "a.mp3").code == 0
    assert len(polly.requests) == 4
    for asked in polly.requests:
        assert asked["TextType"] == "ssml"
        assert asked["Text"].startswith('<speak><prosody rate="slow">This is')
        assert asked["Text"].endswith("</prosody></speak>")


def test_options_reach_polly(run, polly):
    words = ("--voice", "Kajal", "--engine", "neural", "--language", "en-IN")
    assert run("synthesize", "Hello", "-O", "a.mp3", *words).code == 0
    assert polly.requests == [
        {
            "Engine": "neural",
            "LanguageCode": "en-IN",
            "OutputFormat": "mp3",
            "Text": "Hello",
            "TextType": "text",
            "VoiceId": "Kajal",
        }
    ]


def test_pcm_becomes_a_wav_file_if_it_is_called_one(run, polly, project):
    assert run("synthesize", LONG, "--format", "pcm", "-O", "a.wav").code == 0
    assert run("synthesize", LONG, "--format", "pcm", "-O", "a.pcm").code == 0
    with wave.open(str(project / "a.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16000, 1, 2)
        assert sound.getnframes() / 16000.0 == pytest.approx(100, abs=0.01)
        assert sound.readframes(sound.getnframes()) == (project / "a.pcm").read_bytes()


@pytest.mark.parametrize(
    "name, option, wanted",
    [
        ("a.wav", [], "pcm"),
        ("a.OGG", [], "ogg_vorbis"),
        ("a.mp3", [], "mp3"),
        ("a", [], "mp3"),
        ("a.sound", ["--format", "pcm"], "pcm"),
    ],
)
def test_a_file_holds_what_its_name_says(run, polly, project, name, option, wanted):
    assert run("synthesize", "Hello", "-O", name, *option).code == 0
    assert polly.requests[0]["OutputFormat"] == wanted
    assert (project / name).read_bytes().startswith(b"RIFF") == (name == "a.wav")


def test_tags_can_be_set_in_the_same_call(run, polly, project):
    words = ("--title", "Morning", "--artist", "Joanna", "--set", "TBPM=90")
    assert run("synthesize", "Hello", "-O", "a.mp3", *words).code == 0
    tags = TinyTag.get("a.mp3")
    assert (tags.title, tags.artist) == ("Morning", "Joanna")


def test_joined_mp3s_play_one_after_the_other_without_their_notes():
    one, two = mp3_of(tone(1, 1)), mp3_of(tone(2, 2))
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)
    assert speech.joined([tag + one, tag + two], "mp3") == one + two


def test_ogg_that_is_none_is_an_error(aws, project):
    with pytest.raises(NetworkError, match="not send an Ogg stream"):  # moto's eight zero bytes
        speech.speak(LONG, speech.Speech(format="ogg_vorbis"))


def test_the_voices(run, aws):
    result = run("synthesize", "--voices", "--language", "fr", "--json")
    voices = json.loads(result.out)
    assert {voice["language"][:3] for voice in voices} == {"fr-"}
    assert "Mathieu" in {voice["id"] for voice in voices}
    table = run("synthesize", "--voices", "--language", "fr-FR", "--columns", "id,engines")
    assert "Mathieu" in table.out and "Chantal" not in table.out


def test_the_legacy_function(aws, project):
    assert syntation.synthesize("Hello", "Joanna", "a.ogg", "ogg_vorbis") is None
    assert (project / "a.ogg").read_bytes() == bytes(8)
    with pytest.raises(RefusedError, match="AWS polly refused"):
        syntation.synthesize("Hello", "Nobody", "b.mp3")
    assert not (project / "b.mp3").exists()


@pytest.mark.parametrize(
    "words, code",
    [
        (("Hello",), 2),
        (("", "-O", "a.mp3"), 2),
        (("Hello", "-O", "no/folder.mp3"), 6),
        (("Hello", "-O", "a.mp3", "--json"), 2),
        (("--voices", "-O", "a.mp3"), 2),
        (("Hello", "-O", "a.pcm", "--format", "pcm", "--title", "x"), 2),
        (("Hello", "-O", "a.mp3", "--set", "nonsense"), 2),
        (("Hello", "-O", "a.flac"), 2),
        (("Hello", "-O", "a.m4a", "--format", "mp3"), 2),
        (("Hello", "-O", "a.wav", "--format", "mp3"), 2),
        (("Hello", "-O", "a.mp3", "--format", "ogg_vorbis"), 2),
        (("no ssml", "-O", "a.mp3", "--ssml"), 2),
        (("<speak> </speak>", "-O", "a.mp3", "--ssml"), 2),
        (("Hello", "-O", "a.mp3", "--cover", "missing.jpg"), 6),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_asked(run, polly, words, code):
    result = run("synthesize", *words)
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1
    assert polly.requests == []


@pytest.mark.parametrize(
    "status, kind, code",
    [
        (400, "InvalidSignatureException", 3),
        (403, "UnrecognizedClientException", 3),
        (400, "EngineNotSupportedException", 5),
    ],
)
def test_a_refusal_writes_no_file(run, polly, project, status, kind, code):
    (project / "a.mp3").write_bytes(b"precious")
    polly.refusals = [(status, kind)]
    result = run("synthesize", "Hello", "-O", "a.mp3")
    assert result.code == code
    assert kind in result.err
    assert (project / "a.mp3").read_bytes() == b"precious"


def test_a_piece_that_fails_for_a_moment_is_asked_for_again(run, polly, project):
    polly.refusals = [(500, "ServiceFailureException")]
    assert run("synthesize", "Hello", "-O", "a.mp3").code == 0
    assert len(polly.requests) == 2


def test_nobody_there(monkeypatch, polly):
    polly.server_close()
    monkeypatch.setattr(patience, "AWS", patience.AWS._replace(tries=1))
    with pytest.raises(NetworkError, match="the request to AWS polly failed"):
        speech.speak("Hello")


def test_keys_that_are_missing_are_named(monkeypatch, polly):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_SECRET_KEY")
    with pytest.raises(ConfigError, match="one AWS key is set but not the other"):
        speech.speak("Hello")
    monkeypatch.delenv("AWS_KEY_ID")
    with pytest.raises(ConfigError, match="set AWS_KEY_ID and AWS_SECRET_KEY"):
        speech.speak("Hello")


def test_a_format_that_polly_lacks():
    with pytest.raises(UsageError, match="'wav': use mp3"):
        speech.synthesize("Hello", "Joanna", "a.wav", "wav")


@pytest.mark.parametrize("format, codec", [("mp3", "libmp3lame"), ("ogg_vorbis", "libvorbis")])
def test_a_real_decoder_plays_joined_speech_to_its_end(project, format, codec):
    suffix = format[:3]
    sounds = []
    for number, seconds in ((1, 1), (9, 2), (4, 1)):
        write_wav(project / "in.wav", tone(number, seconds))
        ffmpeg("-i", "in.wav", "-c:a", codec, "-y", "part." + suffix)
        sounds.append((project / ("part." + suffix)).read_bytes())
    (project / ("whole." + suffix)).write_bytes(speech.joined(sounds, format))
    ffmpeg("-i", "whole." + suffix, "-ar", str(RATE), "-ac", "1", "whole.wav")
    found = heard({"content": (project / "whole.wav").read_bytes()})
    assert [one["text"] for one in found] == ["tone 1", "tone 9", "tone 4"]
    assert found[-1]["end"] == pytest.approx(4, abs=0.4)


def ffmpeg(*words):
    command = [ffmpeg_path(), "-nostdin", "-v", "error"]
    subprocess.check_call(command + list(words))
