"""Long texts in pieces: nothing lost, cut between sentences, SSML well formed."""

import re
from xml.parsers import expat
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.audio import speech_text
from coaiapy.errors import UsageError

TEXTS = st.text(
    alphabet=st.sampled_from("abc .,;!?\n\t\"')&<>…。、é世")
    | st.characters(blacklist_categories=("Cs",)),
    max_size=400,
)


@given(TEXTS, st.integers(1, 50))
def test_pieces_are_the_text_and_fit(text, limit):
    pieces = speech_text.split(text, limit)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= limit for piece in pieces)


def test_pieces_end_with_sentences():
    text = "One two. Three four! Five six? “Seven.” Eight, nine. "
    assert speech_text.split(text, 22) == [
        "One two. Three four! ",
        "Five six? “Seven.” ",
        "Eight, nine. ",
    ]


def test_a_sentence_that_is_too_long_is_cut_at_a_clause_and_else_at_a_word():
    text = "First a clause, then another, and then a third."
    assert speech_text.split(text, 24)[0] == "First a clause, "
    assert speech_text.split("word " * 5 + "wo" * 20, 12)[0] == "word word "


def test_other_scripts_have_sentences_too():
    assert speech_text.split("你好。今天怎么样？很好！", 6) == ["你好。", "今天怎么样？", "很好！"]


def text_of(document):
    """The names of the elements that are open at each character, by an XML parser."""
    said, names = [], []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: names.append((name, str(attributes)))
    parser.EndElementHandler = lambda name: names.pop()
    parser.CharacterDataHandler = lambda data: said.extend((c, tuple(names)) for c in data)
    parser.Parse(document, True)
    return said


SSML = st.recursive(
    TEXTS.map(lambda text: re.sub("[^\t\n -\ud7ff]", "", text)).map(escape),
    lambda inner: st.lists(inner, max_size=4).flatmap(
        lambda parts: st.sampled_from(
            [
                '<prosody rate="90%" pitch="&lt;x">{}</prosody>',
                "<amazon:effect name='whispered'>{}</amazon:effect>",
                "<s>{}</s>",
                "{}<break time='1s'/>",
            ]
        ).map(lambda form: form.format("".join(parts)))
    ),
    max_leaves=12,
)


@given(SSML, st.integers(5, 60))
def test_ssml_documents_are_well_formed_and_say_the_same(inner, limit):
    documents = speech_text.split_ssml("<speak>{}</speak>".format(inner), limit, 6000)
    said = [one for document in documents for one in text_of(document)]
    expected = text_of("<speak>{}</speak>".format(inner))
    assert without_spaces(said) == without_spaces(expected)
    for document in documents:
        assert document.startswith("<speak>") and document.endswith("</speak>")
        assert len(text_of(document)) <= limit


def without_spaces(said):
    return [one for one in said if one[0].strip()]


def test_what_is_one_spoken_thing_is_not_cut():
    thing = '<say-as interpret-as="date">10. 11. 2026</say-as>'
    documents = speech_text.split_ssml("<speak>Before it. {} After.</speak>".format(thing), 14)
    assert documents == [
        "<speak>Before it. </speak>",
        "<speak>{}</speak>".format(thing),
        "<speak> After.</speak>",
    ]


@pytest.mark.parametrize(
    "text, words",
    [
        ("plain text", "not well formed"),
        ("<speak>open", "not well formed"),
        ("<voice>x</voice>", "begins with <speak>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><speak>&a;</speak>', "DOCTYPE"),
        ("<speak><sub alias='{}'>x</sub></speak>".format("y" * 7000), "longer than the 6000"),
    ],
)
def test_what_is_no_ssml_is_refused(text, words):
    with pytest.raises(UsageError, match=words):
        speech_text.split_ssml(text)
