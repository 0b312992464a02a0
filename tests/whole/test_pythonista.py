"""coaiapy in an app that brings a Python along: without packages, and with those of Pythonista."""

import json
import os
import re
import zipfile

import documents
import pytest
from apps import BUNDLED, PACKAGE, App
from hearing import melody, write_wav
from langfuse_server import LangfuseServer
from openai_server import KEY
from package_code import MODULES

# What an app may lack, besides what none has.
NOT_EVERYWHERE = "fcntl subprocess _posixsubprocess multiprocessing _multiprocessing".split()
FOREIGN = "requests jinja2 markupsafe yaml dotenv redis boto3 botocore mutagen tqdm".split()
TEXT = documents.read("docs/pythonista.md")
SCRIPTS = {step.path: step.shown for step in documents.steps(TEXT) if step.path}


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An app with the standard library alone, and not even all of that."""
    return App(tmp_path_factory.mktemp("bare"), missing=NOT_EVERYWHERE)


@pytest.fixture
def bundled(tmp_path):
    """An app with the packages that Pythonista has."""
    return App(tmp_path, BUNDLED)


def ran(ended):
    assert (ended.code, ended.error) == (0, "")
    return ended.out


def test_the_app_is_as_poor_as_it_says(bare):
    script = """
import importlib, io, os, sys
for name in {!r}:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
    else:
        print("there is", name)
for stream in (sys.stdin, sys.stdout, sys.stderr):
    for name in ("isatty", "buffer", "fileno", "encoding"):
        if hasattr(stream, name):
            print(type(stream), name)
if type(os.environ) is not dict:
    print("the environment is no dict")
home = os.path.expanduser("~")
for write in (
    lambda: os.mkdir(os.path.join(home, "folder")),
    lambda: open(os.path.join(home, "file"), "w"),
    lambda: os.open(os.path.join(home, "..", "file"), os.O_CREAT),
):
    try:
        write()
    except PermissionError:
        continue
    print("the home can be written")
open(os.path.join(home, "Documents", "file"), "w").close()
os.unlink(os.path.join(home, "Documents", "file"))
"""
    assert ran(bare.run(script.format(FOREIGN + NOT_EVERYWHERE))) == ""


def test_every_module_can_be_imported(bare):
    """But for what only starts commands, which an app cannot do: see the next test."""
    script = """
import importlib, pkgutil, coaiapy
for module in pkgutil.walk_packages(coaiapy.__path__, "coaiapy."):
    if not module.name.startswith("coaiapy.running."):
        print(importlib.import_module(module.name).__name__)
"""
    modules = {"coaiapy." + name for name in MODULES if not name.startswith("running.")}
    modules -= {"coaiapy.__init__"}
    assert set(ran(bare.run(script)).split()) >= modules


# Command lines, and a part of what they print: on stdout if it is done, else on stderr.
WITHOUT_PACKAGES = [
    ("run -- true", 1, "commands cannot be started on this system"),
    ("--version", 0, "coaia "),
    ("--help", 0, "usage: coaia"),
    ("nonsense", 2, "unknown command 'nonsense'"),
    ("help exit-codes", 0, "130"),
    ("pipeline list", 0, "data-pipeline"),
    ("pipeline show data-pipeline", 0, "Load Data"),
    ("pipeline show data-pipeline --preview", 3, "Jinja2"),
    ("pipeline create data-pipeline", 3, "Jinja2"),
    ("pipeline install .#none@main", 3, "git cannot be run"),
    ("pipeline init mine", 0, "Documents/.coaia/templates/mine.json"),
    ("pipeline init other --format yaml", 3, "PyYAML"),
    ("env init", 0, ""),
    ("env set KEY value", 0, ""),
    ("env set KEY value --global", 0, ""),
    ("env get KEY", 0, "value"),
    ("env list", 0, "KEY"),
    ("env source --export", 0, "export KEY='value';"),
    ("env set KEY value --name lines --format env", 3, "python-dotenv"),
    ("fuse traces create run-1 --user john --export-env", 0, "export COAIA_TRACE_ID='run-1';"),
    ("fuse traces add-observation run-1 -n Answer", 0, ""),
    ("fuse traces add-observations run-1 -f steps.json", 0, ""),
    ("fuse traces add-observations run-1 -f steps.yaml", 3, "PyYAML"),
    ("fuse traces trace-view run-1", 0, "Answer"),
    ("fuse traces", 0, "run-1"),
    ("fuse traces patch-output run-1 done", 0, ""),
    ("env save --name today", 0, ""),
    ("fuse outbox status", 0, "local"),
    ("fuse doctor", 0, "local mode"),
    ("fuse score-configs presets list", 0, "Helpfulness"),
    ("fuse sessions list", 0, "Session"),
    ("tash key value -T 60", 0, ""),
    ("fetch key", 0, "value"),
    ("stash list", 0, "key"),
    ("summarize text --dry-run", 0, "gpt"),
    ("tag recording.mp3", 3, "mutagen"),
    ("synthesize hello -O hello.mp3", 3, "boto3"),
    ("gh issues list --owner o --repo r", 3, "requests"),
    ("init", 0, ""),
    ("config show", 0, "langfuse_base_url"),
    ("config check", 0, ""),
]
WITH_SETTINGS = [
    ("fuse traces create run-2", 3, "requests"),
    ("fuse outbox list", 0, "run-2"),
    ("fuse prompts list", 3, "requests"),
    ("summarize text --no-trace", 3, "requests"),
    ("fetch key", 3, "redis"),
]
SETTINGS = {
    "LANGFUSE_BASE_URL": "http://127.0.0.1:9",
    "LANGFUSE_PUBLIC_KEY": "pk-test",
    "LANGFUSE_SECRET_KEY": "sk-test",
    "OPENAI_API_KEY": "sk-test",
    "REDIS_URL": "redis://127.0.0.1:9",
}


def check(calls, answers):
    for (words, code, part), answer in zip(calls, answers):
        assert answer.code == code, (words, answer)
        assert part in (answer.out if code == 0 else answer.err), (words, answer)
        assert "Traceback" not in answer.err and "unexpected" not in answer.err
        if code == 3:
            assert answer.err.count("\n") == 1, answer.err
    assert len(answers) == len(calls)


def test_commands_do_what_they_can_and_name_the_package_that_they_lack(bare):
    (bare.documents / "steps.json").write_text('[{"name": "one"}]')
    (bare.documents / "steps.yaml").write_text("- name: one\n")
    (bare.documents / "recording.mp3").write_bytes(b"\xff\xfb")
    check(WITHOUT_PACKAGES, bare.commands([words.split() for words, _, _ in WITHOUT_PACKAGES]))
    written = bare.files() - {"Documents/steps.json", "Documents/steps.yaml"}
    assert written - {"Documents/recording.mp3"} == {
        "Documents/.coaia-env",
        "Documents/.coaia-env.today",
        "Documents/.coaia/coaia.db",
        "Documents/.coaia/global.env",
        "Documents/.coaia/templates/mine.json",
        "Documents/coaia.json",
    }
    calls = [words.split() for words, _, _ in WITH_SETTINGS]
    check(WITH_SETTINGS, bare.commands(calls, **SETTINGS))


PUBLISHED = """
import json, sys
from coaiapy import coaiamodule, cofuse
from coaiapy.coaiacli import fetch_key_val, main, tash_key_val
from coaiapy.coaiamodule import find_existing_config, initial_setup, load_env_file, read_config, tash
from coaiapy.environment import EnvironmentManager
from coaiapy.pipeline import TemplateLoader, TemplateRenderer

print(read_config()["jtaleconf"]["host"], load_env_file(), find_existing_config() or "no file")
print(tash("key", "value"), coaiamodule.fetch_key_val("key"))
tash_key_val("other", "value")
fetch_key_val("other")
try:
    fetch_key_val("nothing")
except SystemExit as ended:
    print("ended with", ended.code)
print(json.loads(cofuse.add_trace("run-3", user_id="john", name="Run"))["successes"])
cofuse.add_observation("step-1", "run-3", "SPAN", name="Load", start_time="260131120000")
cofuse.add_observations_batch("run-3", [{"name": "two"}])
print(cofuse.format_trace_tree(cofuse.get_trace_with_observations("run-3")).split("\\n")[1:])
print([row["name"] for row in json.loads(cofuse.list_traces(user_id="john"))])
print(TemplateLoader().load_template("simple-trace").get_required_variables())
EnvironmentManager().set_variable("KEY", "value")
print(EnvironmentManager().get_variable("KEY"))
"""
PRINTED = """\
localhost {} no file
value
b'value' None
value
ended with 1
[{'id': 'run-3', 'status': 202}]
['├─ SPAN        Load', '└─ EVENT       two']
['Run']
['trace_name']
value
"""


def test_what_scripts_have_imported_for_years_works_without_packages(tmp_path):
    ended = App(tmp_path, missing=NOT_EVERYWHERE).run(PUBLISHED)
    assert ran(ended) == PRINTED
    assert "nothing is stashed under 'nothing'" in ended.err


def printed(name):
    """What the document shows below a script, with stand-ins for ids and times."""
    shown = TEXT.split("`{}`:".format(name))[1].split("```text\n")[1].split("```")[0]
    return documents.without_what_changes(shown)


def test_the_script_of_the_document_does_what_it_says(bundled):
    out = ran(bundled.run(SCRIPTS["morning.py"]))
    assert documents.without_what_changes(out) == printed("morning.py")
    assert bundled.files() == {"Documents/.coaia/coaia.db"}


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_the_script_sends_to_every_server(bundled, kind):
    with LangfuseServer(kind) as server:
        (bundled.documents / "coaia.json").write_text(
            json.dumps(
                {
                    "langfuse_public_key": server.public_key,
                    "langfuse_secret_key": server.secret_key,
                    "langfuse_base_url": server.url,
                }
            )
        )
        ended = bundled.run(SCRIPTS["morning.py"])
        assert documents.without_what_changes(ran(ended)) == printed("morning.py")
        assert len(server.traces()) == 1
        flushed = bundled.run("import coaiapy\nprint(coaiapy.flush())")
        assert ran(flushed) == "0\n"


def test_the_wheel_is_installed_as_the_document_says(tmp_path):
    app = App(tmp_path, BUNDLED, with_coaiapy=False)
    assert "No module named 'coaiapy'" in app.run(SCRIPTS["morning.py"]).error
    with zipfile.ZipFile(str(app.documents / "coaiapy-0.0.0-py3-none-any.whl"), "w") as wheel:
        for path in PACKAGE.rglob("*"):
            if "__pycache__" not in path.parts:
                wheel.write(str(path), os.path.join("coaiapy", str(path.relative_to(PACKAGE))))
    (app.documents / "site-packages").mkdir()
    assert ran(app.run(SCRIPTS["install.py"])) == "installed coaiapy-0.0.0-py3-none-any.whl\n"
    assert "Buy bread" in ran(app.run(SCRIPTS["morning.py"]))


def test_the_table_of_packages_names_those_that_are_in_the_app(bundled):
    rows = re.findall(r"^\| ([\w-]+) \| (yes|no) \|", TEXT, re.MULTILINE)
    names = {"Jinja2": "jinja2", "PyYAML": "yaml", "python-dotenv": "dotenv"}
    script = "import importlib\nfor name in {!r}:\n    try:\n        importlib.import_module(name)"
    script += "\n        print('yes')\n    except ImportError:\n        print('no')"
    modules = [names.get(package, package) for package, _ in rows]
    assert ran(bundled.run(script.format(modules))).split() == [there for _, there in rows]
    assert len(rows) == 7


def test_a_memo_is_written_down_and_summarized(bundled, openai):
    write_wav(bundled.documents / "memo.wav", melody(2, 1, 0.5))
    keys = {"OPENAI_BASE_URL": openai.url, "OPENAI_API_KEY": KEY}
    lines = ran(bundled.run(SCRIPTS["memo.py"], **keys)).splitlines()
    assert lines[0] == "memo.wav tone 0 tone 1" and "user: tone 0 tone 1" in lines[1]
