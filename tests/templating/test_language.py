"""What the template language gives, and what it keeps from a stranger's template."""

import json

import jinja2.environment
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import defaults

from coaiapy.errors import CoaiaError
from coaiapy.templating.language import TemplateError
from coaiapy.templating.render import new_language

NAMES = {
    "n": 3,
    "flag": False,
    "text": "a b",
    "items": ["x", "y"],
    "thing": {"k": {"deep": 1}, "update": 2},
    "nothing": None,
    "result": "mine",
}


def render(value, **names):
    return new_language().render(value, dict(NAMES, **names), "here")


@pytest.mark.parametrize(
    "text, value",
    [
        ("{{ n }}", 3),
        ("{{ n * 2 + 1 }}", 7),
        ("{{ flag }}", False),
        ("{{ nothing }}", None),
        ("{{ items }}", ["x", "y"]),
        ("{{ thing.k }}", {"deep": 1}),
        ("{{ result }}", "mine"),
        ("{{ items | map('upper') }}", ["X", "Y"]),
        ("{{ range(n) }}", [0, 1, 2]),
        ("{{ range(1e0, n * 1.0) }}", [1, 2]),
        ("{{ '}}' }}", "}}"),
        ("{{ n }} {{ n }}", "3 3"),
        (" {{ n }}", " 3"),
        ("{{ n }}\n", "3\n"),
        ("<{{ nothing }}>", "<>"),
        ("{% if flag %}yes{% endif %}", ""),
        ("{% if not flag %}true{% else %}no{% endif %}", "true"),
        ("{% for i in items %}{{ loop.index }}{{ i }}{% endfor %}", "1x2y"),
        ("{% set a = n + 1 %}{{ a }}", "4"),
        ("{{ text ~ n }}", "a b3"),
        ("{{ items | join('-') }}", "x-y"),
        ("{{ ','.join(items) }}", "x,y"),
        ("{{ text.replace(' ', '_') }}", "a_b"),
        ("{{ text | replace(' ', '_') }}", "a_b"),
        ("{{ thing | tojson }}", json.dumps(NAMES["thing"])),
        ("{{ 2.567 | round(1) }}", 2.6),
        ("{{ '<b>' | e }}", "&lt;b&gt;"),
        ("{# nothing to see #}", ""),
        ("plain }} text", "plain }} text"),
        (
            {"a": ["{{ n }}", {"b": "{{ flag }}"}], "{{ n }}": 1},
            {"a": [3, {"b": False}], "{{ n }}": 1},
        ),
    ],
)
def test_a_text_that_is_one_expression_keeps_its_type(text, value):
    rendered = render(text)
    assert rendered == value
    assert type(rendered) is type(value)


@given(st.text())
def test_what_a_user_gives_is_data_and_is_not_read_as_a_template(text):
    hostile = "{{ n }}" + text
    assert render("{{ given }}", given=hostile) == hostile
    assert render("<{{ given }}>", given=hostile) == "<" + hostile + ">"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_data_comes_out_as_it_went_in(value):
    assert render("{{ given }}", given=value) == value


ATTACKS = [
    "{{ cycler.__init__.__globals__.os.popen('touch PWNED').read() }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ uuid4.__globals__ }}",
    "{{ uuid4['__globals__'] }}",
    "{{ now.__self__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ self['_TemplateReference__context'] }}",
    "{{ text | attr('__class__') }}",
    "{{ items | map(attribute='__class__') | list }}",
    "{{ [text] | map(attribute='__class__.__mro__') | list }}",
    "{{ '{0.__class__.__mro__}'.format(text) }}",
    "{{ '{a.__class__}'.format_map({'a': text}) }}",
    "{{ '%s' | format(text.__class__) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os }}",
    "{% extends 'x' %}",
    "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
    "{% for x in items %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "{{ items.append('z') }}",
    "{{ thing.update({'z': 1}) }}",
    "{{ thing.__class__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ namespace() }}",
    "{{ uuid4 }}",
    "{{ (1).to_bytes(1, 'big') }}",
    "{{ text.encode() }}",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_a_template_reaches_no_python_object_no_file_and_no_process(text, project):
    with pytest.raises(TemplateError) as caught:
        render(text)
    assert str(caught.value).startswith("here: ")
    assert not list(project.iterdir())
    assert NAMES["items"] == ["x", "y"]


@pytest.mark.parametrize(
    "text, said",
    [
        ("{{ itemz }}", "'itemz' is undefined (did you mean 'items'?)"),
        ("{{ missing.inner }}", "'missing' is undefined"),
        ("{{ thing.nope }}", "nope"),
        ("a {{ n", "unexpected end of template"),
        ("{{ n + }}", "unexpected"),
        ("{{ n | nosuch }}", "nosuch"),
        ("{{ n / 0 }}", "division by zero"),
        ("{{ n + text }}", "unsupported operand"),
        ("{% macro f() %}{% endmacro %}", "not macro"),
    ],
)
def test_an_error_says_where_and_what(text, said):
    with pytest.raises(TemplateError) as caught:
        render({"field": [text]})
    message = str(caught.value)
    assert message.startswith("here.field[0]: ") and said in message
    assert "\n" not in message


def test_the_error_is_both_a_value_error_and_one_of_coaias():
    assert issubclass(TemplateError, ValueError) and issubclass(TemplateError, CoaiaError)


def test_the_functions_of_templates():
    first, second = render("{{ uuid4() }}"), render("{{ uuid4() }}")
    assert first != second and len(first) == 36
    for name in ("now", "timestamp"):
        moment = render("{{ " + name + "() }}")
        assert moment.endswith("Z") and "T" in moment


def test_the_names_that_a_value_uses():
    language = new_language()
    found = language.names_in({"a": ["{{ x + y }}"], "b": "{% if z %}{% endif %}"}, "here")
    assert {"x", "y", "z"} <= found


@pytest.mark.parametrize("test", ["in", "eq", "ne", "lt", "le", "gt", "ge"])
def test_an_old_jinja_lacks_no_test_that_templates_use(monkeypatch, test):
    other = "['x', 'z']" if test == "in" else "'x'"
    text = "{{ items | select('" + test + "', " + other + ") | list }}"
    expected = render(text)
    without = {name: one for name, one in defaults.DEFAULT_TESTS.items() if name != test}
    monkeypatch.setattr(jinja2.environment, "DEFAULT_TESTS", without)
    assert render(text) == expected


@pytest.mark.parametrize(
    "text, value",
    [
        ("{{ 1 in [1, 2] }}", True),
        ("{{ 3 not in [1, 2] }}", True),
        ("{{ 'b' in text and not 'zz' in text }}", None),
        ("{{ 1 < 2 < 3 }}", True),
        ("{{ (1 in [1]) == true }}", True),
        ("{{ 'abcdef'[1:3] }}", "bc"),
        ("{{ 'abcdef'[::-1] }}", "fedcba"),
        ("{{ [1, 2, 3][1:] }}", [2, 3]),
        ("{{ 'a' in {'a': 1} }}", True),
        ("{% for i in [1, 2, 3] if i in [1, 3] %}{{ i }}{% endfor %}", "13"),
    ],
)
def test_comparisons_and_slices_mean_what_they_mean_in_jinja(text, value):
    found = render(text)
    assert isinstance(found, bool) if value is None else found == value


def test_in_is_not_part_of_a_chain():
    with pytest.raises(TemplateError, match="parentheses"):
        render("{{ 1 < 2 in [2] }}")
