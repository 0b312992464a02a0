"""One rule for exit codes, over all commands: a missing file is 6, a wrong content 2, a name 1."""

import pytest
from all_commands import REAL_COMMANDS

from coaiapy import coaiacli

# Every operand and option that names a file or folder to read; NO is one that does not exist.
MISSING = """
    --env NO fuse traces list
    fuse traces add-observations t -f NO
    fuse traces import NO
    pipeline install ./NO
    pipeline index ./NO
    fuse traces patch-output t -f NO
    fuse prompts create p -f NO
    fuse prompts push NO
    fuse prompts diff NO
    fuse prompts check NO
    fuse datasets import d NO
    fuse experiments run NO.jsonl --name n -- true
    fuse scores import NO
    fuse score-configs import NO
    fuse sessions view -f NO
    fuse media upload NO t
    tash k -F NO
    p dictkore -F NO
    pipeline validate NO.yaml
    pipeline test NO.yaml
    pipeline diff simple-trace NO.yaml
    summarize -F NO
    summarize NO.txt
    summarize ./NO
    synthesize -F NO -O out.mp3
    synthesize --ssml -F NO -O out.mp3
    transcribe NO
    env guard NO
    env encrypt --file NO
    env decrypt --file NO
    env rotate --file NO
    env keypair --file NO
    trust NO
    env check --schema NO
    env check NO
    env docs --schema NO
    env init --from-schema --schema NO
    tag NO
    tag x.mp3 --lyrics-file NO
    tag x.mp3 --cover NO
""".strip().splitlines()
UNKNOWN_NAMES = """
    pipeline show nosuch
    pipeline validate nosuch
    pipeline test nosuch
    pipeline docs nosuch
    pipeline diff simple-trace nosuch
    pipeline init new --from-trace nosuch
    pipeline create nosuch
    pipeline init new --from nosuch
    pipeline install nosuch
    pipeline update nosuch
    pipeline uninstall nosuch
    pipeline schedule nosuch --cron @daily --format systemd
    env get NOSUCH
    env source --name nosuch
    env list --name nosuch
    env run --name nosuch -- true
    env diff nosuch default
    env copy nosuch other
    env edit --name nosuch
    env clear --name nosuch --yes
    env encrypt --name nosuch
    env decrypt --name nosuch
    env rotate --name nosuch
    env keypair --name nosuch
    fuse traces trace-view nosuch
    fuse traces get-observation nosuch
    fuse traces session-view nosuch
    fuse traces patch-output nosuch x
    fuse sessions get nosuch
    fuse scores get nosuch
    fuse experiments show nosuch
    fuse experiments delete nosuch --yes
    fuse outbox show 99
    fuse score-configs presets show nosuch
    fetch nosuch
    stash ttl nosuch
    stash delete nosuch
    p nosuch text
    p --show nosuch
""".strip().splitlines()


@pytest.mark.parametrize("line", MISSING, ids=str.strip)
def test_a_file_that_is_missing_is_6(run, use, project, line):
    if "media" in line:
        use("v3")
        run("fuse", "traces", "create", "t")
    (project / "x.mp3").write_bytes(b"\xff\xfb\x90\x00" * 400)
    result = run(*line.split())
    assert (result.code, result.out) == (6, ""), result.err
    assert "NO" in result.err and "unexpected" not in result.err
    assert result.err.splitlines()[-1].startswith("coaia: ")


@pytest.mark.parametrize("line", UNKNOWN_NAMES, ids=str.strip)
def test_a_name_of_nothing_is_1(run, line):
    result = run(*line.split())
    assert (result.code, result.out) == (1, ""), result.err
    assert "nosuch" in result.err.lower() or "99" in result.err


TEMPLATES = {
    "an unknown field": '{"name": "t", "steps": [{"name": "a", "typ": "SPAN"}]}',
    "an undefined name": '{"name": "t", "steps": [{"name": "{{ nope }}"}]}',
    "a wrong expression": '{"name": "t", "steps": [{"name": "{{ 1 + }}"}]}',
    "a wrong type": '{"name": "t", "steps": [{"name": "a", "observation_type": "NO"}]}',
    "no JSON": '{"name": "t"',
    "a list": "[]",
    "a key twice": '{"name": "t", "name": "u", "steps": []}',
    "no base": '{"name": "t", "extends": "nosuch", "steps": []}',
    "not UTF-8": b"\xff",
}


@pytest.mark.parametrize("what", sorted(TEMPLATES))
def test_what_is_wrong_in_a_template_is_2(run, project, what):
    folder = project / ".coaia" / "templates"
    folder.mkdir(parents=True)
    text = TEMPLATES[what]
    (folder / "t.json").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    result = run("pipeline", "create", "t")
    assert (result.code, result.out) == (2, ""), result.err


@pytest.mark.parametrize(
    "line, text",
    [
        ("fuse traces add-observations t -f F", '[{"nope": 1}]'),
        ("fuse traces add-observations t -f F", "[{"),
        ("fuse traces import F", '{"nope": 1}'),
        ("fuse scores import F", '[{"nope": 1}]'),
        ("fuse scores import F", "a,b,c\n1,2\n"),
        ("fuse score-configs import F", "{"),
        ("fuse prompts create p -f F --type chat", "{"),
        ("fuse datasets import d F", "{"),
    ],
)
def test_what_is_wrong_in_an_input_file_is_2(run, use, project, line, text):
    use("v3")
    (project / "F").write_text(text, "utf-8")
    result = run(*line.split())
    assert result.code == 2, result.err


# These write what they name, or begin it where there is none.
WRITTEN = {"-o", "-O", "--output", "--html", "--junit"}
WRITERS = (
    "untrust",
    "prompts pull",
    "sessions create",
    "sessions addnode",
    "media download",
    "fetch",
)


def test_every_command_that_reads_a_file_is_in_the_table():
    """A new command that reads a file must keep the rule: add a line for it."""
    tried = set()
    for line in MISSING:
        words = line.split()
        tried.add(coaiacli.build_parser(words).parse_args(words).handler)
    missing = [
        " ".join(words + list(action.option_strings))
        for words, parser in REAL_COMMANDS
        for action in parser._actions
        if (action.metavar in ("FILE", "DIR") or action.dest == "file")
        and not set(action.option_strings) & WRITTEN
        and not " ".join(words).endswith(WRITERS)
        and parser.get_default("handler") not in tried
    ]
    assert missing == []
