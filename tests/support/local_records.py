"""Helpers of the tests of the journal: records of this machine, and moments for them."""

from coaiapy.langfuse.journal.schema import LOCAL


def write(journal, *records):
    return journal.append(LOCAL, records)


def start(second):
    return "2026-01-31T12:00:0{}Z".format(second)
