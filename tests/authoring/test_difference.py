"""What differs between two templates."""

from coaiapy.authoring.difference import differences
from coaiapy.pipeline import PipelineTemplate


def template(**fields):
    return PipelineTemplate.from_dict(dict({"name": "t"}, **fields))


def test_variables_and_steps_are_compared_by_name_and_field():
    a = template(
        trace={"name": "T", "metadata": {"x": 1}},
        variables=[{"name": "n", "type": "integer", "default": 1}, {"name": "old"}],
        steps=[{"name": "A", "input": {"q": {"deep": True}}}, {"name": "B"}, {"name": "C\n"}],
    )
    b = template(
        version="2",
        trace={"name": "T", "metadata": {"x": 1, "y": 2}},
        variables=[{"name": "n", "type": "integer", "default": 2, "required": False}],
        steps=[{"name": "B"}, {"name": "A", "input": {"q": {"deep": 1}}}, {"name": "D"}],
    )
    assert [one.text() for one in differences(a, b)] == [
        "version: [-1.0-]{+2+}",
        "trace.metadata.y: (none) -> 2",
        "variable 'n': required: [-true-]{+false+}",
        "variable 'n': default: [-1-]{+2+}",
        "- variable 'old'",
        "step 'A': input.q.deep: true -> 1",
        "- step 'C\\n'",
        "+ step 'D'",
        'order of steps: ["[-A-]{+B+}", "[-B-]{+A+}"]',
    ]


def test_the_same_template_has_no_difference():
    assert differences(template(steps=[{"name": "A"}]), template(steps=[{"name": "A"}])) == []


def test_of_long_texts_the_words_are_shown():
    old, new = template(description="a b c d"), template(description="a b x d")
    (one,) = differences(old, new)
    assert one.text() == "description: a b [-c-]{+x+} d"
