"""``python -m coaiapy`` is the command ``coaia``."""

import sys

from coaiapy.coaiacli import main

if __name__ == "__main__":
    sys.exit(main())
