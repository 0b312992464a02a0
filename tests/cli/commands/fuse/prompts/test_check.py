"""coaia fuse prompts check: every mistake that the files tell, and labels that moved elsewhere."""

import json

import pytest
from langfuse_server import KINDS

GOOD = "---\nname: rules\n---\nBe kind, {{ user.name }}. {{{brace}}}\n"
# What is wrong, and where: line, column, rule, a part of the message.
WRONG = {
    "no end of the front matter": ("---\nname: p\n", [(1, 1, "front-matter", "no front matter")]),
    "a conflict at the top": ("<<<<<<< a\n---\n---\n", [(1, 1, "front-matter", "conflict marker")]),
    "no YAML": ("---\nname: p\ntags: [\n---\nx\n", [(4, 1, "front-matter", "not YAML")]),
    "a list": ("---\n- a\n---\nx\n", [(2, 1, "front-matter", "not a list of names and values")]),
    "all of the front matter": (
        "---\nnmae: p\nname: a//b\nversion: 0\nlabels: {a: b}\ntags: [1]\n---\nx\n",
        [
            (2, 1, "front-matter", "'nmae'"),
            (4, 1, "version", "the version 0"),
            (5, 1, "labels", "labels is not a list, such as [a, b]"),
            (6, 1, "tags", "the tag 1 is not a text"),
        ],
    ),
    "a name and a label": (
        "---\nname: a//b\nlabels: [No Good]\n---\nx\n",
        [(2, 1, "name", "a folder without a name"), (3, 1, "labels", "'No Good'")],
    ),
    "a type": ("---\ntype: txt\n---\nx\n", [(2, 1, "type", "text or chat, not 'txt'")]),
    "no YAML in a chat": (
        "---\ntype: chat\n---\n- role: a\n  b\n",
        [(6, 1, "messages", "not YAML")],
    ),
    "messages": (
        "---\ntype: chat\n---\n- role: user\n- role: user\n  content: x\n- type: placeholder\n",
        [(4, 3, "messages", "message 1 "), (7, 3, "messages", "message 3 ")],
    ),
    "messages in JSON": (
        '---\ntype: chat\n---\n{"messages": [\n  {"role": "user", "content": "x"},\n  {"role": 1}]}\n',
        [(6, 3, "messages", "message 2 ")],
    ),
    "variables": (
        "---\nname: p\n---\nHi {{name}\nand {{ first name }}, {{last\n{{ok}} {{ d\u00e9j\u00e0 }}\n",
        [
            (4, 4, "variable", "'{{name}'"),
            (5, 5, "variable", "'{{ first name }}'"),
            (5, 23, "variable", "'{{last'"),
        ],
    ),
    "a placeholder that is a variable": (
        "---\ntype: chat\n---\n- role: user\n  content: |\n    {{q}}\n- type: placeholder\n  name: q\n",
        [(7, 3, "variable", "'q' is a placeholder and a variable")],
    ),
    "a conflict": (
        "---\nname: p\n---\na\n<<<<<<< a\nb\n=======\nc\n>>>>>>> d\n",
        [(5, 1, "conflict", "resolve the conflict")],
    ),
    "references": (
        "---\nname: p\n---\n@@@langfusePrompt:name=rules|label=production@@@\n"
        "x @@@langfusePrompt:name=nosuch|version=2@@@ @@@langfusePrompt:name=p|label=a@@@\n"
        "@@@langfusePrompt:name=rules@@@ @@@langfusePrompt:name=rules|version=x@@@\n"
        "@@@langfusePrompt:name=rules|label=\n",
        [
            (5, 3, "reference", "there is no prompt 'nosuch' in the folder"),
            (5, 46, "reference", "'p' refers to itself by way of 'p'"),
            (6, 1, "reference", "is not of the form"),
            (6, 33, "reference", "is not of the form"),
            (7, 1, "reference", "does not end with @@@"),
        ],
    ),
    "not UTF-8": (b"---\n---\n\xff\n", [(1, 1, "not-readable", "not UTF-8")]),
}


@pytest.fixture
def check(run):
    """Check the folder ``prompts``, and return the exit code and the problems."""

    def checked(*more):
        result = run("fuse", "prompts", "check", "prompts", "--json", *more)
        return int(result.code), json.loads(result.out)

    return checked


@pytest.fixture
def put(project):
    def write(name, text):
        path = project / "prompts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))

    write("rules.md", GOOD)
    return write


@pytest.mark.parametrize("what", sorted(WRONG))
def test_each_mistake_is_found_at_its_line_without_a_server(check, put, what):
    text, expected = WRONG[what]
    put("p.md", text)
    code, found = check()
    assert code == 2
    assert [(one["line"], one["column"], one["rule"]) for one in found] == [
        one[:3] for one in expected
    ]
    for one, (_, _, _, said) in zip(found, expected):
        assert said in one["message"] and one["path"] == "prompts/p.md"


def test_a_good_folder_has_no_problems(run, put):
    put("README.md", "# Our prompts\n")
    put("team/windows.md", GOOD.replace("rules", "team/windows").replace("\n", "\r\n"))
    result = run("fuse", "prompts", "check", "prompts")
    assert (result.code, result.out) == (0, "")
    assert result.err == (
        "ignored README.md: a prompt file begins with ---\n2 prompts checked, and no server asked\n"
    )


@pytest.mark.parametrize("options", [[], ["--offline"]])
def test_where_nothing_would_be_checked_is_an_error(run, put, project, options):
    put("README.md", "# Our prompts\n")
    (project / "prompts" / "rules.md").unlink()
    empty = run("fuse", "prompts", "check", "prompts", *options)
    assert (empty.code, empty.out) == (1, "")
    assert "no prompt in the folder prompts (1 file ignored)" in empty.err
    named = run("fuse", "prompts", "check", "prompts", "README", *options)
    assert named.code == 1 and "README.md in the folder prompts is no prompt file" in named.err


def test_problems_between_files(check, put):
    put("a.md", "---\n---\n@@@langfusePrompt:name=b|label=production@@@\n")
    put(
        "b.md",
        "---\n---\n@@@langfusePrompt:name=a|version=1@@@ @@@langfusePrompt:name=c|version=1@@@\n",
    )
    put("c.md", "---\ntype: chat\n---\n- {role: user, content: x}\n")
    put("z/again.md", "---\n# comment\nname: rules\n---\nx\n")
    for number in range(7):
        step = "---\n---\n@@@langfusePrompt:name=d{}|version=1@@@\n".format(number + 1)
        put("d{}.md".format(number), step if number < 6 else "---\n---\nend\n")
    found = [(one["path"][8:], one["line"], one["message"]) for one in check()[1]]
    assert found == [
        ("a.md", 3, "'a' refers to itself by way of 'b'"),
        ("b.md", 3, "'b' refers to itself by way of 'a'"),
        ("b.md", 3, "'c' is a chat prompt: only text prompts can be referred to"),
        ("d0.md", 3, "references go on for more than 5 steps from here"),
        ("z/again.md", 3, "the prompt 'rules' is in prompts/rules.md too: remove one"),
    ]


def test_every_form_and_one_prompt_of_many(run, put):
    put("p.md", "---\nname: p\n---\n{{name}\n")
    put("q.md", "---\nname: q\n---\n{{name}\n")
    words = ("fuse", "prompts", "check", "prompts", "p")
    assert run(*words).out.startswith("prompts/p.md:4:1: nothing takes the place of '{{name}'")
    github = run(*(words + ("--format", "github"))).out
    assert github.startswith("::error file=prompts/p.md,line=4,col=1,title=variable::nothing takes")
    sarif = json.loads(run(*(words + ("--format", "sarif"))).out)
    assert [one["ruleId"] for one in sarif["runs"][0]["results"]] == ["variable"]
    assert run("fuse", "prompts", "check", "prompts", "nosuch").code == 1
    assert run("fuse", "prompts", "check", "nosuch").code == 6
    refused = run("fuse", "prompts", "check", "prompts/p.md")
    assert (refused.code, "prompts/p.md is a file: give the folder" in refused.err) == (6, True)


# With a server


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"v2"}))
def test_a_label_that_was_moved_elsewhere_is_drift(use, run, check, project, kind):
    use(kind)
    for content in ("One", "Two"):
        run("fuse", "prompts", "create", "p", content, "--labels", "production")
    run("fuse", "prompts", "pull", "prompts")
    assert check() == (0, [])
    run("fuse", "prompts", "labels", "p", 1, "production")
    run("fuse", "prompts", "labels", "p", 2, "staging")
    code, found = check()
    assert code == 1
    assert [(one["line"], one["rule"], one["message"]) for one in found] == [
        (5, "drift", "the label production is on version 1, not on version 2")
    ]
    run("fuse", "prompts", "pull", "prompts", "--force")
    run("fuse", "prompts", "rollback", "p", "--version", 2, "--yes")
    assert check()[1][0]["message"] == (
        "version 2 has the label production, which the file does not name"
    )
    assert check("--offline") == (0, [])


def test_a_reference_may_lead_to_a_prompt_that_only_the_server_has(use, run, check, put):
    use("v3")
    run("fuse", "prompts", "create", "base", "Base", "--labels", "production")
    run("fuse", "prompts", "push", "prompts")
    put("p.md", "---\nname: p\n---\n@@@langfusePrompt:name=base|label=production@@@\n")
    assert run("fuse", "prompts", "push", "prompts").code == 0
    assert run("fuse", "prompts", "check", "prompts").err == (
        "1 prompt only on the server (--complete counts these, too)\n"
        "2 prompts checked, and the server has the same\n"
    )
    put("p.md", "---\nname: p\n---\n@@@langfusePrompt:name=base|version=2@@@\n")
    code, found = check()
    assert (code, found[0]["message"]) == (
        2,
        "there is no prompt 'base' in the folder to refer to, nor version 2 on the server",
    )


def test_what_differs_is_1_and_what_is_wrong_is_2(use, run, check, put, project):
    server = use("v3")
    run("fuse", "prompts", "push", "prompts")
    put("fresh.md", "---\nname: fresh\n---\nx\n")
    path = project / "prompts" / "rules.md"
    path.write_text(path.read_text().replace("kind", "nice"))
    run("fuse", "prompts", "create", "other", "x")
    code, found = check()
    assert (code, [(one["path"], one["rule"]) for one in found]) == (
        1,
        [("prompts/fresh.md", "differs"), ("prompts/rules.md", "differs")],
    )
    assert [one["path"] for one in check("--complete")[1]][1] == "prompts/other.md"
    put("fresh.md", "---\nname: fresh\n---\n{{x}\n")
    server.forget_requests()
    assert check()[0] == 2
    assert server.requests == []
