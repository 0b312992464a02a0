"""Packaging for the Pythons whose pip does not read pyproject.toml's project table."""

from setuptools import setup

REQUIREMENTS = [
    "boto3<=1.26.137",
    "mutagen<=1.45.1",
    'redis==5.1.1; python_version >= "3.8"',
    'redis>=4.3.6,<5.1; python_version < "3.8"',
    "jinja2>=2.10",
    "requests",
    "python-dotenv",
    "PyYAML",
    "tabulate",
    "tqdm",
]

TEST_REQUIREMENTS = [
    "pytest",
    "pytest-timeout",
    "hypothesis",
]

DEV_REQUIREMENTS = [
    'ruff; python_version >= "3.8"',
    'mypy; python_version >= "3.8"',
    'vermin; python_version >= "3.8"',
    'types-PyYAML; python_version >= "3.8"',
    'types-requests; python_version >= "3.8"',
    'types-tabulate; python_version >= "3.8"',
    'build; python_version >= "3.8"',
    'twine; python_version >= "3.8"',
]

setup(
    name="coaiapy",
    version="0.7.0",
    description="Traces, prompts, scores, environments and recordings of AI workflows, "
    "one command each",
    long_description=open("README.md", encoding="utf-8").read(),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.6",
    packages=["coaiapy"],
    package_data={"coaiapy": ["templates/*.json", "py.typed"]},
    install_requires=REQUIREMENTS,
    extras_require={"test": TEST_REQUIREMENTS, "dev": DEV_REQUIREMENTS},
    entry_points={"console_scripts": ["coaia=coaiapy.coaiacli:main"]},
)
