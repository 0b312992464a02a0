"""Rules of the code that keep holes shut: what may be called, and with which words."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "coaiapy"
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py"))
# Methods of requests, of its sessions, and of those alone.
ASKING = {"request", "get", "post", "put", "patch", "delete", "head"}
NEVER = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "pickle.loads",
    "pickle.load",
    "marshal.loads",
    "tempfile.mktemp",
    "ssl._create_unverified_context",
    "urllib3.disable_warnings",
}


def calls(module):
    tree = ast.parse((PACKAGE / (module + ".py")).read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def name_of(call):
    """What is called, as it stands in the source: ``os.system``, ``require().get``."""
    parts, node = [], call.func
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    elif isinstance(node, ast.Call):
        parts.append(name_of(node) + "()")
    return ".".join(reversed(parts))


def words_of(call):
    return {word.arg: ast.dump(word.value) for word in call.keywords}


@pytest.mark.parametrize("module", MODULES)
def test_nothing_runs_what_it_reads(module):
    assert not [name_of(call) for call in calls(module) if name_of(call) in NEVER]
    assert not [call.lineno for call in calls(module) if "shell" in words_of(call)]


@pytest.mark.parametrize("module", MODULES)
def test_every_request_checks_certificates_and_stays_where_it_is(module):
    for call in requests_of(module):
        words = words_of(call)
        assert "authorities" in words.get("verify", ""), call.lineno
        assert "False" in words.get("allow_redirects", ""), call.lineno
        assert "timeout" in words and "stream" in words, call.lineno


def requests_of(module):
    """The calls that send a request: a method of requests, or of a session of it."""
    found = [call for call in calls(module) if name_of(call).split(".")[-1] in ASKING]
    return [
        call
        for call in found
        if "'requests'" in ast.dump(call.func)
        or "session" in ast.dump(call.func)
        and "timeout" in words_of(call)
    ]


def test_the_rule_knows_the_requests():
    asking = {module for module in MODULES if requests_of(module)}
    assert asking == {"langfuse_http", "web_json", "openai_http", "media_transfer"}


@pytest.mark.parametrize("module", MODULES)
def test_no_request_is_sent_in_another_way(module):
    source = (PACKAGE / (module + ".py")).read_text(encoding="utf-8")
    for other in (
        "urlopen",
        "http.client",
        "HTTPConnection",
        "ftplib",
        "verify=False",
        "CERT_NONE",
    ):
        assert other not in source


@pytest.mark.parametrize("module", MODULES)
def test_yaml_is_read_in_one_place(module):
    reading = [name_of(call) for call in calls(module) if name_of(call).startswith("yaml.")]
    reading = [name for name in reading if name.count(".") == 1]
    allowed = {
        "yaml_values": {"yaml.load_all"},
        # What it has just written itself.
        "prompt_files": {"yaml.dump", "yaml.safe_load"},
        # The lines of a text, in which an alias stands for nothing yet.
        "template_files": {"yaml.dump", "yaml.compose"},
    }
    assert set(reading) <= allowed.get(module, set())
