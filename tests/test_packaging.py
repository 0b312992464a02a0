"""The package as pip sees it: one set of metadata, and everything that is needed inside."""

import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import types
import zipfile
from pathlib import Path

import pytest

import coaiapy

try:
    import tomllib as toml
except ImportError:
    import tomli as toml  # comes with pytest where Python has no reader of its own

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("coaiapy", "tests", "tools", "bench", "templates", "docs")
FILES = (
    "setup.py",
    "pyproject.toml",
    "MANIFEST.in",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "bump.py",
    "requirements.txt",
)
BUILD = """
import sys
from setuptools import build_meta
getattr(build_meta, "build_" + sys.argv[1])(sys.argv[2])
"""


def declared_by_setup(version, monkeypatch):
    """What setup.py hands to a setuptools of this version."""
    said = {}
    stub = types.ModuleType("setuptools")
    stub.__version__ = version
    stub.setup = lambda **words: said.update(words)
    monkeypatch.setitem(sys.modules, "setuptools", stub)
    monkeypatch.chdir(str(ROOT))
    runpy.run_path("setup.py")
    return said


@pytest.fixture
def setup_py(monkeypatch):
    return declared_by_setup("40.6.2", monkeypatch)


@pytest.fixture
def project_table():
    return toml.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_setup_py_and_pyproject_say_the_same(setup_py, project_table):
    assert setup_py["name"] == project_table["name"] == "coaiapy"
    assert setup_py["version"] == project_table["version"] == coaiapy.__version__
    assert setup_py["description"] == project_table["description"]
    assert setup_py["python_requires"] == project_table["requires-python"] == ">=3.6"
    assert setup_py["install_requires"] == project_table["dependencies"]
    assert setup_py["extras_require"] == project_table["optional-dependencies"]
    assert setup_py["classifiers"] == project_table["classifiers"]
    assert setup_py["long_description"] == (ROOT / project_table["readme"]).read_text("utf-8")
    scripts = ["{}={}".format(*item) for item in project_table["scripts"].items()]
    assert setup_py["entry_points"] == {"console_scripts": scripts}
    assert scripts == ["coaia=coaiapy.coaiacli:main"]


def test_files_to_ship_are_declared_the_same_way_twice(setup_py):
    table = toml.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert setup_py["packages"] == table["packages"]
    assert setup_py["package_data"] == table["package-data"]


def test_a_setuptools_that_reads_the_table_is_told_the_rest_only(monkeypatch, project_table):
    said = declared_by_setup("61.0.0", monkeypatch)
    assert said == {"license": "MIT"}
    assert project_table["dynamic"] == ["license"]


def test_requirements_are_the_same_list(setup_py):
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if line and line[0] != "#"] == setup_py["install_requires"]


def test_pins_that_keep_old_pythons_installable(setup_py):
    assert {
        "boto3<=1.26.137",
        "mutagen<=1.45.1",
        "jinja2>=2.10",
        'redis==5.1.1; python_version >= "3.8"',
        'redis>=4.3.6,<5.1; python_version < "3.8"',
    } <= set(setup_py["install_requires"])


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory):
    """A wheel and a source distribution, built with this interpreter from a copy of the tree."""
    tree = tmp_path_factory.mktemp("tree") / "coaiapy-tree"
    tree.mkdir()
    for name in FILES:
        shutil.copy(str(ROOT / name), str(tree / name))
    for name in FOLDERS:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(str(ROOT / name), str(tree / name), ignore=ignored)
    out = tmp_path_factory.mktemp("dist")
    return build(tree, "wheel", out), build(tree, "sdist", out)


def build(tree, kind, out):
    result = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(out)],
        cwd=str(tree),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    assert result.returncode == 0, result.stdout
    return max(out.iterdir(), key=lambda path: path.stat().st_mtime_ns)


def shipped():
    """Every file of the package that an installation must have."""
    package = ROOT / "coaiapy"
    found = [
        path
        for kind in ("*.py", "*.json", "templates/*.json", "completions/*")
        for path in package.glob(kind)
    ]
    return {str(path.relative_to(ROOT)) for path in found + [package / "py.typed"]}


def test_the_wheel_is_universal_and_complete(artefacts):
    wheel, _ = artefacts
    assert wheel.name == "coaiapy-{}-py3-none-any.whl".format(coaiapy.__version__)
    names = set(zipfile.ZipFile(str(wheel)).namelist())
    assert {name for name in names if ".dist-info/" not in name} == shipped()
    assert any(name.startswith("coaiapy/templates/") for name in names)


def test_the_wheels_metadata(artefacts):
    archive = zipfile.ZipFile(str(artefacts[0]))
    texts = {Path(name).name: name for name in archive.namelist() if ".dist-info/" in name}
    metadata = archive.read(texts["METADATA"]).decode("utf-8")
    assert "\nRequires-Python: >=3.6\n" in metadata
    assert "\nLicense: MIT\n" in metadata
    assert "LICENSE" in texts
    assert "coaia" in archive.read(texts["entry_points.txt"]).decode("utf-8")


def test_the_source_distribution_is_complete(artefacts):
    _, sdist = artefacts
    top = "coaiapy-{}/".format(coaiapy.__version__)
    assert sdist.name == top[:-1] + ".tar.gz"
    with tarfile.open(str(sdist)) as archive:
        names = archive.getnames()
    assert len(names) == len(set(names))
    inside = {name[len(top) :] for name in names}
    assert shipped() | set(FILES) <= inside
    assert "tests/conftest.py" in inside
    assert not [name for name in inside if "__pycache__" in name or name.startswith(".venv")]


def test_the_source_distribution_builds_the_same_wheel(artefacts, tmp_path):
    wheel, sdist = artefacts
    with tarfile.open(str(sdist)) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(str(tmp_path / "unpacked"))
    (tree,) = (tmp_path / "unpacked").iterdir()
    out = tmp_path / "again"
    out.mkdir()
    again = build(tree, "wheel", out)
    assert again.name == wheel.name
    assert contents(again) == contents(wheel)


def contents(wheel):
    archive = zipfile.ZipFile(str(wheel))
    return {name: archive.read(name) for name in archive.namelist() if "RECORD" not in name}


def test_what_the_wheel_installs_runs_outside_the_tree(artefacts, tmp_path):
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    subprocess.check_call(pip + ["--target", str(target), str(artefacts[0])])
    environment = dict(os.environ, PYTHONPATH=str(target))
    where = "import coaiapy, sys; sys.stdout.write(coaiapy.__file__)"
    for command, expected in (
        (["-c", where], str(target / "coaiapy" / "__init__.py")),
        (["-m", "coaiapy", "--version"], "coaia {}\n".format(coaiapy.__version__)),
    ):
        output = subprocess.check_output([sys.executable] + command, env=environment)
        assert output.decode("utf-8") == expected
    listed = subprocess.check_output(
        [sys.executable, "-m", "coaiapy", "pipeline", "list"], env=environment
    ).decode("utf-8")
    for template in (ROOT / "coaiapy" / "templates").glob("*.json"):
        assert template.stem in listed
