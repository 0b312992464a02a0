"""Upload dist/ with twine: ``python -m tools.upload REPOSITORY`` at the top of the tree.

TWINE_USERNAME and TWINE_PASSWORD come from the environment, else from ``~/.env``, else from
``~/.pypirc``; they are never shown. TWINE_REPOSITORY_URL names another index than the
repository's. ``--check`` uploads nothing and says whether credentials are there.
"""

import argparse
import base64
import configparser
import html
import os
import re
import subprocess
import sys

from dotenv import dotenv_values

import bump

TAKEN = re.compile(r"already exist|already been used|409 Conflict", re.IGNORECASE)
CREDENTIALS = ("TWINE_USERNAME", "TWINE_PASSWORD")
MARKUP = re.compile(r"\x1b\[[0-9;]*m|<style.*?</style>|</?[a-z!][^>]*>", re.DOTALL | re.IGNORECASE)
OF_LOGIN = re.compile(r"\b(username|password)(:| set )")
OF_ADDRESS = re.compile(r"://[^/]*?:([^/]*)@")
WIDE = "10000"  # columns: no line is broken, least of all within what is looked for or hidden

# Without --verbose twine keeps for itself why an index refuses a file.
TWINE = ("-m", "twine", "upload", "--verbose", "--non-interactive", "--disable-progress-bar")


class NotReady(Exception):
    """The sentence that says what is missing for an upload."""


def main(argv):
    """Upload, print what twine says, and return the exit code: 2 for what is not ready."""
    parser = argparse.ArgumentParser(prog="upload", description=__doc__.split("\n")[0])
    parser.add_argument("repository", help="pypi, testpypi or a section of ~/.pypirc")
    parser.add_argument("--check", action="store_true", help="only look for credentials")
    options = parser.parse_args(argv)
    try:
        settings = dict(twine_settings(os.path.expanduser("~/.env")), **environment_settings())
        check_credentials(options.repository, settings)
        if options.check:
            return 0
        version = the_version(os.getcwd())
        files = artefacts("dist", version)
    except (NotReady, bump.BumpError, OSError) as error:
        print("upload: {}".format(error), file=sys.stderr)
        return 2
    return upload(options.repository, settings, files, version)


def environment_settings():
    """Return the TWINE_ settings of the environment that are not empty."""
    return {name: text for name, text in os.environ.items() if name.startswith("TWINE_") and text}


def twine_settings(path):
    """Return the TWINE_ settings of the file ``path``; none when there is no such file.

    Says on stderr when the file shows a password to other users of the machine.
    """
    try:
        values = dotenv_values(path, interpolate=False) if os.path.exists(path) else {}
    except UnicodeDecodeError:
        raise NotReady("{} is not text in UTF-8".format(path)) from None
    found = {name: text for name, text in values.items() if name.startswith("TWINE_") and text}
    if "TWINE_PASSWORD" in found and os.name == "posix" and os.stat(path).st_mode & 0o077:
        print(
            "upload: other users may read {0}, and it holds TWINE_PASSWORD: run chmod 600 "
            "{0}".format(path),
            file=sys.stderr,
        )
    return found


def check_credentials(repository, settings):
    """Raise ``NotReady`` unless there is a name and a password for ``repository``."""
    missing = [name for name in CREDENTIALS if name not in settings]
    if missing and ("TWINE_REPOSITORY_URL" in settings or not in_pypirc(repository)):
        raise NotReady(
            "no {} for {}: write NAME=value lines into ~/.env, or set them in the "
            "environment".format(" and no ".join(missing), repository)
        )


def in_pypirc(repository):
    """Tell whether ``~/.pypirc`` has a password for ``repository``."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(os.path.expanduser("~/.pypirc"), encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        raise NotReady("~/.pypirc is not a file of [sections] and name = value lines") from None
    return parser.has_option(repository, "password")


def the_version(root):
    """Return the version of the tree below ``root``."""
    found = set(bump.versions(root).values())
    if len(found) > 1:
        raise NotReady("the tree says more than one version: run make bump VERSION=1.2.3")
    return found.pop()


def artefacts(folder, version):
    """Return the wheel and the source distribution of ``version``, which are all of ``folder``."""
    names = ["coaiapy-{}-py3-none-any.whl".format(version), "coaiapy-{}.tar.gz".format(version)]
    found = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    if found != sorted(names):
        raise NotReady(
            "{}/ holds {} and not only version {}: run make build first".format(
                folder, ", ".join(found) or "nothing", version
            )
        )
    return [os.path.join(folder, name) for name in names]


def upload(repository, settings, files, version):
    """Run twine with ``settings``, print what it says, and return its exit code."""
    result = subprocess.run(
        [sys.executable] + list(TWINE) + ["--repository", repository] + files,
        env=dict(os.environ, COLUMNS=WIDE, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = readable(result.stdout.decode("utf-8", "replace"), secrets(settings))
    sys.stdout.buffer.write((said + "\n").encode("utf-8"))
    sys.stdout.flush()
    if result.returncode and TAKEN.search(said):
        print(
            "upload: {} is on the index already, and an index takes each version once: run make "
            "bump, then make build, and upload again".format(version),
            file=sys.stderr,
        )
    return result.returncode


def secrets(settings):
    """Return what must not be shown, even when an index sends it back, header and all."""
    in_address = OF_ADDRESS.findall(settings.get("TWINE_REPOSITORY_URL", ""))
    name, password = (settings.get(one) or "" for one in CREDENTIALS)
    header = base64.b64encode("{}:{}".format(name, password).encode("utf-8")).decode("ascii")
    return [text for text in in_address + [header, password] if text]


def readable(text, hidden):
    """Return what twine said, as text: no secrets, colours, HTML or traceback but its end."""
    # First, for a short secret may stand in the words that such a line is known by.
    lines = [line for line in text.splitlines() if not OF_LOGIN.search(MARKUP.sub("", line))]
    text = "\n".join(lines)
    text = hide(html.unescape(MARKUP.sub("", hide(text, hidden))), hidden)
    before, found, trace = text.partition("Traceback (most recent call last)")
    lines = before.splitlines() + (trace.strip().splitlines()[-1:] if found else [])
    return "\n".join(line.rstrip() for line in lines if line.strip())


def hide(text, hidden):
    """Return ``text`` with ``***`` in the place of each secret."""
    for secret in hidden:
        text = text.replace(secret, "***")
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
