"""Which modules a command line loads."""

import subprocess
import sys

# Runs one command line and writes the names of the modules that it loaded to a file.
LIST_MODULES = """
import sys
before = set(sys.modules)
from coaiapy.coaiacli import main
code = main(sys.argv[2:])
rows = []
for name in sorted(set(sys.modules) - before):
    place = getattr(sys.modules[name], "__file__", None) or ""
    rows.append("%s\\t%s" % (name, "site-packages" in place or "dist-packages" in place))
with open(sys.argv[1], "w") as stream:
    stream.write("\\n".join(rows))
sys.exit(code)
"""


def loaded(tmp_path, *words):
    """Run ``coaia WORD...`` in a process; return its modules and which are third-party."""
    report = tmp_path / "modules"
    process = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, str(report)] + list(words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert process.returncode == 0, process.stderr
    modules, foreign = set(), set()
    for line in report.read_text().splitlines():
        name, outside = line.split("\t")
        modules.add(name)
        if outside == "True" and name.split(".")[0] != "coaiapy":
            foreign.add(name.split(".")[0])
    print("coaia {}: {}".format(" ".join(words), " ".join(sorted(modules))))
    return modules, foreign
