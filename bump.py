"""Set the version: ``python bump.py`` raises the last number, ``python bump.py 1.2.3`` sets one."""

import os
import re
import sys

PLACES = {
    "setup.py": re.compile(r'^VERSION = "([^"\r\n]*)"', re.MULTILINE),
    "pyproject.toml": re.compile(r'^version = "([^"\r\n]*)"', re.MULTILINE),
    "coaiapy/__init__.py": re.compile(r'^__version__ = "([^"\r\n]*)"', re.MULTILINE),
}
NUMBER = r"(0|[1-9][0-9]{0,8})"
VERSION = re.compile(r"\.".join([NUMBER] * 3))


class BumpError(Exception):
    """The sentence that ends the run."""


def main(argv=None, root=None):
    """Bump the tree below ``root``, print the new version and return the exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words in (["-h"], ["--help"]):
        print(__doc__)
        return 0
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
    texts = {place: _read(root, place) for place in PLACES}
    wanted = _wanted(words, _versions_in(texts))
    changed = {}
    for place, text in texts.items():
        old = PLACES[place].search(text)
        new = text[: old.start(1)] + wanted + text[old.end(1) :]
        if new != text:
            changed[os.path.join(root, *place.split("/"))] = new
    _replace(changed)
    return wanted


def versions(root):
    """Return what each of ``PLACES`` says."""
    return _versions_in({place: _read(root, place) for place in PLACES})


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
        raise BumpError("{!a} is not a version such as 1.2.3".format(version))
    return tuple(int(number) for number in match.groups())


def _versions_in(texts):
    found = {}
    for place, text in texts.items():
        lines = PLACES[place].findall(text)
        if len(lines) != 1:
            raise BumpError("{} has {} version lines instead of one".format(place, len(lines)))
        if not VERSION.fullmatch(lines[0]):
            raise BumpError("{} says {!a}, no version such as 1.2.3".format(place, lines[0]))
        found[place] = lines[0]
    return found


def _read(root, place):
    try:
        with open(os.path.join(root, *place.split("/")), encoding="utf-8", newline="") as stream:
            return stream.read()
    except UnicodeDecodeError:
        raise BumpError("{} is not text in UTF-8".format(place)) from None


def _replace(texts):
    """Replace all files by ``texts``, or none when one of the new ones cannot be written."""
    temporary = {path: path + ".new" for path in texts}
    try:
        for path, text in texts.items():
            with open(temporary[path], "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            os.chmod(temporary[path], os.stat(path).st_mode)
    except OSError:
        for path in filter(os.path.exists, temporary.values()):
            os.remove(path)
        raise
    for path in texts:
        os.replace(temporary[path], path)


if __name__ == "__main__":
    sys.exit(main())
