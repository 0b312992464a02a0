"""Names that are none: wherever a command takes a name, no path, address or shell is led astray.

Every command that takes a name gets names that mean something to a shell, a file system, an
address, a terminal or the template language. It may do its work or refuse; it may not write
elsewhere, ask for something else, or fail without a sentence.

By default each command gets only every third of these names. The next command in the list gets the
next third, so every name still meets a third of the commands, and three commands in a row meet all
names. With --hypothesis-profile=thorough each command gets all of them.
"""

import io
import os
import re
import subprocess
import sys
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from langfuse_server import LangfuseServer
from processes import environment
from servers import point_at

from coaiapy import patience
from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main
from coaiapy.langfuse.prompts.files import LONGEST_STEP, name_of, path_of

NAMES = [
    "",
    " ",
    ".",
    "..",
    "../../x",
    "..\\..\\x",
    "/etc/x",
    "~/x",
    "a/../../b",
    "a//b",
    "x?limit=1",
    "x#y",
    "x;y=1&z",
    "%2e%2e",
    "%2e%2e%2f..%2fx",
    "a%00b",
    "a%0d%0aX-Injected:1",
    "a\nb",
    "a\r\nX-Injected: 1",
    "a\x00b",
    "-x",
    "--help",
    "-rf /",
    "$(touch pwned)",
    "`touch pwned`",
    "';touch pwned;'",
    '"; touch pwned; "',
    "| touch pwned",
    "con",
    "NUL.txt",
    "C:\\x",
    "\x1b]0;owned\x07\x1b[2J",
    "\u202egnp.exe",
    "\x9b31m",
    "{{ 7 * 7 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "__class__",
    "*",
    "[a-z]",
    "n" * 300,
    "ü/\U0001f600",
    "\ud800",
]

# NAME is where the name goes.
LOCAL = """
    pipeline show NAME
    pipeline validate NAME
    pipeline test NAME
    pipeline docs NAME
    pipeline diff simple-trace NAME
    pipeline create NAME
    pipeline create simple-trace --var trace_name=NAME --export-env
    pipeline create simple-trace --var trace_name=x --trace-id NAME --dry-run
    pipeline init NAME
    pipeline init mine --from NAME
    env init --name NAME
    env set KEY value --name NAME
    env set NAME value
    env set KEY NAME
    env get NAME
    env get KEY --name NAME
    env unset NAME
    env list --name NAME
    env source --name NAME --export
    env source --export
    env save --name NAME
    env clear --name NAME --yes
    tash NAME value
    tash KEY NAME
    fetch NAME
    stash list NAME
    stash ttl NAME
    stash delete NAME --yes
    fuse traces create NAME
    fuse traces create t --name NAME --user NAME --session NAME --tag NAME
    fuse traces add-observation NAME -n NAME
    fuse traces trace-view NAME
    fuse traces session-view NAME
    fuse traces patch-output NAME NAME
    fuse traces --user NAME
    fuse traces delete NAME --yes
    fuse traces list-observations --trace-id NAME --name NAME
    fuse traces search NAME
    fuse traces export --user NAME --tag NAME
    fuse traces import NAME --dry-run
    fuse traces diff NAME NAME --fail-on NAME
    fuse traces stats --by metadata.NAME --user NAME --session NAME --name NAME
    fuse traces add-observations NAME -f steps.jsonl
    fuse sessions view -f NAME
    fuse sessions create NAME NAME -n NAME
    fuse sessions addnode NAME NAME NAME -n NAME
    fuse scores create NAME -n NAME --trace-id NAME
    fuse scores apply --trace-id NAME --name NAME -c NAME
    fuse scores apply --session-id NAME --name NAME -v NAME
    fuse scores list --trace-id NAME --name NAME
    fuse score-configs show NAME
    fuse score-configs apply NAME --trace-id NAME -v NAME
    fuse score-configs presets NAME
    fuse score-configs presets show NAME
    fuse score-configs presets install NAME
    fuse outbox show NAME
    fuse outbox drop NAME --yes
    p NAME text
    gh issues list --owner NAME --repo NAME
    gh issues get NAME
    help NAME
    help pipeline NAME
    NAME
""".strip().splitlines()

SERVER = """
    fuse traces trace-view NAME
    fuse traces get-observation NAME
    fuse traces session-view NAME
    fuse traces delete NAME --yes
    fuse sessions get NAME
    fuse prompts get NAME
    fuse prompts delete NAME --yes
    fuse prompts labels NAME 1 a
    fuse prompts promote NAME --from NAME --to NAME --yes
    fuse prompts rollback NAME --label NAME --yes
    fuse prompts render NAME --label NAME
    fuse prompts diff NAME NAME NAME
    fuse prompts create NAME NAME --commit-message NAME
    fuse prompts pull pulled --label NAME
    fuse datasets get NAME
    fuse datasets export NAME
    fuse datasets create NAME --description NAME
    fuse datasets import NAME items.jsonl --create
    fuse dataset-items list NAME
    fuse dataset-items create NAME -i NAME --id NAME
    fuse dataset-items get NAME
    fuse dataset-items delete NAME
    fuse scores get NAME
    fuse scores delete NAME
    fuse score-configs get NAME
    fuse score-configs archive NAME
    fuse score-configs create NAME NUMERIC --description NAME
    fuse score-configs update NAME --name NAME --description NAME
    fuse score-configs apply NAME --trace-id NAME -v 1
    fuse score-configs presets install NAME
    fuse scores create NAME -n NAME --trace-id NAME
    fuse scores apply --trace-id NAME --name NAME -c NAME
    fuse scores list --trace-id NAME --name NAME
    fuse sessions create NAME NAME
    fuse sessions addnode NAME NAME NAME
    fuse traces list-observations --trace-id NAME --name NAME
    fuse traces add-observations NAME -f steps.jsonl
    fuse comments get NAME
    fuse comments list --trace-id NAME
    fuse comments post NAME --trace-id NAME
    fuse comments post text --prompt NAME
    fuse media upload items.jsonl NAME -c text/plain
    fuse media get NAME
    fuse media download NAME
""".strip().splitlines()

# The addresses that these commands may ask for, NAME being one step that holds the whole name.
ROUTES = re.compile(
    r"/api/public/("
    r"health|projects|sessions|v2/observations|score-configs|dataset-items|v2/prompts|traces"
    r"|v[23]/scores|v2/datasets|observations|ingestion|comments|media"
    r"|(traces|observations|sessions|v2/prompts|v2/datasets|dataset-items|v2/scores|scores"
    r"|score-configs|comments|media)/(?P<name>[^/?#]+)"
    r"|v2/prompts/(?P<prompt>[^/?#]+)/versions/1"
    r")(\?.*)?\Z"
)

# What a command that does not do its work says last.
SENTENCE = re.compile(r"^(coaia: |nothing is stashed under ).+\n\Z", re.MULTILINE | re.DOTALL)

# The id of what a server has made.
GIVEN_ID = re.compile(r"[0-9a-zA-Z_-]{8,}\Z")
# What the commands put into a query.
PARAMETERS = set(
    "page limit fields orderBy filter label resolve version name traceId sessionId userId id"
    " datasetName objectId objectType fromTimestamp cursor".split()
)

quickly = settings(max_examples=3, suppress_health_check=list(HealthCheck), database=None)
# Python's own arguments hold no lone surrogate but those that stand for bytes.
names = st.one_of(
    st.sampled_from(NAMES), st.text("./\\%?#&;$`'\"-* \n\r\x00\x1b~{}a\u202e\ud800", max_size=12)
)


def commands_and_thirds(commands):
    """Each command line, with the number of the third of the names that it gets."""
    lines = [line.strip() for line in commands]
    return [pytest.param(words, place % 3, id=words) for place, words in enumerate(lines)]


def names_of(third):
    """The names of one third, or all of them if more examples than usual are asked for."""
    thorough = settings().max_examples > settings.get_profile("suite").max_examples
    return NAMES if thorough else NAMES[third::3]


def say(words, name):
    """Run a command line with ``name`` in it; it must work or say a sentence."""
    line = [name if word == "NAME" else word.replace("NAME", name) for word in words.split()]
    out, err = io.StringIO(), io.StringIO()
    code = main(line, Context(io.StringIO(), out, err))
    said = err.getvalue()
    assert code in (0, 1, 2, 3, 4, 5, 6), (line, code, said)
    assert "unexpected" not in said and "Traceback" not in said, (line, said)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", said.replace("\r\n", "")), said
    if code:
        assert SENTENCE.search(said), (line, said)
    return code


def files_below(folder, but):
    """The paths below ``folder`` that are not below one of ``but``."""
    found = set()
    for base, folders, files in os.walk(str(folder)):
        folders[:] = [name for name in folders if os.path.join(base, name) not in but]
        found.update(os.path.join(base, name) for name in folders + files)
    return found


@pytest.fixture
def deep(tmp_path, monkeypatch):
    """Work in a folder deep below others that nothing may be written to; return what is there."""
    inner = tmp_path / "out" / "of" / "here" / "work"
    inner.mkdir(parents=True)
    monkeypatch.chdir(str(inner))
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("OPENAI_BASE_URL", "not an address")
    monkeypatch.setattr(patience, "WEB_API", patience.WEB_API._replace(tries=1))
    (inner / "items.jsonl").write_text('{"input": "x"}\n')
    (inner / "steps.jsonl").write_text('{"name": "x"}\n')

    def elsewhere():
        return files_below(tmp_path, [str(inner), os.environ["COAIA_HOME"]])

    return elsewhere


@pytest.mark.parametrize("words, third", commands_and_thirds(LOCAL))
def test_no_name_leads_a_command_out_of_its_folders(deep, words, third):
    before = deep()

    @quickly
    @given(names)
    def try_names(name):
        say(words, name)

    try_names()
    for name in names_of(third):
        say(words, name)
    assert deep() == before
    assert not os.path.exists("pwned") and not os.path.exists("X-Injected: 1")


@pytest.fixture(scope="module")
def server():
    with LangfuseServer("v3") as running:
        yield running


@pytest.mark.parametrize("words, third", commands_and_thirds(SERVER))
def test_no_name_leads_a_request_to_another_address(server, deep, monkeypatch, words, third):
    monkeypatch.setenv("LANGFUSE_BASE_URL", server.url)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", server.secret_key)
    before = deep()

    @quickly
    @given(names)
    def try_names(name):
        ask(name)

    def ask(name):
        asked = len(server.requests)
        say(words, name)
        for request in server.requests[asked:]:
            check_request(request, name, words)

    try_names()
    for name in names_of(third):
        ask(name)
    assert deep() == before
    assert not os.path.exists("pwned") and not os.path.exists("X-Injected: 1")


def check_request(request, name, words):
    """It goes where the command has to ask, and the name is one step of a path or one value."""
    found = ROUTES.match(request.target)
    assert found, (words, name, request)
    step = found.group("name") or found.group("prompt")
    if step is not None:
        assert "/" not in step and unquote(step) not in (".", ".."), (words, name, request)
    if step is not None and request.method != "GET":
        assert unquote(step) == name or GIVEN_ID.match(step), (words, name, request)
    query = parse_qs(urlsplit(request.target).query, keep_blank_values=True)
    assert set(query) <= PARAMETERS, (words, name, request)
    assert "x-injected" not in request.headers


@given(st.one_of(st.sampled_from(NAMES), st.text("./\\%:? aCONcon1nul-\n", max_size=12)))
@example("a//b")
@example("/a")
@example("aux.md/x")
def test_a_prompts_name_becomes_a_path_that_every_system_can_have(name):
    path = path_of(name)
    assert not os.path.isabs(path) and os.path.normpath(path) == path
    assert name_of(path) == name or len(name) > LONGEST_STEP / 3
    for step in path.split("/"):
        assert len(step.encode("utf-8", "surrogatepass")) <= LONGEST_STEP + len(".md")
        assert step == step.strip(" .") or step.endswith(".md")
        assert not re.match(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", step, re.IGNORECASE)
        assert not re.search(r'[\\:*?"<>|\x00-\x1f]', step)


def test_prompts_of_such_names_become_files_of_one_folder_and_come_back(
    langfuse, deep, monkeypatch
):
    point_at(monkeypatch, langfuse("v3"))
    made = [name for name in NAMES if main(["fuse", "prompts", "create", "--", name, "text"]) == 0]
    assert len(made) > 30
    before = deep()
    assert main(["fuse", "prompts", "pull", "pulled"]) == 0
    assert deep() == before
    pulled = [path for path in files_below("pulled", []) if os.path.isfile(path)]
    assert len(pulled) == len(made)
    assert main(["fuse", "prompts", "check", "pulled"]) == 0
    for path in pulled:
        with open(path, "a") as stream:
            stream.write("more")
    assert main(["fuse", "prompts", "diff", "pulled"]) == 1
    assert main(["fuse", "prompts", "push", "pulled"]) == 0
    assert main(["fuse", "prompts", "check", "pulled"]) == 0
    assert deep() == before


VALUES = [name for name in NAMES if name and "\x00" not in name and "\ud800" not in name]


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_what_a_real_shell_evaluates_is_what_was_kept(project, shell):
    """Every hostile value through the program and one shell: nothing runs, nothing changes."""
    for number, value in enumerate(VALUES):
        assert main(["env", "set", "--", "KEPT_{}".format(number), value]) == 0
    command = "{} -m coaiapy".format(sys.executable)
    script = 'eval "$({} env source --export)" || exit 9\n'.format(command)
    script += 'eval "$({} pipeline create simple-trace --var trace_name="$KEPT_20"'.format(command)
    script += ' --trace-id "$KEPT_21" --export-env)" || exit 8\n'
    script += "".join(
        "printf '%s\\0' \"$KEPT_{}\"\n".format(number) for number in range(len(VALUES))
    )
    script += 'printf "%s" "$COAIA_TRACE_ID"'
    process = subprocess.Popen(
        [shell, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert out.decode("utf-8").split("\0") == VALUES + [VALUES[21]]
    assert not list(project.glob("**/pwned"))
