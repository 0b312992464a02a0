"""Writes what became of the items of an experiment: a trace, an observation, and their scores."""

import time
from array import array
from datetime import datetime, timezone
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional

from coaiapy import patience
from coaiapy.config import values as config_values
from coaiapy.config.settings import Settings
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.experiments.evaluators import Judgement
from coaiapy.experiments.execution.work import OK, Result
from coaiapy.experiments.plans import Plan, observation_id, score_id
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.content import content
from coaiapy.langfuse.records.records import Observation, Trace, observation_from, trace_from
from coaiapy.langfuse.scores import scores
from coaiapy.langfuse.scores.values import NUMERIC
from coaiapy.running.pipelines.attempts import MOST_ERRORS
from coaiapy.running.recorded_text import MARGIN, Redaction, masked, shown
from coaiapy.running.tail import Tail
from coaiapy.util import times

# Results wait for at most so many others, to be written together.
_MOST_WAITING = 64
_LONGEST_LINE = 300


class Writer:
    """Writes results to the journal, some at a time; what is not written yet is done again later.

    ``rows`` are those of the journal.
    """

    def __init__(
        self,
        journal: Journal,
        destination: int,
        settings: Settings,
        plan: Plan,
        configs: "Configs",
        env_file: Optional[str],
    ) -> None:
        self.rows: "array[int]" = array("q")
        self._journal = journal
        self._destination = destination
        self._settings = settings
        self._plan = plan
        self._configs = configs
        self._redacted = Redaction((), env_file)
        self._with_content = bool(config_values.load(env_file).get("trace_content"))
        self._waiting: List[Result] = []
        self._due = 0.0

    def add(self, result: Result) -> None:
        """Write a result soon."""
        if not self._waiting:
            self._due = time.monotonic() + patience.RESULTS_PAUSE
        self._waiting.append(result)
        self.turn()

    def turn(self) -> None:
        """Write what has waited long enough."""
        if len(self._waiting) >= _MOST_WAITING or self._waiting and time.monotonic() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Write all that waits."""
        found = [record for result in self._waiting for record in self._records(result)]
        if found:
            self.rows.extend(self._journal.append(self._destination, found).rows)
        self._waiting = []

    def last_line(self, errors: Tail) -> str:
        """Return the last line of an error output, as it may be recorded."""
        if not errors.total or not self._with_content:
            return ""
        text = shown(errors, MOST_ERRORS - MARGIN, self._redacted, False)
        return text.strip().split("\n")[-1][:_LONGEST_LINE]

    def _records(self, result: Result) -> Iterator[Any]:
        made, unscored = self._scores(result)
        facts = _facts(result, dict(result.unscored, **unscored))
        if result.only_judged:
            yield trace_from({"id": result.trace_id, "metadata": {"experiment": facts}})
        else:
            yield self._trace(result, facts)
            yield self._observation(result, facts)
        for one in made:
            yield one

    def _kept(self, value: Any) -> Any:
        return content(masked(value, self._redacted), self._with_content)

    def _trace(self, result: Result, facts: Body) -> Trace:
        item, plan = result.item, self._plan
        told = {
            "id": plan.id,
            "name": plan.name,
            "description": plan.description,
            "metadata": plan.metadata or None,
            "dataset.id": plan.dataset_id,
            "item.id": item.id,
            "item.expected_output": self._kept(item.expected),
            "item.metadata": self._kept(item.metadata),
            "item.version": plan.version,
            "item.root_observation_id": observation_id(result.trace_id),
        }
        return trace_from(
            {
                "id": result.trace_id,
                "timestamp": _moment(result.started),
                "name": "experiment " + plan.name,
                "input": self._kept(item.input),
                "output": self._kept(result.output),
                "metadata": {"experiment": facts},
                "environment": self._settings.environment,
                "release": self._settings.release,
                "experiment": {name: one for name, one in told.items() if one is not None},
            }
        )

    def _observation(self, result: Result, facts: Body) -> Observation:
        said = "succeeded when it was run again" if result.again else None
        failed = result.state != OK
        if failed:
            said = " ".join((result.state, result.reason))
        return observation_from(
            {
                "id": observation_id(result.trace_id),
                "type": "SPAN",
                "name": "item",
                "start_time": _moment(result.started),
                "end_time": _moment(max(result.ended, result.started)),
                "input": self._kept(result.item.input),
                "output": self._kept(result.output),
                "level": "ERROR" if failed else "DEFAULT",
                "status_message": said,
                "metadata": {"experiment": facts},
                "environment": self._settings.environment,
            },
            result.trace_id,
        )

    def _scores(self, result: Result) -> Any:
        """Return the scores of a result, and why there are none for some names."""
        made: List[Any] = []
        refused: Dict[str, str] = {}
        for one in result.judgements:
            try:
                made.append(score_of(one, self._configs.of(one.name), self._target(result, one)))
            except UsageError as error:
                refused[one.name] = str(error)
        return made, refused

    def _target(self, result: Result, one: Judgement) -> Body:
        return {
            "id": score_id(result.trace_id, one.name),
            "trace_id": result.trace_id,
            "observation_id": observation_id(result.trace_id),
            "environment": self._settings.environment,
            "comment": self._kept(one.comment) if self._with_content else None,
        }


def score_of(one: Judgement, config: Optional[Body], target: Body) -> Any:
    """Return the record of a judgement; ``UsageError`` if the score config does not allow it."""
    given = dict(target, name=one.name, value=one.value)
    if config is None:
        return scores.plain(given)
    if isinstance(one.value, bool) and config["dataType"] == NUMERIC:
        given["value"] = int(one.value)
    return scores.configured(config, given)


def _facts(result: Result, unscored: Mapping[str, str]) -> Body:
    found: Body = {
        "item": result.item.id,
        "repeat": result.repeat,
        "state": result.state,
        "reason": result.reason or None,
        "exit_code": result.exit_code,
        "attempts": result.attempts,
        "seconds": result.seconds,
        "worker": result.worker or None,
        "unscored": dict(unscored) or None,
    }
    return found


def _moment(seconds: float) -> str:
    return times.to_text(datetime.fromtimestamp(seconds, timezone.utc))


class Configs:
    """The score configs by the names of scores, each looked up once."""

    def __init__(self, settings: Settings, note: Callable[[str], None]) -> None:
        self._settings = settings
        self._note = note
        self._known: Dict[str, Optional[Body]] = {}

    def of(self, name: str) -> Optional[Body]:
        """Return the config of this name, ``None`` where there is none."""
        from coaiapy.langfuse.scores import configs

        if name not in self._known:
            try:
                self._known[name] = configs.get(self._settings, name, self._note)
            except NotFoundError:
                self._known[name] = None
        return self._known[name]
