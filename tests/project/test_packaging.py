"""The package as pip sees it: one set of metadata, and everything that is needed inside."""

import os
import re
import runpy
import subprocess
import sys
import tarfile
import types
import zipfile
from email import message_from_string
from pathlib import Path

import markdown
import pip
import pytest
import source_tree
from places import PACKAGE, ROOT

import coaiapy

try:
    import tomllib as toml
except ImportError:
    import tomli as toml  # comes with pytest where Python has no reader of its own

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
    "SECURITY.md",
)
CACHE = os.path.expanduser("~/.cache/pip")
WHERE = "import coaiapy, sys; print(coaiapy.__file__); print(sys.path)"
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
    stub.find_packages = lambda include: {"find": {"include": include}}
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
    author = {"name": setup_py["author"], "email": setup_py["author_email"]}
    assert project_table["authors"] == [author]
    links = dict(setup_py["project_urls"], Homepage=setup_py["url"])
    assert project_table["urls"] == links
    scripts = ["{}={}".format(*item) for item in project_table["scripts"].items()]
    assert setup_py["entry_points"] == {"console_scripts": scripts}
    assert scripts == ["coaia=coaiapy.coaiacli:main"]


def test_files_to_ship_are_declared_the_same_way_twice(setup_py):
    table = toml.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert setup_py["packages"] == table["packages"]
    assert setup_py["package_dir"] == table["package-dir"]
    assert setup_py["package_data"] == table["package-data"]
    assert dict(setup_py["data_files"]) == table["data-files"]


def test_a_setuptools_that_reads_the_table_is_told_the_rest_only(monkeypatch, project_table):
    said = declared_by_setup("61.0.0", monkeypatch)
    assert set(said) == {"license", "long_description", "long_description_content_type"}
    assert said["license"] == "MIT"
    assert project_table["dynamic"] == ["license", "readme"]


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
    tree = source_tree.copy_to(tmp_path_factory.mktemp("tree") / "coaiapy-tree")
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
    found = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {str(path.relative_to(ROOT)) for path in found}


def test_the_wheel_is_universal_and_complete(artefacts):
    wheel, _ = artefacts
    assert wheel.name == "coaiapy-{}-py3-none-any.whl".format(coaiapy.__version__)
    names = set(zipfile.ZipFile(str(wheel)).namelist())
    page = "coaiapy-{}.data/data/share/man/man1/coaia.1".format(coaiapy.__version__)
    assert {name for name in names if ".dist-info/" not in name} == shipped() | {page}
    assert any(name.startswith("coaiapy/templates/") for name in names)


def test_the_wheels_metadata(artefacts):
    archive = zipfile.ZipFile(str(artefacts[0]))
    texts = {Path(name).name: name for name in archive.namelist() if ".dist-info/" in name}
    metadata = archive.read(texts["METADATA"]).decode("utf-8")
    assert "\nRequires-Python: >=3.6\n" in metadata
    assert "\nLicense: MIT\n" in metadata
    assert "jgi@jgwill.com" in message_from_string(metadata)["Author-email"]
    assert "Changelog, https://github.com/jgwill/coaiapy/blob/" in metadata
    assert "LICENSE" in texts
    assert "coaia" in archive.read(texts["entry_points.txt"]).decode("utf-8")


def descriptions(artefacts):
    """What a package index shows of the wheel and of the source distribution."""
    wheel, sdist = artefacts
    archive = zipfile.ZipFile(str(wheel))
    (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
    with tarfile.open(str(sdist)) as files:
        info = files.extractfile("coaiapy-{}/PKG-INFO".format(coaiapy.__version__)).read()
    for text in (archive.read(name), info):
        message = message_from_string(text.decode("utf-8"))
        assert message["Description-Content-Type"] == "text/markdown"
        # An old setuptools writes it into the header, indented.
        yield message["Description"] or message.get_payload()


def test_every_link_of_the_index_page_leads_somewhere(artefacts):
    readme = (ROOT / "README.md").read_text("utf-8")
    for text in descriptions(artefacts):
        links = re.findall(r'(?:href|src)="([^"]*)"', markdown.markdown(text))
        assert len(links) == len(re.findall(r"\]\(", readme)) > 10
        for link in links:
            assert link.startswith("https://"), link
        assert "https://raw.githubusercontent.com/jgwill/coaiapy/HEAD/docs/tour.svg" in links
        assert "https://github.com/jgwill/coaiapy/blob/HEAD/SECURITY.md" in links
        assert "pip install coaiapy" in text


def test_the_source_distribution_is_complete(artefacts):
    _, sdist = artefacts
    top = "coaiapy-{}/".format(coaiapy.__version__)
    assert sdist.name == top[:-1] + ".tar.gz"
    with tarfile.open(str(sdist)) as archive:
        names = archive.getnames()
    assert len(names) == len(set(names))
    inside = {name[len(top) :] for name in names}
    kept = {name for name in source_tree.files() if name.startswith(FOLDERS) or name in FILES}
    assert kept - inside == set()
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


@pytest.mark.timeout(400)
def test_what_a_stranger_installs_does_the_main_job(artefacts, tmp_path, home):
    """In an environment of its own, far from the tree: the wheel and all that it needs.

    Then the source distribution takes its place, beside the same packages.
    """
    bin_folder = fresh_environment(tmp_path / "env")
    environment = stranger(bin_folder, home)

    def say(*command):
        return subprocess.check_output(command, env=environment).decode("utf-8")

    def run_pip(*words):
        return say("python", program, *words)

    program = only_pip(tmp_path / "only pip")
    wheel, sdist = artefacts
    assert run_pip("list") == ""
    run_pip("install", "-q", "--no-compile", str(wheel))
    assert run_pip("check") == "No broken requirements found.\n"
    does_the_main_job(say, tmp_path / "env")
    run_pip("uninstall", "-q", "-y", "coaiapy")
    assert not page_of(tmp_path / "env").exists()
    run_pip("install", "-q", "--no-compile", "--no-deps", str(sdist))
    does_the_main_job(say, tmp_path / "env")


def does_the_main_job(say, folder):
    """The package below ``folder`` is whole, and it alone is what runs."""
    package, path = say("python", "-c", WHERE).splitlines()
    assert package.startswith(str(folder))
    assert str(ROOT) not in path
    assert say("coaia", "--version") == "coaia {}\n".format(coaiapy.__version__)
    assert page_of(folder).exists()
    shown = say("bash", str(ROOT / "tools" / "demo.sh"), str(folder / "bin"))
    assert "\nETL Process  trace " in shown
    assert "  user john " in shown
    for step in ("Load Data", "Validate Data", "Transform Data", "Export Results"):
        assert "EVENT       {}\n".format(step) in shown


def page_of(folder):
    return folder / "share" / "man" / "man1" / "coaia.1"


def fresh_environment(folder):
    """Make a virtual environment that contains nothing, not even pip; return its programs."""
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    return folder / "bin"


def only_pip(folder):
    """Return the path of a pip that any Python can run, with no other package beside it.

    Installing a pip of its own into an environment takes as long as the rest of the test.
    """
    folder.mkdir()
    (folder / "pip").symlink_to(os.path.dirname(pip.__file__), target_is_directory=True)
    return str(folder / "pip")


def stranger(bin_folder, home):
    """An environment that knows nothing of this suite but the way to the packages."""
    kept = {name: text for name, text in os.environ.items() if name.startswith(("PIP_", "TMP"))}
    path = "{}:/usr/local/bin:/usr/bin:/bin".format(bin_folder)
    return dict(kept, PATH=path, HOME=str(home), PIP_CACHE_DIR=CACHE)
