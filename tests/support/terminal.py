"""A text stream that says it is a terminal."""

import io


class Terminal(io.StringIO):
    """Keeps what is written to it, or gives what a person types."""

    encoding = "utf-8"

    def isatty(self):
        return True
