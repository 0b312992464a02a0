"""A person who answers questions."""

import io

import pytest

from coaiapy.cli.streams import Context
from coaiapy.coaiacli import main


class Person(io.StringIO):
    """Standard input of a terminal; ``meanwhile`` is called before an answer is given."""

    def __init__(self, answer, meanwhile):
        super().__init__(answer + "\n")
        self.meanwhile = meanwhile

    def isatty(self):
        return True

    def readline(self, *size):
        self.meanwhile()
        return super().readline(*size)


@pytest.fixture
def answer():
    """Run ``coaia fuse prompts WORD...`` for a person who answers; return code, stdout, stderr."""

    def run(text, *words, **options):
        stdin = Person(text, options.get("meanwhile", lambda: None))
        out, err = io.StringIO(), io.StringIO()
        code = main(["fuse", "prompts"] + [str(one) for one in words], Context(stdin, out, err))
        return code, out.getvalue(), err.getvalue()

    return run
