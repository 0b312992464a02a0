"""The steps of a template in the languages of Mermaid and Graphviz."""

import pytest

from coaiapy.authoring.graph import dot, mermaid
from coaiapy.pipeline import PipelineTemplate

TEMPLATE = PipelineTemplate.from_dict(
    {
        "name": "t",
        "steps": [
            {"name": "Top", "observation_type": "span"},
            {"name": "A", "parent": "Top", "conditional": "n > 1"},
            {"name": "B", "parent": "Top", "needs": ["A", "Top"], "for_each": [1, 2], "run": "x"},
        ],
    }
)
HOSTILE = 'a"] --> s9["b`<script>&\\ \n```\n%%{init: {}}%% \x1b[2J\u2028" ]; }'


def test_parents_and_needs_are_lines():
    assert mermaid(TEMPLATE) == (
        "flowchart TD\n"
        '  s0["Top<br>SPAN"]\n'
        '  s1["A<br>EVENT<br>if n #62; 1"]\n'
        '  s2["B<br>EVENT<br>for each of #91;1, 2#93;"]\n'
        "  s0 --> s1\n  s0 --> s2\n  s1 -.-> s2"
    )
    assert dot(TEMPLATE) == (
        "digraph template {\n  node [shape=box];\n"
        '  s0 [label="Top\\nSPAN"];\n'
        '  s1 [label="A\\nEVENT\\nif n > 1"];\n'
        '  s2 [label="B\\nEVENT\\nfor each of [1, 2]"];\n'
        "  s0 -> s1;\n  s0 -> s2;\n  s1 -> s2 [style=dashed];\n}"
    )


@pytest.mark.parametrize("draw", [mermaid, dot])
def test_a_name_is_text_whatever_is_in_it(draw):
    plain = draw(PipelineTemplate.from_dict({"steps": [{"name": "x"}]}))
    hostile = draw(PipelineTemplate.from_dict({"steps": [{"name": HOSTILE}]}))
    assert len(hostile.splitlines()) == len(plain.splitlines()) and "\x1b" not in hostile
    line = hostile.splitlines()[1 if draw is mermaid else 2]
    inside = line.split('"', 1)[1].rsplit('"', 1)[0]
    assert '"' not in inside.replace("\\\\", "").replace('\\"', "")
    if draw is mermaid:
        assert not set('"`<>&[]{}%\\') & set(inside.replace("<br>", ""))
