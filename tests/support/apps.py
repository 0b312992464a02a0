"""Apps that come with their own Python: an environment with only the given packages."""

import importlib.util
import json
import os
import shutil
import subprocess
import venv
from pathlib import Path
from typing import NamedTuple

import coaiapy

HOST = Path(__file__).resolve().parent / "app_host.py"
PACKAGE = Path(coaiapy.__file__).resolve().parent

# The packages in Pythonista that coaia can use, and their dependencies.
BUNDLED = (
    "requests urllib3 idna certifi chardet charset_normalizer jinja2 markupsafe yaml _yaml six"
).split()


# Runs command lines in one process, and prints the exit code, stdout and stderr of each.
_COMMANDS = """
import json, sys
from coaiapy.coaiacli import main

Screen, ended = type(sys.stdout), []
for words in json.loads({!r}):
    known = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err = Screen(), Screen()
    code = main(words)
    sys.stdout, sys.stderr = known
    ended.append([int(code), "".join(out.texts), "".join(err.texts)])
print(json.dumps(ended))
"""


class Ended(NamedTuple):
    """The output of a script, and how it ended; ``error`` is a traceback."""

    code: int
    out: str
    err: str
    error: str


class Answer(NamedTuple):
    """The output of a command, and its exit code."""

    code: int
    out: str
    err: str


class App:
    """A Python with only coaiapy and ``packages``, and a container for its files.

    ``missing`` are modules of the standard library that it does not have.
    """

    def __init__(self, folder, packages=(), missing=(), with_coaiapy=True):
        self.missing = ",".join(missing)
        self.container = folder / "container"
        self.documents = self.container / "Documents"
        for place in (self.documents, self.container / "tmp"):
            place.mkdir(parents=True)
        venv.EnvBuilder(symlinks=True, with_pip=False).create(str(folder / "python"))
        self.python = folder / "python" / "bin" / "python"
        self.site = Path(self._ask("import sysconfig; print(sysconfig.get_paths()['purelib'])"))
        if with_coaiapy:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(str(PACKAGE), str(self.site / "coaiapy"), ignore=ignored)
        for name in packages:
            self._take_over(name)

    def run(self, source, **variables):
        """Run a script, given as text, with ``variables`` in its environment."""
        script = self.documents / "script.py"
        script.write_text(source, encoding="utf-8")
        process = subprocess.run(
            [str(self.python), str(HOST), str(self.container), self.missing, str(script)],
            env=dict(self._environment(), **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=200,
        )
        assert process.returncode == 0, process.stderr.decode("utf-8")
        return Ended(**json.loads(process.stdout.decode("utf-8")))

    def commands(self, calls, **variables):
        """Run command lines, one after the other in one process; return the answer to each."""
        ended = self.run(_COMMANDS.format(json.dumps(calls)), **variables)
        assert (ended.code, ended.error, ended.err) == (0, "", "")
        return [Answer(*answer) for answer in json.loads(ended.out)]

    def files(self):
        """Return the files of the container except the script, by their path below it."""
        found = (path for path in self.container.rglob("*") if path.is_file())
        names = {str(path.relative_to(self.container)) for path in found}
        return names - {"Documents/script.py"}

    def _take_over(self, name):
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.origin:
            return
        source = Path(spec.origin)
        if source.name == "__init__.py":
            source = source.parent
        os.symlink(str(source), str(self.site / source.name))

    def _ask(self, code):
        command = [str(self.python), "-c", code]
        return subprocess.check_output(command, env=self._environment()).decode("utf-8").strip()

    @staticmethod
    def _environment():
        return {"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
