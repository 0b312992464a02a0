"""Runs the tests of a template."""

import time
from typing import Any, Dict, List, NamedTuple, Optional

from coaiapy.authoring import sources
from coaiapy.authoring.testing import expected, snapshots
from coaiapy.authoring.testing.coverage import Coverage, Decisions, coverage
from coaiapy.authoring.testing.document import Case, Suite
from coaiapy.authoring.testing.rendered_case import render_case
from coaiapy.templating import inheritance
from coaiapy.templating.model import PipelineTemplate


class Outcome(NamedTuple):
    """What became of a case: no ``problems`` if it passed; the seconds that it took."""

    template: str
    case: str
    problems: List[str]
    seconds: float

    @property
    def title(self) -> str:
        """The template and the case."""
        return "{}: {}".format(self.template, self.case)

    def body(self) -> Dict[str, Any]:
        """Return it as JSON data."""
        return {
            "template": self.template,
            "case": self.case,
            "passed": not self.problems,
            "problems": self.problems,
            "seconds": round(self.seconds, 3),
        }


class Report(NamedTuple):
    """The outcomes of a file with tests; its new text if snapshots were taken, else ``None``."""

    suite: Suite
    outcomes: List[Outcome]
    coverage: Coverage
    text: Optional[str]


def run(suite: Suite, word: str = "", update: bool = False) -> Report:
    """Run the cases whose titles have ``word`` in them; with ``update`` take snapshots."""
    template = inheritance.load_found(sources.found_at(suite.template))
    decisions = Decisions()
    fresh: Dict[str, Any] = {}
    outcomes = []
    for case in suite.cases:
        title = Outcome(template.name, case.name, [], 0.0).title
        if word.lower() in title.lower():
            outcomes.append(_outcome(suite, template, case, decisions, fresh if update else None))
    text = snapshots.updated(suite, fresh) if update else None
    return Report(suite, outcomes, coverage(template, decisions), text)


def _outcome(
    suite: Suite,
    template: PipelineTemplate,
    case: Case,
    decisions: Decisions,
    fresh: Optional[Dict[str, Any]],
) -> Outcome:
    begun = time.monotonic()
    made = render_case(template, case, decisions)
    if case.expects:
        problems = list(expected.differences(case, made))
    elif fresh is not None and made.error is None:
        fresh[case.name] = snapshots.snapshot_of(made)
        problems = []
    elif case.name in suite.snapshots:
        problems = list(expected.from_snapshot(suite.snapshots[case.name], made))
    else:
        problems = [made.error or "nothing is expected: write it down, or take it with --update"]
    return Outcome(template.name, case.name, problems, time.monotonic() - begun)
