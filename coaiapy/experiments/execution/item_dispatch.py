"""Has the items of an experiment done by workers: each is one run of a template that they trust."""

import os
from typing import Any, Dict, Mapping, Tuple

from coaiapy.errors import UsageError
from coaiapy.experiments.execution.work import Order, Work
from coaiapy.experiments.plans import observation_id
from coaiapy.fleet.dispatch import Dispatch
from coaiapy.fleet.messages import WHOLE, JobMessage, RunMessage
from coaiapy.fleet.redis_access import server_for
from coaiapy.langfuse.journal.db import journal_path
from coaiapy.langfuse.records import ids
from coaiapy.running.pipelines import earlier_run
from coaiapy.running.pipelines.recorded_content import RecordedContent
from coaiapy.running.supervisor import Supervisor
from coaiapy.util.text.notes import Note


class ItemDispatch(Dispatch):
    """Sends items to workers; ``poll`` returns each with what became of it.

    What an earlier process has sent and nobody has heard of, is found again by the run's id, which is
    that of this machine's journal: others may run an experiment of the same name.
    """

    def __init__(self, order: Order, env_file: Any, note: Note, supervisor: Supervisor) -> None:
        self._order = order
        self._contents = RecordedContent(True, env_file, {})
        self._session = ids.new_observation_id()
        run = ids.derived_observation_id(order.plan.id, os.uname().nodename, journal_path())
        super().__init__(server_for(env_file), str(order.queue), run, supervisor, note)
        self._may_adopt = self._ask(self._store.has_jobs)

    def message(self) -> RunMessage:
        """Return which template is run, and for how long."""
        template = self._order.task.template
        return RunMessage(
            template=template.name,
            digest=earlier_run.digest(template),
            document=template.to_dict(),
            variables={},
            stated=[],
            timeout=self._order.timeout,
        )

    def start(self, work: Work) -> None:
        """Send an item; ``UsageError`` if it has a secret, which does not travel."""
        given, own = self._given(work)
        kept = self._contents.passed_variables(dict(own, **given))
        lost = [name for name in dict(own, **given) if name not in kept]
        if lost:
            raise UsageError(
                "{!r} of the item does not travel to workers, since it is a secret: set it where the "
                "worker runs".format(lost[0])
            )
        if self._may_adopt and not work.tries and self.adopt(work):
            return
        step = observation_id(work.result.trace_id)
        self.add(work, "coaia-{}-{}-{}".format(step, self._session, work.tries + 1))

    def key_of(self, what: Work) -> str:
        """Return by what an item is found again."""
        return what.result.trace_id

    def job_of(self, what: Work, job: str) -> JobMessage:
        """Return the message of an attempt at an item."""
        given, own = self._given(what)
        trace_id = what.result.trace_id
        return JobMessage(
            run=self._run,
            job=job,
            trace_id=trace_id,
            step=observation_id(trace_id),
            name=self._contents.text(what.result.item.id),
            node=WHOLE,
            facts=False,
            item=given,
            environment=own,
        )

    def began(self, what: Work, at: float) -> None:
        """Note when a worker has begun."""
        what.began = at

    def _given(self, work: Work) -> Tuple[Mapping[str, Any], Dict[str, str]]:
        """Return the variables of an item, and what the environment of its commands has besides."""
        own = {name: text for name, text in work.own.items() if text is not None}
        return self._order.task.given(work.result.item), own
