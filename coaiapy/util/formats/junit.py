"""Results of checks as JUnit's XML, which CI services read."""

import re
from typing import List, NamedTuple, Optional, Sequence
from xml.sax.saxutils import escape, quoteattr

# What XML cannot hold, not even as a reference.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Case(NamedTuple):
    """One check: ``seconds`` that it took, and why it failed or could not be carried out.

    ``output`` is a text that explains a failure.
    """

    name: str
    seconds: float
    failure: Optional[str] = None
    error: Optional[str] = None
    output: str = ""


def suite(name: str, cases: Sequence[Case]) -> str:
    """Return the XML of a suite of checks."""
    head = '<testsuite name={} tests="{}" failures="{}" errors="{}">'.format(
        _attribute(name),
        len(cases),
        sum(one.failure is not None for one in cases),
        sum(one.error is not None for one in cases),
    )
    whole: List[str] = ['<?xml version="1.0" encoding="utf-8"?>', head]
    whole += [_case(one) for one in cases]
    return "\n".join(whole + ["</testsuite>"]) + "\n"


def _case(one: Case) -> str:
    text = "  <testcase name={} time={}".format(
        _attribute(one.name), _attribute("{:.3f}".format(one.seconds))
    )
    if one.error is not None:
        return text + "><error message={}/></testcase>".format(_attribute(one.error))
    if one.failure is not None:
        return text + "><failure message={}>{}</failure></testcase>".format(
            _attribute(one.failure), escape(_sayable(one.output))
        )
    return text + "/>"


def _attribute(text: str) -> str:
    return quoteattr(_sayable(text))


def _sayable(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
