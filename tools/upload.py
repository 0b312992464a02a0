"""Upload dist/ with twine: ``python tools/upload.py REPOSITORY``.

Credentials are read from ``~/.env`` (TWINE_USERNAME, TWINE_PASSWORD) and never shown; what the
environment says already counts more.
"""

import glob
import os
import re
import subprocess
import sys

from dotenv import dotenv_values

TAKEN = re.compile(r"already exists|409 Conflict", re.IGNORECASE)


def main(argv):
    files = sorted(glob.glob(os.path.join("dist", "*")))
    if len(argv) != 1 or not files:
        print("upload: name one repository, and run make build before", file=sys.stderr)
        return 2
    command = [
        sys.executable,
        "-m",
        "twine",
        "upload",
        "--non-interactive",
        "--disable-progress-bar",
    ]
    result = subprocess.run(
        command + ["--repository", argv[0]] + files,
        env=dict(credentials(os.path.expanduser("~/.env")), **os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    sys.stdout.write(result.stdout)
    if result.returncode and TAKEN.search(result.stdout):
        print(
            "upload: this version is on the index already, and an index takes each version once: "
            "run make bump, then make build, and upload again",
            file=sys.stderr,
        )
    return result.returncode


def credentials(path):
    """Return the TWINE_ settings of the file ``path``; none when there is no such file."""
    values = dotenv_values(path, interpolate=False) if os.path.exists(path) else {}
    return {name: text for name, text in values.items() if name.startswith("TWINE_") and text}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
