"""What is found in templates without values of their variables, and where."""

import json
import time

import pytest

from coaiapy.authoring.validation.rules import RULES
from coaiapy.authoring.validation.validate import problems, problems_of

# A template, and the place, rule and words of every problem in it.
CASES = {
    "nothing": (
        """
variables: [{name: title}]
steps: [{name: "{{ title }}"}, {name: Below, parent: "{{ title }}"}]
""",
        [],
    ),
    "everything at once": (
        """
extnds: x
variables:
  - {name: my-var}
  - {name: mode, choices: [a, b], default: c}
steps:
  - {name: A, observation_type: SPN, input: {deep: ["{{ modus }}"]}}
  - {name: B, parent: it may be the name of the next step}
  - {parent: A}
  - {name: C, for_each: 5, input: "{{ item }} {{ 1 + }}"}
""",
        [
            "2:1 schema no such field (did you mean 'extends'?)",
            "4:6 schema 'my-var' must be a name of letters",
            "5:6 unused-variable the variable 'mode' is never used",
            "5:35 default must be one of a, b, not 'c'",
            "7:15 schema observation_type: 'SPN' is not one of",
            "7:53 undefined-variable there is no variable 'modus' (did you mean 'mode'?)",
            "9:5 schema steps[2].name: is missing",
            "10:15 schema for_each: must be text or a list",
            "10:28 expression unexpected 'end of print statement'",
        ],
    ),
    "a version": (
        """
version: abc
steps: [{name: A}]
""",
        ["2:1 version 'abc' is not a semantic version: write it as 1.2.0"],
    ),
    "strangers": (
        """
variables: [{name: x}]
steps:
  - {name: "Step {{ x }}", parent: Step of another}
  - {name: Above, needs: ["Step {{ x }}", Nobody]}
  - {name: B, parent: Abov}
""",
        [
            "5:19 needs there is no step 'Nobody'",
            "6:15 parent there is no step 'Abov' (did you mean 'Above'?)",
        ],
    ),
    "circles": (
        """
variables: [{name: a, default: "{{ b }}"}, {name: b, default: "{{ a }}"}]
steps:
  - {name: A, parent: C, input: "{{ a }}"}
  - {name: B, parent: A, needs: C}
  - {name: C, parent: B}
""",
        ["4:15 parent forms a circle: A -> C -> B -> A", "5:26 needs forms a circle: B -> C -> B"],
    ),
    "defaults": (
        """
variables:
  - {name: a, default: "{{ b }}"}
  - {name: b, default: "{{ a }}"}
  - {name: n, type: integer, maximum: 5, default: "{{ 3 + 4 }}"}
  - {name: free}
  - {name: unsure, type: integer, default: "{{ free }}"}
  - {name: k, type: integer, choices: [one], required: false}
steps: [{name: A, input: "{{ a }}{{ n }}{{ unsure }}{{ k }}"}]
""",
        [
            "3:15 default forms a cycle: a -> b -> a",
            "4:15 default forms a cycle: b -> a -> b",
            "5:42 default must be 5 or less, not 7",
            "8:30 default 'one' is not of the type integer",
        ],
    ),
    "conditions": (
        """
variables:
  - {name: kind, choices: [x, y]}
  - {name: n, type: integer, maximum: 5, default: 0}
  - {name: text}
  - {name: works, type: boolean, default: true}
  - {name: some, type: list, choices: [a, b], default: [a]}
steps:
  - {name: "1", conditional: "{{ kind == 'z' }}"}
  - {name: "2", conditional: "n > 5"}
  - {name: "3", conditional: "n > 4.5"}
  - {name: "4", conditional: "text == 'a' and text == 'b'"}
  - {name: "5", conditional: "text | length > 3 and text | length < 2"}
  - {name: "6", conditional: "works and not works"}
  - {name: "7", conditional: "'c' in some"}
  - {name: "8", conditional: "text > 'a' and text < 'b'"}
  - {name: "9", conditional: false}
  - {name: "10", for_each: []}
  - {name: "11", conditional: "n < 0 and n > -2"}
""",
        [
            "9:17 condition is never true",
            "10:17 condition is never true",
            "12:17 condition is never true",
            "14:17 condition is never true",
            "15:17 condition is never true",
            "17:17 condition is never true",
            "18:18 condition has no items",
        ],
    ),
    "names": (
        """
variables:
  - {name: kind, choices: [x, y], default: x}
  - {name: other, choices: [x, y], default: y}
  - {name: files, type: list}
steps:
  - {name: "K {{ kind }}"}
  - {name: "K {{ other }}"}
  - {name: "Load", for_each: "{{ files }}"}
  - {name: "Save {{ item }}", for_each: "{{ files }}"}
""",
        [
            "8:6 same-name 'K x' occurs twice: the step 'K {{ kind }}' gets this name as well; "
            "give kind or other another value (with kind = 'x', other = 'x')",
            "9:6 same-name 'Load' occurs twice: for_each gives two items this name",
        ],
    ),
    "loops and outputs": (
        """
trace: {input: "{{ steps.A.output }}"}
steps:
  - {name: A, run: ["echo", "{{ item }}"], input: "{{ nothing | nofilter }}"}
  - {name: B, run: "echo '{{ steps.A.output }}' {{ steps.A.output | raw }}"}
  - {name: "C {{ item }}", for_each: "{{ item }}", run: "echo {{ index }}"}
""",
        [
            "2:9 undefined-variable there is no variable 'steps': only steps know",
            "4:29 undefined-variable there is no variable 'item': only a step with for_each",
            "4:44 expression No filter named 'nofilter'",
            "5:15 command an expression cannot stand in quotes",
            "6:28 undefined-variable there is no variable 'item'",
        ],
    ),
    "failing": (
        """
variables: [{name: n, type: integer, default: 0}]
steps: [{name: "{{ 1 // n }}"}]
""",
        ["3:1 fails division"],
    ),
    "not a template": ("- 1\n- 2", ["1:1 schema a template must be an object, not a list"]),
    "no YAML": ("a: [1,\nb: }", ["2:4 syntax not YAML"]),
    "doubled": ("a: 1\nname: x\na: 2", ["3:1 syntax the key 'a' occurs twice"]),
}


def told(found):
    return ["{}:{} {} {}".format(one.line, one.column, one.rule, one.message) for one in found]


@pytest.mark.parametrize("case", sorted(CASES))
def test_every_problem_is_found_at_its_place(case, tmp_path):
    text, expected = CASES[case]
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    found = told(sorted(problems_of(str(path))))
    assert len(found) == len(expected), found
    for line, wanted in zip(found, expected):
        place, rule, words = wanted.split(" ", 2)
        assert line.startswith("{} {} ".format(place, rule)) and words in line


def test_the_place_in_json_is_that_of_the_key(tmp_path):
    path = tmp_path / "t.json"
    path.write_text(
        '{"steps": [\n  {"name": "A",\n   "input": {"ü": "{{ x }}"}}]}', encoding="utf-8"
    )
    (found,) = problems_of(str(path))
    assert (found.line, found.column, found.rule) == (3, 14, "undefined-variable")


def test_a_template_is_checked_with_its_base_and_blamed_for_its_own_mistakes(tmp_path):
    (tmp_path / "base.yaml").write_text(
        'variables: [{name: n, type: integer, default: 3}]\nsteps:\n- {name: "Top {{ n }}"}\n'
        '- {name: Below, parent: "Top {{ n }}"}\n'
    )
    child = tmp_path / "child.yaml"
    child.write_text(
        "version: 2\nextends: base\nvariables: [{name: n, maximum: 2}]\n"
        'steps: [{name: "Top {{ n }}", remove: true}, {name: New, input: "{{ m }}"}]'
    )
    assert not problems_of(str(tmp_path / "base.yaml"))
    assert [line.split(" ", 1)[1] for line in told(sorted(problems_of(str(child))))] == [
        "parent with {}: steps[0] 'Below': parent: there is no step 'Top {{{{ n }}}}'".format(
            tmp_path / "base.yaml"
        ),
        "default variables[0] 'n': default: must be 2 or less, not 3",
        "undefined-variable steps[1] 'New': input: there is no variable 'm'",
    ]


@pytest.mark.parametrize("base, said", [("child", "cycle"), ("nobody", "no template 'nobody'")])
def test_a_base_that_cannot_be_is_told_where_it_is_named(tmp_path, base, said):
    (tmp_path / "child.yaml").write_text("steps: []\nextends: {}".format(base))
    (found,) = problems_of(str(tmp_path / "child.yaml"))
    assert (found.line, found.rule) == (2, "extends") and said in found.message


def test_the_problems_of_many_files_are_sorted_and_have_rules_with_a_sentence(tmp_path):
    paths = []
    for name in ("b", "a"):
        paths.append(str(tmp_path / (name + ".json")))
        (tmp_path / (name + ".json")).write_text(
            json.dumps({"steps": [{"name": "{{ x }}"}], "y": 1})
        )
    found = problems(paths)
    assert [one.path for one in found] == [paths[1], paths[1], paths[0], paths[0]]
    assert {one.rule for one in found} <= set(RULES)


def test_two_files_of_one_name_are_told(tmp_path):
    for name in ("t.yaml", "t.json"):
        (tmp_path / name).write_text('{"steps": []}')
    (found,) = problems_of(str(tmp_path / "t.yaml"))
    assert found.rule == "file" and str(tmp_path / "t.json") in found.message


def test_a_large_circle_is_found_soon_and_told_in_short(tmp_path):
    steps = [
        {"name": "s%d {{ now() }}" % i, "parent": "s%d {{ now() }}" % (i - 1)} for i in range(900)
    ]
    steps[0]["parent"] = steps[-1]["name"]
    (tmp_path / "t.json").write_text(json.dumps({"steps": steps}))
    begun = time.process_time()
    (found,) = problems_of(str(tmp_path / "t.json"))
    assert "-> ... -> s0" in found.message and time.process_time() - begun < 20


def bomb():
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    for i in range(1, 9):
        lines.append("l{0}: &l{0} [{1}]".format(i, ", ".join(["*l{}".format(i - 1)] * 9)))
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text, said",
    [
        (bomb(), "aliases"),
        ("a: &a [*a]", ""),
        ("[" * 20000, "not YAML"),
        ("steps: [{name: '{{ " + "(" * 5000 + " }}'}]", ""),
        ("x: " + "1" * 99990, "digits"),
        ("x" * 100001, "100000"),
        ("\ufffe\0", "not YAML"),
        ("", "must be an object"),
        ("steps: [{name: '{{ [1] * 999999999 }}'}]", ""),
        ("steps: [{name: a, conditional: '{{ range(99999999) }}'}]", ""),
        ("variables: [{name: x, default: '{{ x }}'}]\nsteps: [{name: '{{ x }}'}]", "cycle"),
    ],
)
def test_a_hostile_file_is_a_problem_and_no_trouble(tmp_path, text, said):
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    found = problems_of(str(path))
    assert found and any(said in one.message for one in found)
