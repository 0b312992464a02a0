"""A page in Markdown on a template."""

import markdown

from coaiapy.authoring.page import page
from coaiapy.pipeline import PipelineTemplate, load

HOSTILE = "<script>alert(1)</script> | [x](javascript:y) `a` ![z](w)\n# H\n```"


def test_a_page_tells_what_somebody_who_uses_it_has_to_know():
    text = page(load("parallel-processing"))
    assert text.startswith("# parallel-processing\n\nParallel workers, then synchronization")
    assert "```sh\ncoaia pipeline create parallel-processing --var job_name=...\n```" in text
    assert "| ` job_name ` | string | required | Name of the trace and of its first span |" in text
    assert (
        "| ` Worker {{ number }} ` | SPAN | ` {{ job_name }} ` | for each of ` {{ range(worker"
        in text
    )
    assert "```mermaid\nflowchart TD\n" in text


def test_texts_of_a_template_are_texts():
    template = PipelineTemplate.from_dict(
        {
            "name": HOSTILE,
            "version": HOSTILE,
            "author": HOSTILE,
            "description": HOSTILE,
            "variables": [
                {"name": "a", "description": HOSTILE, "default": HOSTILE},
                {"name": "b", "choices": [HOSTILE]},
            ],
            "steps": [
                {"name": HOSTILE, "description": HOSTILE, "conditional": "'<b>' == a"},
                {"name": "x", "parent": HOSTILE, "for_each": [HOSTILE]},
            ],
        }
    )
    text = page(template)
    html = markdown.markdown(text, extensions=["tables", "fenced_code"])
    assert "<script" not in html and "<a " not in html and "<img" not in html and "<b>" not in html
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        text.splitlines()[0],
        "## Use",
        "## Variables",
        "## Steps",
        "## Graph",
    ]
    assert text.count("```sh") == text.count("```mermaid") == 1
    rows = [line for line in html.splitlines() if line == "<tr>"]
    assert len(rows) == 2 + 2 + 2
