"""``coaia pipeline show --graph``, ``docs`` and ``diff``."""

import json


def test_a_template_is_shown_as_a_graph(run):
    assert run("pipeline", "show", "simple-trace", "--graph", "mermaid").out.startswith("flowchart")
    assert run("pipeline", "show", "simple-trace", "--graph", "dot").out.startswith("digraph")
    assert run("pipeline", "show", "simple-trace", "--graph", "png").code == 2


def test_a_page_is_printed_or_written(run, project):
    done = run("pipeline", "docs", "simple-trace")
    assert done.out.startswith("# simple-trace\n")
    assert run("pipeline", "docs", "simple-trace", "-o", "page.md").code == 0
    assert (project / "page.md").read_text() == done.out


def test_two_templates_are_compared(run, project):
    run("pipeline", "init", "mine", "--from", "simple-trace", "--location", "project")
    path = project / ".coaia" / "templates" / "mine.json"
    document = json.loads(path.read_text())
    document["steps"] = [{"name": "More"}]
    path.write_text(json.dumps(document))
    done = run("pipeline", "diff", "simple-trace", str(path))
    assert "+ step 'More'\n" in done.out and done.code == 0
    body = json.loads(run("pipeline", "diff", "simple-trace", "mine", "--json").out)
    assert {"path": "step 'More'", "status": "only in b", "change": None} in body
    assert run("pipeline", "diff", "mine", "mine").err == "0 differences\n"
