"""The names of earlier releases that talk to a model: they work, and raise when they do not."""

import json

import pytest

from coaiapy.errors import CoaiaError, ConfigError
from coaiapy.legacy import texts as legacy_texts


@pytest.fixture
def config(project):
    def write(**values):
        (project / "coaia.json").write_text(json.dumps(values))

    return write


def test_abstract_send_reads_both_names_from_the_settings(openai, config):
    config(tell="Tell a joke.", warmth=0.9)
    sent = legacy_texts.abstract_send("cats", "tell", "warmth", pre="About ")
    assert sent == "system: Tell a joke. | user: About cats | temperature 0.9"


def test_abstract_send_has_its_defaults(openai):
    sent = legacy_texts.abstract_send("cats", "tell", "warmth")
    assert sent == "system: You are a helpful assistant | user: cats | temperature 0.3"


def test_abstract_process_send_honours_the_tags_temperature(openai, config):
    config(shout_instruction="Shout.", shout_temperature=0.9, quiet_instruction="Whisper.")
    assert legacy_texts.abstract_process_send("shout", "a").endswith("temperature 0.9")
    assert legacy_texts.abstract_process_send("quiet", "a").endswith("temperature 0.35")
    unknown = legacy_texts.abstract_process_send("unknown", "a", 0.7)
    assert unknown == "system: You are a helpful assistant | user: a | temperature 0.7"


@pytest.mark.parametrize(
    "name", ["summarizer", "csv2json", "csv2json_legacy", "d2s_send", "dictkore_send", "llm"]
)
def test_the_others_send_their_text_below_an_instruction(openai, name):
    answer = getattr(legacy_texts, name)("the text")
    assert " | user: the text | temperature 0.3" in answer
    assert answer.startswith("system: ")


@pytest.mark.parametrize("name", ["", "_v3", "_v4"])
def test_send_openai_request(openai, config, name):
    config(default_preprompt_instruction="Do it.", default_temperature=0.8)
    send = getattr(legacy_texts, "send_openai_request" + name)
    assert send("now", pre="Please ") == "system: Do it. | user: Please now | temperature 0.8"
    assert send("now", 0.1, "Else.") == "system: Else. | user: now | temperature 0.1"


def test_generate_image(openai, config):
    config(default_size="256x256")
    assert legacy_texts.generate_image("a cat", nb_img=2) == [
        "http://pictures/0.png",
        "http://pictures/1.png",
    ]
    assert openai.requests[0].body == {"prompt": "a cat", "size": "256x256", "n": 2}


@pytest.mark.parametrize("fault", ["401", "400", "no_text", "html"])
@pytest.mark.parametrize("name", ["summarizer", "llm", "generate_image"])
def test_they_raise_and_print_nothing(openai, capsys, fault, name):
    openai.faults = [fault]
    with pytest.raises(CoaiaError):
        getattr(legacy_texts, name)("the text")
    assert capsys.readouterr().out == ""


def test_without_a_key_they_say_so():
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        legacy_texts.summarizer("the text")
