"""coaia fuse prompts render, and diff of two versions: what a model would get, and what changed."""

import json

import pytest

CHAT = [
    {"role": "system", "content": "Be {{mood}}"},
    {"type": "placeholder", "name": "history"},
    {"role": "user", "content": "{{ question }}"},
]


@pytest.fixture
def prompts(run):
    """Run ``coaia fuse prompts WORD...``."""
    return lambda *words: run("fuse", "prompts", *words)


@pytest.fixture
def put(project):
    def write(name, text):
        path = project / "prompts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    return write


def test_a_prompt_of_the_server_and_the_same_offline(use, prompts, monkeypatch):
    server = use("v4-events_only")
    prompts("create", "team/p", "Hi {{name}}", "--labels", "production")
    prompts("create", "team/p", "Hello {{name}}, {{name}}!")
    words = ("render", "team/p", "--var", "name=Ada=1 {{x}}")
    assert prompts(*words).out == "Hello Ada=1 {{x}}, Ada=1 {{x}}!\n"
    assert prompts(*(words + ("--label", "production"))).out == "Hi Ada=1 {{x}}\n"
    assert prompts(*(words + ("--version", "1"))).out == "Hi Ada=1 {{x}}\n"
    server.forget_requests()
    assert prompts(*(words + ("--offline",))).out == "Hello Ada=1 {{x}}, Ada=1 {{x}}!\n"
    assert server.requests == []


def test_what_is_missing_and_what_is_not_used_is_named(prompts, put):
    put("p.md", "---\n---\n{{name}} on {{ topic }}\n")
    words = ("render", "prompts/p.md", "--var", "nmae=Ada")
    missing = prompts(*words)
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == (
        "coaia: the prompt needs more values: add --var name=VALUE --var topic=VALUE; "
        "it has no nmae\n"
    )
    rendered = prompts(*(words + ("--var", "name=", "--var", "topic=math")))
    assert (rendered.code, rendered.out) == (0, " on math\n")
    assert rendered.err == "coaia: the prompt has no variable nmae: its value is not used\n"
    assert prompts("render", "prompts/p.md", "--var", "name").code == 2
    assert prompts("render", "prompts/nosuch.md").code == 3  # a prompt of that name, and no server


def test_chat_messages_and_placeholders(prompts, put):
    put("c.md", "---\ntype: chat\nconfig: {model: m}\n---\n" + json.dumps(CHAT) + "\n")
    words = ["render", "prompts/c.md", "--json", "--var", "mood=kind", "--var", "question=Why?"]
    history = [{"role": "user", "content": "{{mood}}"}]
    shown = json.loads(prompts(*(words + ["--var", "history=" + json.dumps(history)])).out)
    assert shown["prompt"] == [
        {"role": "system", "content": "Be kind"},
        {"role": "user", "content": "{{mood}}"},
        {"role": "user", "content": "Why?"},
    ]
    assert (shown["name"], shown["type"], shown["config"]) == ("c", "chat", {"model": "m"})
    assert shown["variables"] == ["mood", "history", "question"]
    for value, said in (("x", "is not JSON"), ("[1]", "needs a list of messages")):
        result = prompts(*(words + ["--var", "history=" + value]))
        assert (result.code, said in result.err) == (2, True), result.err


def test_a_file_is_rendered_with_the_other_files_that_it_refers_to(prompts, put):
    put(
        "team/p.md", "---\n---\n@@@langfusePrompt:name=base/rules|label=production@@@ Hi {{name}}\n"
    )
    put("base/rules.md", "---\n---\nBe {{mood}}. @@@langfusePrompt:name=nosuch|version=1@@@\n")
    words = ("render", "prompts/team/p.md", "--var", "name=Ada", "--var", "mood=kind")
    result = prompts(*words)
    assert result.out == "Be kind. @@@langfusePrompt:name=nosuch|version=1@@@ Hi Ada\n"
    assert result.err == "coaia: a reference to 'nosuch' is left as it is\n"


def test_references_in_a_circle_or_to_very_much_end(prompts, put):
    refer = "@@@langfusePrompt:name={}|version=1@@@"
    put("a.md", "---\n---\n" + refer.format("b") * 50 + "\n")
    put("b.md", "---\n---\n" + refer.format("a") * 50 + "\n")
    result = prompts("render", "prompts/a.md")
    assert (result.code, "too large" in result.err) == (2, True)
    put("b.md", "---\n---\nb" + refer.format("b") + "\n")
    put("a.md", "---\n---\n" + refer.format("b") + "\n")
    assert prompts("render", "prompts/a.md").out == "bbbbb" + refer.format("b") + "\n"


# Two versions


def test_two_versions_of_a_text_and_of_a_chat(use, prompts, project):
    use("v3")
    prompts("create", "team/p", "One", "--labels", "production")
    prompts("create", "team/p", "Two", "--config", '{"model": "m"}', "--labels", "staging")
    shown = prompts("diff", "team/p", "1", "2")
    assert shown.code == 1
    assert shown.out.startswith("--- team/p version 1\n+++ team/p version 2\n")
    assert "-config: {}\n+config:\n+  model: m\n" in shown.out and "-One\n+Two\n" in shown.out
    assert prompts("diff", "team/p", "production", "staging").out == shown.out
    found = json.loads(prompts("diff", "team/p", "2", "production", "--json").out)
    assert (found["name"], found["from"], found["to"]) == ("team/p", 2, 1)
    same = prompts("diff", "team/p", "2", "latest")
    assert (same.code, same.out, same.err) == (0, "", "both versions have the same content\n")
    for mood in ("kind", "brief"):
        prompts("create", "c", json.dumps(CHAT).replace("{{mood}}", mood), "--type", "chat")
    assert "-  content: Be kind\n+  content: Be brief\n" in prompts("diff", "c", "1", "2").out
    assert prompts("diff", "c", "1", "9").code == 1
    for words in ((), ("1",), ("1", "2", "3")):
        few = prompts("diff", "team/p", *words)
        assert (few.code, few.out) == (6, "")
        assert "there is no folder team/p" in few.err and "two versions of a prompt" in few.err
    # A folder is what it was, whatever the names of its prompts are.
    prompts("pull", "team")
    assert prompts("diff", "team", "c", "team/p").code == 0
    assert "there is no folder" in prompts("diff", "nosuch", "c").err
