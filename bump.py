"""Set the version: ``python bump.py`` raises the last number, ``python bump.py 1.2.3`` sets one."""

import os
import re
import sys

PLACES = {
    "setup.py": r'^VERSION = "(.*)"$',
    "pyproject.toml": r'^version = "(.*)"$',
    "coaiapy/__init__.py": r'^__version__ = "(.*)"$',
}
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)


class BumpError(Exception):
    """The sentence that ends the run."""


def main(argv=None, root=None):
    """Bump the tree below ``root``, print the new version and return the exit code."""
    words = sys.argv[1:] if argv is None else argv
    root = root or os.path.dirname(os.path.abspath(__file__))
    try:
        version = bump(root, words)
    except (BumpError, OSError) as error:
        print("bump: {}".format(error), file=sys.stderr)
        return 1
    print(version)
    return 0


def bump(root, words):
    """Write the version that ``words`` ask for into every place, and return it."""
    texts = {place: _read(os.path.join(root, place)) for place in PLACES}
    found = {place: _version_in(place, text) for place, text in texts.items()}
    wanted = _wanted(words, found)
    for place, text in texts.items():
        old = re.search(PLACES[place], text, re.MULTILINE)
        new = text[: old.start(1)] + wanted + text[old.end(1) :]
        if new != text:
            _replace(os.path.join(root, place), new)
    return wanted


def _wanted(words, found):
    if len(words) > 1:
        raise BumpError("one version at most, not {}: python bump.py [VERSION]".format(len(words)))
    newest = max(found.values(), key=_numbers)
    if words:
        if _numbers(words[0]) < _numbers(newest):
            raise BumpError("{} is older than {}: give a newer one".format(words[0], newest))
        return words[0]
    if len(set(found.values())) > 1:
        said = ", ".join("{} says {}".format(place, found[place]) for place in sorted(found))
        raise BumpError("the places disagree ({}): give the version to set".format(said))
    major, minor, patch = _numbers(newest)
    return "{}.{}.{}".format(major, minor, patch + 1)


def _numbers(version):
    match = VERSION.fullmatch(version)
    if not match:
        raise BumpError("{!r} is not a version such as 1.2.3".format(version))
    return tuple(int(number) for number in match.groups())


def _version_in(place, text):
    versions = re.findall(PLACES[place], text, re.MULTILINE)
    if len(versions) != 1:
        raise BumpError("{} has {} version lines instead of one".format(place, len(versions)))
    return versions[0]


def _read(path):
    with open(path, encoding="utf-8", newline="") as stream:
        return stream.read()


def _replace(path, text):
    temporary = path + ".new"
    with open(temporary, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    os.chmod(temporary, os.stat(path).st_mode)
    os.replace(temporary, path)


if __name__ == "__main__":
    sys.exit(main())
