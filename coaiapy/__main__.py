"""``python -m coaiapy`` is the command ``coaia``."""

import sys

from coaiapy import interrupts

if __name__ == "__main__":
    interrupts.watch()

    from coaiapy.coaiacli import main

    sys.exit(main())
