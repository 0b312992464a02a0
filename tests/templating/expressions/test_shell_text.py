"""No value can become more than one word of a shell text."""

import os
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coaiapy.errors import UsageError
from coaiapy.templating.expressions.shell_text import shell_text
from coaiapy.templating.language import TemplateError
from coaiapy.templating.render import new_language

SHELLS = [shell for shell in ("sh", "bash", "dash") if shutil.which(shell)]
HOSTILE = [
    "; touch HIT",
    "$(touch HIT)",
    "`touch HIT`",
    "'; touch HIT; '",
    '"; touch HIT; "',
    "'\"; touch HIT #",
    "\n touch HIT\n",
    "a\ntouch HIT",
    "\\",
    "\\'; touch HIT; '",
    "&& touch HIT",
    "| touch HIT",
    "* ? [a-z] ~ $HOME ${HOME}",
    "a[$(touch HIT)]",
    "<(touch HIT)",
    "!!",
    "-n",
    "",
    " ",
    "${COAIA_WORD_1}",
    "é\u2028\x01",
]
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.sampled_from("'\"\\`$(){}[];&|<>\n\t #*?~!=-aHIT touch"), max_size=30),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20),
)


def made(template, **names):
    return shell_text(new_language().pieces(template, names, "run"))


def output_of(shell, command, environment, folder):
    process = subprocess.Popen(
        [shell, "-c", command, "sh"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=str(folder),
        env=dict(os.environ, LC_ALL="C.UTF-8", **environment),
    )
    said, complaint = process.communicate(timeout=200)
    return said.decode("utf-8"), complaint.decode("utf-8", "replace")


@pytest.mark.parametrize("shell", SHELLS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # each example is four processes
@given(first=VALUES, second=VALUES)
def test_a_value_is_one_word_whatever_it_is(shell, tmp_path_factory, first, second):
    folder = tmp_path_factory.getbasetemp()
    template = (
        "printf '<%s>' {{ a }} --b={{ b }}x$(printf '<%s>' {{ b }})\n"
        '(printf "<%s>" "$(printf %s {{ a }}.)"); f() { printf "<%s>" {{ b }}; }; f 1'
    )
    command = made(template, a=first, b=second)
    inner = "<{0}><--b={1}x".format(first, second)
    said, complaint = output_of(shell, command.text, command.environment, folder)
    assert said.startswith(inner) and said.endswith("<{}.><{}>".format(first, second)), complaint
    assert complaint == "" and not (folder / "HIT").exists()
    assert output_of(shell, command.shown, {}, folder) == (said, "")


@pytest.mark.parametrize(
    "template",
    [
        "echo '{{ x }}'",
        'echo "{{ x }}"',
        "echo \"a $(echo '{{ x }}')\"",
        "sh -c 'echo {{ x }}'",
        'sh -c "echo {{ x }}"',
        "echo `echo {{ x }}`",
        "echo $(( {{ x }} ))",
        "echo $(( (1) + {{ x }} ))",
        "(( {{ x }} ))",
        "echo $[ {{ x }} ]",
        "[[ {{ x }} -eq 1 ]]",
        "a[{{ x }}]=1",
        "echo ${nothing:-{{ x }}}",
        'echo "${nothing:-{{ x }}}"',
        "cat <<END\n{{ x }}\nEND",
        "cat <<'END'\n{{ x }}\nEND",
        "cat <<-END\n\t$(echo {{ x }})\n\tEND",
        "true # {{ x }}",
        "# it's\necho '{{ x }}'",
        "echo \\{{ x }}",
        "echo ${{ x }}",
        "echo $'a' {{ x }}",
        "{% if x %}echo '{% endif %}{{ x }}'",
        "echo {{ quoted | raw }}{{ x }}'",
        "echo \\\\'{{ x }}'",
        "echo '\\' {{ y }} '{{ x }}'",
    ],
)
def test_where_a_value_would_not_be_one_word_it_is_refused(template):
    with pytest.raises(UsageError, match="an expression cannot stand"):
        made(template, x="a", y="b", quoted="'")


@pytest.mark.parametrize(
    "template, shown",
    [
        ("echo {{ x }}", "echo 'a b'"),
        ("echo 'it' \"is\" {{ x }}", "echo 'it' \"is\" 'a b'"),
        ("echo \\\\{{ x }}", "echo \\\\'a b'"),
        ("echo \\'{{ x }}", "echo \\''a b'"),
        ("echo a#{{ x }}", "echo a#'a b'"),
        ("# it's fine\necho {{ x }}", "# it's fine\necho 'a b'"),
        ('echo "$(cat {{ x }})"', "echo \"$(cat 'a b')\""),
        ('echo "`date`" {{ x }}', "echo \"`date`\" 'a b'"),
        ("echo $((1 + (2))) {{ x }}", "echo $((1 + (2))) 'a b'"),
        ("echo ${a:-'}'} {{ x }}", "echo ${a:-'}'} 'a b'"),
        ("cat <<<{{ x }}", "cat <<<'a b'"),
        ("(cd {{ x }} && ls) > {{ x }}", "(cd 'a b' && ls) > 'a b'"),
        ("case $1 in a) echo {{ x }};; esac", "case $1 in a) echo 'a b';; esac"),
        ("{% for f in many %}cat {{ f }};{% endfor %}", "cat 1;cat '*';"),
        ("{% set y = x ~ '!' %}echo {{ y }}", "echo 'a b!'"),
        ("{{ 'a' }} {{ 'b;' }} {{ n }} {{ nothing }}", "a 'b;' 3 ''"),
        ("echo '{{ x | raw }}'", "echo 'a b'"),
    ],
)
def test_elsewhere_it_is_quoted(template, shown):
    command = made(template, x="a b", many=[1, "*"], n=3, nothing=None)
    assert command.shown == shown


@pytest.mark.parametrize(
    "template, said",
    [
        ("echo {{ many }}", "a list or an object is not one word"),
        ("echo {{ many | map('upper') }}", "a list or an object is not one word"),
        ("echo {{ x }}\0", "NUL"),
        ("echo {{ nul }}", "NUL"),
        ("echo {{ (x | raw) ~ x }}", "raw"),
        ("echo {{ unknown }}", "unknown"),
        ("{% set y %}{{ x }}{% endset %}{{ y }}", "endset"),
    ],
)
def test_what_cannot_be_a_word_is_refused(template, said):
    with pytest.raises(TemplateError, match="run: .*" + said):
        made(template, x="a b", many=["a"], nul="a\0b")


def test_raw_is_known_in_commands_only():
    with pytest.raises(TemplateError, match="raw"):
        new_language().render("{{ x | raw }} and", {"x": "a"}, "here")
