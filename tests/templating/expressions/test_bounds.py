"""No template takes up the memory or the time of the machine."""

import time

import pytest

from coaiapy.templating.expressions import bounds
from coaiapy.templating.expressions.bounds import TooMuch, size_of
from coaiapy.templating.language import TemplateError
from coaiapy.templating.render import new_language


def render(text):
    return new_language().render(text, {}, "here")


def test_a_range_of_what_is_no_whole_number_says_so():
    with pytest.raises(TemplateError, match=r"^here: range\(\) needs whole numbers, not 2.5$"):
        render("{{ range(2.5) }}")


BOMBS = [
    "{{ 'a' * 10**9 }}",
    "{{ 10**9 * 'a' }}",
    "{{ [0] * 10**9 }}",
    "{{ 9**(9**9) }}",
    "{{ 2**4000 * 2**4000 }}",
    "{{ '%0999999999d' % 1 }}",
    "{{ 'a'.ljust(999999999) }}",
    "{{ 'a' | center(999999999) }}",
    "{{ 'a' | indent(999999999) }}",
    "{{ range(999999999) | list }}",
    "{{ range(10**300) }}",
    "{{ range(1e300) }}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40 + "{{ a | tojson | length }}",
    "{{ ('a' * 9999).replace('a', 'b' * 99999) }}",
    "{{ ('a' * 9999) | replace('', 'b' * 99999) }}",
    "{{ ('b' * 99999).join('a' * 9999) }}",
    "{{ ('a' * 9999) | join('b' * 99999) }}",
    "{{ 1.5 | round(999999999, 'ceil') }}",
    "{{ 1.5 | round(999999999) }}",
    "{{ [1] | sum(start='a' * 10**9) }}",
    "{% set n = range(0, 9999 * (2**61 - 1), 2**61 - 1) | list %}{{ n | unique | list | length }}",
    "{{ ('9' * 900000) | int }}",
    "{{ ('<!--' * 200000) | striptags }}",
    "{{ ('<' * 400000) | striptags }}",
    "{% set h = '\u00df' * 3000000 %}{% for i in range(99) %}{% set y = h.upper() %}{% endfor %}",
    "{{ '{:>9999999999}'.format('a') }}",
    "{{ '{a:>9999999999}'.format_map({'a': 1}) }}",
    "{{ ''['format'] }}",
    "{% set h = 'ab' * 4500000 %}{% for i in range(9999) %}{% if 'bb' in h %}{% endif %}{% endfor %}",
    "{% set h = 'ab' * 4500000 %}{% for i in range(9999) %}{% if 'bb' not in h %}{% endif %}{% endfor %}",
    "{% set h = 'ab' * 4500000 %}{% for i in range(9999) %}{% if 'bb' is in h %}{% endif %}{% endfor %}",
    "{% set h = 'a' * 9000000 %}{% for i in range(9999) %}{% set y = h[::-1] %}{% endfor %}",
    "{% set h = 'a' * 9000000 %}{% for i in range(9999) %}{% set y = h[1:] %}{% endfor %}",
    "{% set h = 'a' * 4000000 %}{% set g = 'a' * 4000000 %}{% for i in range(9999) %}{{ h == g }}{% endfor %}",
    "{% set h = 'a' * 4000000 %}{% set g = 'a' * 4000000 %}{% for i in range(9999) %}{{ h is eq g }}{% endfor %}",
    "{% set h = 'a' * 4000000 %}{% set g = 'a' * 4000000 %}{% for i in range(9999) %}{{ 1 if h < g }}{% endfor %}",
    "{% set h = 'a' * 4000000 %}{% set g = 'a' * 4000000 %}{% for i in range(9999) %}{{ 'b' < h != g }}{% endfor %}",
    "{% set h = 'ab' * 4000000 %}{{ range(9999) | map('string') | select('in', h) | list }}",
    "{{ ('a' * 2000000).find('a' * 99999 + 'b') }}",
    "{{ ('a' * 2000000).count('a' * 99999 + 'b') }}",
    "{{ ('a' * 2000000).split(sep='a' * 99999 + 'b') }}",
    "{{ ('a' * 2000000) | replace('a' * 99999 + 'b', '') }}",
    "{{ ('a' * 99999 + 'b') in ('a' * 2000000) }}",
    "{% for i in range(9999) %}{% set y = range(9999) | list %}{% endfor %}",
    "{% for i in range(9999) %}{% for j in range(9) %}"
    + "{% set y = [i, j, i - j // 7] %}" * 400
    + "{% endfor %}{% endfor %}",
    "{{ [" + "1," * 50000 + "] }}",
    "{% set h = ('b a ' * 200000).split() %}" + "{% set y = h | map('title') | sort %}" * 50,
    "{{ 'a' | _bounded_loop(-10) }}",
    "{{ 'a' | loop }}",
    "{% set a = 'a ' * 4999999 %}{% for i in range(9999) %}{% if a.split() == 1 %}{% endif %}{% endfor %}",
    "{% set a = 'a' * 4999999 %}{% for i in range(9999) %}{% if a ~ a == 1 %}{% endif %}{% endfor %}",
    "{% set h = 'ab' * 2000000 %}{% set y = h | sort %}",
    "{% set h = 'ab' * 2000000 %}{% set y = h | join(',') %}",
    "{% set h = 'ab' * 2000000 %}{% set y = ','.join(h) %}",
    "{% set h = 'ab' * 400000 %}{% set y = h | map(attribute='upper') | list %}",
    "{% for i in range(10000) %}{% set y = 'ab' * 4000000 %}{% endfor %}",
    "{% for i in range(10000) %}{% set y = [1, 2] * 100000 %}{% endfor %}",
    "{% for i in range(50) %}{% set y = range(9000) | list"
    + " | map(attribute='x', default=1)" * 60
    + " | list %}{% endfor %}",
]


@pytest.mark.parametrize("text", BOMBS)
def test_a_template_cannot_make_something_huge(text):
    started = time.process_time()
    with pytest.raises(TemplateError):
        render(text)
    assert time.process_time() - started < 8  # two seconds, on a machine that is a quarter as fast


@pytest.mark.parametrize(
    "work",
    [
        lambda: bounds.join(["a"] * 9999, "b" * 9999),
        lambda: bounds.replace("a" * 9999, "a", "b" * 9999),
        lambda: bounds.bounded_range(10001),
        lambda: bounds.round_number(1.5, 101),
        lambda: bounds.to_json(["a" * 1000] * 10001),
        lambda: bounds.check_operation("%", "%0999999999d", 1),
        lambda: bounds.check_operation("*", "a", 10**8),
        lambda: bounds.check_operation("*", 10**8, [0]),
        lambda: bounds.check_operation("*", 2**4000, 2**4000),
        lambda: bounds.check_operation("**", 9, 9**9),
        lambda: bounds.check_operation("+", "a" * 9999999, "a"),
    ],
)
def test_what_would_be_too_large_is_refused_before_it_is_made(work):
    with pytest.raises(TooMuch):
        work()


def test_lists_are_added_up_in_one_go():
    assert render("{{ ([[1]] * 50000) | sum(start=[0]) | length }}") == 50001
    assert render("{{ [{'a': [1]}, {'a': [2, 3]}] | sum('a', []) }}") == [1, 2, 3]
    assert render("{{ [1, 2.5] | sum }} {{ [3, 3, 2**70, 2**70] | unique | list }}").startswith(
        "3.5"
    )
    assert render("{{ '<p>a</p><!-- b -->c' | striptags }} {{ '12' | int }}") == "ac 12"
    with pytest.raises(TemplateError, match="only lists"):
        render("{{ [[1], 'ab'] | sum(start=[]) }}")


def test_many_texts_share_one_limit():
    language = new_language()
    with pytest.raises(TemplateError, match="characters"):
        for _ in range(20):
            language.render("{{ 'a' * 999999 }}", {}, "here")


def test_size_counts_what_is_inside():
    assert size_of(["ab", {"c": "d"}]) > size_of(["ab"]) > 2
    with pytest.raises(TooMuch):
        size_of(["a" * 1000] * 100000)


def test_many_different_texts_take_no_longer():
    language = new_language()
    started = time.process_time()
    with pytest.raises(TemplateError, match="too long"):
        for number in range(100000):
            language.render("{{{{ {} - 1 }}}}".format(number), {}, "here")
    assert time.process_time() - started < 8
