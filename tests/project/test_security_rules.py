"""Rules of the code that keep holes shut: what may be called, and with which words."""

import ast
import functools

import pytest
from package_code import MODULES, tree
from places import PACKAGE

pytestmark = pytest.mark.once

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
    return [node for node in ast.walk(tree(module)) if isinstance(node, ast.Call)]


@functools.lru_cache(maxsize=None)
def all_calls():
    return [(module, call) for module in MODULES for call in calls(module)]


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


def test_nothing_runs_what_it_reads():
    for module, call in all_calls():
        assert name_of(call) not in NEVER, (module, call.lineno)
        assert "shell" not in words_of(call), (module, call.lineno)


def test_every_request_checks_certificates_and_stays_where_it_is():
    asking = requests_of(all_calls())
    for module, call in asking:
        words = words_of(call)
        assert "authorities" in words.get("verify", ""), (module, call.lineno)
        assert "False" in words.get("allow_redirects", ""), (module, call.lineno)
        assert "timeout" in words and "stream" in words, (module, call.lineno)
    modules = {module for module, _ in asking}
    assert modules == {"util.http.exchange"}


def requests_of(pairs):
    """The calls that send a request: a method of requests, or of a session of it."""
    return [
        (module, call)
        for module, call in pairs
        if name_of(call).split(".")[-1] in ASKING
        and (
            "'requests'" in ast.dump(call.func)
            or "session" in ast.dump(call.func)
            and "timeout" in words_of(call)
        )
    ]


def test_no_request_is_sent_in_another_way():
    others = ("urlopen", "http.client", "HTTPConnection", "ftplib", "verify=False", "CERT_NONE")
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert not [other for other in others if other in source], path


def test_yaml_is_read_in_one_place():
    allowed = {
        "util.formats.yaml_values": {"yaml.load_all", "yaml.compose_all", "yaml.ScalarNode"},
        # What it has just written itself.
        "langfuse.prompts.files": {"yaml.dump", "yaml.safe_load"},
        "templating.files": {"yaml.dump"},
        # The lines of a text, in which an alias stands for nothing yet.
        "util.formats.line_numbers": {"yaml.compose"},
    }
    for module, call in all_calls():
        name = name_of(call)
        if name.startswith("yaml.") and name.count(".") == 1:
            assert name in allowed.get(module, ()), (module, call.lineno)
