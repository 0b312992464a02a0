"""Snapshots: what cases without expectations have made, at the end of the file with the tests.

All that stands above them is the author's, and is kept as it is.
"""

from typing import Any, Dict, Mapping, Optional

from coaiapy.authoring.testing.document import Suite
from coaiapy.authoring.testing.rendered_case import RenderedCase
from coaiapy.errors import UsageError
from coaiapy.templating.files import yaml_text
from coaiapy.util.formats import yaml_values

MARK = "# Snapshots, written by coaia pipeline test --update: what stands below is replaced."


def snapshot_of(made: RenderedCase) -> Dict[str, Any]:
    """Return what is kept of what a case has made."""
    return {"trace": made.trace, "steps": made.steps}


def updated(suite: Suite, fresh: Mapping[str, Any]) -> Optional[str]:
    """Return the text of a file with ``fresh`` snapshots, in the order of its cases.

    Those of other cases are kept, those of cases that are gone are not. ``None`` if it would stay the
    same; ``UsageError`` if snapshots stand elsewhere, or cannot be added.
    """
    own, mark, _ = ("\n" + suite.text).partition("\n" + MARK)
    own = own[1:]
    if suite.snapshots and not mark:
        raise UsageError(
            "{}: there are snapshots above the line {!r}: remove them".format(suite.path, MARK)
        )
    known = dict(suite.snapshots, **fresh)
    kept = {
        case.name: known[case.name]
        for case in suite.cases
        if case.name in known and not case.expects
    }
    line_end = "\r\n" if "\r\n" in own else "\n"
    text = own.rstrip("\r\n") + line_end
    if kept:
        written = "\n" + MARK + "\n" + yaml_text({"snapshots": kept})
        text += written.replace("\n", line_end)
    if text == suite.text or (not kept and not mark):
        return None
    _check(suite, text, kept)
    return text


def _check(suite: Suite, text: str, kept: Dict[str, Any]) -> None:
    try:
        document = yaml_values.load(text, "timestamp", "merge")
    except ValueError:
        document = None
    if not isinstance(document, dict) or (document.get("snapshots") or {}) != kept:
        raise UsageError(
            "{}: no snapshots can be added to what this file says: write its cases as a list below "
            "the line cases:".format(suite.path)
        )
