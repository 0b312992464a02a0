"""CLAUDE.md and the pages for people who change the code name files, functions, make targets and commands: they exist."""

import importlib
import re

import pytest
from package_code import MODULES
from places import PACKAGE, ROOT

pytestmark = pytest.mark.once

TEXT = (ROOT / "CLAUDE.md").read_text(encoding="utf-8")
PAGES = [ROOT / "docs" / name for name in ("architecture.md", "extending.md")]
WHOLE = TEXT + "".join(page.read_text(encoding="utf-8") for page in PAGES)
CODE = re.findall(r"`([^`\n]+)`", WHOLE)
GENERATED = {".venv/", "dist/"}


def paths():
    files = [word for code in CODE for word in code.split() if is_path(word)]
    return sorted(set(files + re.findall(r"\b[A-Z]+\.md\b|\bdocs/\w+\.md", WHOLE)) - GENERATED)


def is_path(word):
    is_file = re.fullmatch(r"[.\w/-]+(/|\.(py|md|toml|txt|sh|json))|\.ci/run", word)
    return is_file is not None and not word.startswith("./")  # that is a user's


def make_targets():
    return sorted({target for code in CODE for target in re.findall(r"\bmake ([a-z-]+)", code)})


def coaia_commands():
    found = {
        match.strip() for code in CODE for match in re.findall(r"\bcoaia((?: [a-z][a-z-]*)+)", code)
    }
    return sorted(found)


def test_it_names_what_these_tests_look_for():
    assert "coaiapy/coaiacli.py" in paths()
    assert "demo" in make_targets() and "test" in make_targets()
    assert "help exit-codes" in coaia_commands()
    assert "traces.submit" in functions() and "db.Journal.patch" in functions()


@pytest.mark.parametrize("path", paths())
def test_every_file_exists(path):
    assert (ROOT / path).exists()


def functions():
    """What is named as ``module.name`` or ``module.Class.method``."""
    words = [code for code in CODE if re.fullmatch(r"\w+(\.\w+)+", code)]
    return sorted({word for word in words if owners(word)})


def owners(word):
    """Return (module, rest) for each module that the beginning of ``word`` may mean."""
    parts = word.split(".")
    heads = [(".".join(parts[:end]), parts[end:]) for end in range(1, len(parts))]
    return [
        (module, rest)
        for head, rest in heads
        for module in MODULES
        if module == head or module.endswith("." + head)
    ]


@pytest.mark.parametrize("name", functions())
def test_every_function_exists(name):
    assert any(is_there(module, path) for module, path in owners(name))


def is_there(module, path):
    found = importlib.import_module("coaiapy." + module)
    for part in path:
        found = getattr(found, part, None)
    return found is not None


@pytest.mark.parametrize("target", make_targets())
def test_every_make_target_exists(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^{}:".format(re.escape(target)), makefile, re.MULTILINE)
    phony = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE).group(1).split()
    assert target in phony


@pytest.mark.parametrize("words", coaia_commands())
def test_every_command_exists(run, words):
    help_wanted = [] if words.startswith("help") else ["--help"]
    result = run(*(words.split() + help_wanted))
    assert (result.code, result.err) == (0, "")


ANSWERS = re.search(r"\n\| To change \|.*?\n\n", TEXT, re.DOTALL).group().strip().splitlines()[2:]


@pytest.mark.parametrize("row", ANSWERS)
def test_what_a_change_begins_with_is_where_the_table_says(row):
    places = re.findall(r"`(\w+)`[\w ]* in `([\w/.]+)`", row)
    assert places and len(re.findall("`coaiapy/[^`]*[.]", row)) == len(places)
    for name, path in places:
        assert is_defined(name, (ROOT / path).read_text(encoding="utf-8")), (name, path)


def is_defined(name, text):
    """Tell whether a name is a function, class or table of Python code, or a key of JSON."""
    definition = r'^(def |class ){0}\b|^{0}\b.* = |"{0}": '.format(name)
    return re.search(definition, text, re.MULTILINE) is not None


def test_the_table_has_the_questions_of_newcomers():
    assert len(ANSWERS) >= 10
    assert is_defined("KEYS", "KEYS = ()") and is_defined("run", "def run(a):")
    assert not is_defined("KEYS", "use(KEYS)") and not is_defined("run", "def running(a):")


def test_every_wing_is_in_the_map():
    folders = [path.parent.name for path in PACKAGE.glob("*/__init__.py")]
    assert {"util", "cli"} <= set(folders)
    missing = [folder for folder in folders if "`coaiapy/{}/`".format(folder) not in TEXT]
    assert not missing
