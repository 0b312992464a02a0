"""Where the parts of this checkout are."""

import os
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
PACKAGE = ROOT / "coaiapy"
TOOLS = ROOT / "tools"
DATA = TESTS / "data"
# Folders of the modules that tests import, as PYTHONPATH of a child process has them.
HELPERS = os.pathsep.join([str(ROOT), str(TESTS / "support"), str(TESTS / "servers")])
