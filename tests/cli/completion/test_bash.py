"""Command lines as bash takes them apart, and words that a real bash reads back as they were."""

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coaiapy.cli.completion.bash import replacement, split

BREAKS = " \t\n\"'><=;|&(:"
QUOTES = ("", "'", '"')
TEXTS = st.one_of(
    st.text(
        alphabet=" '\"$`\\#*?[](){}!~%&|;<>=.,-+@^:/_aB7é☃\u00a0\u3000😀", min_size=1, max_size=10
    ),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=15),
)


@pytest.mark.parametrize(
    "text, words, current",
    [
        ("coaia ", ["coaia"], ""),
        ("coaia pipe", ["coaia"], "pipe"),
        ("coaia  env\tset  KEY ", ["coaia", "env", "set", "KEY"], ""),
        ("coaia show 'two words' x", ["coaia", "show", "two words"], "x"),
        ('coaia show "two words" x', ["coaia", "show", "two words"], "x"),
        ("coaia show two\\ words x", ["coaia", "show", "two words"], "x"),
        ("coaia show 'two wo", ["coaia", "show"], "two wo"),
        ('coaia show "two wo', ["coaia", "show"], "two wo"),
        ('coaia show "a \\"b\\" \\$x \\n" ', ["coaia", "show", 'a "b" $x \\n'], ""),
        ("coaia show a'b c'\"d e\"f ", ["coaia", "show", "ab cd ef"], ""),
        ("coaia show '' ", ["coaia", "show", ""], ""),
        ("coaia show trailing\\", ["coaia", "show"], "trailing"),
        ('coaia show "trailing\\', ["coaia", "show"], "trailing"),
        ("coaia view $(cat an id) -", ["coaia", "view", "$(cat an id)"], "-"),
        ("coaia view `cat an id` -", ["coaia", "view", "`cat an id`"], "-"),
        ("coaia tash k -F - <in.txt --t", ["coaia", "tash", "k", "-F", "-"], "--t"),
        ("coaia env list 2> errors --j", ["coaia", "env", "list"], "--j"),
    ],
)
def test_a_line_is_taken_apart_as_bash_does(text, words, current):
    line = split(text, BREAKS)
    assert (line.words, line.current, line.is_redirected) == (words, current, False)


@pytest.mark.parametrize("text", ["coaia env list >", "coaia env list > fi", "coaia p x <in"])
def test_what_follows_a_redirection_is_a_file(text):
    assert split(text, BREAKS).is_redirected


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("plain", 0),
        ("--name=dev", len("--name=")),
        ("a:b=c", len("a:b=")),
        ("a\\:b", 0),
        ("'a:b'c", 0),
        ("'a:b", 0),
        ("--name='de", len("--name=")),
        ('a"b', 1),
    ],
)
def test_bash_replaces_what_follows_the_last_break_or_the_open_quote(typed, kept):
    assert split("coaia " + typed, BREAKS).kept == kept


@pytest.mark.parametrize("quote", QUOTES)
@example(text="$(touch x)`touch x`; touch x & !! !x \\")
@example(text="ends with '")
@example(text='ends with "')
@example(text="ends with !")
@given(text=TEXTS)
def test_bash_reads_a_replaced_word_as_it_was_meant(quote, text):
    written = replacement(split("coaia show " + quote, BREAKS), text)
    closed = quote + written + ("" if written.endswith(quote) else quote)
    read = subprocess.run(
        ["bash", "-c", "printf '%s\\0' " + closed + " end"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert read.stderr == b""
    assert read.stdout.decode("utf-8").split("\0") == [text, "end", ""]
    assert split("coaia show {} ".format(closed), BREAKS).words == ["coaia", "show", text]
