"""Has the attempts of a run made by workers: what ``attempts.Here`` is for this machine."""

import signal
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from coaiapy import patience
from coaiapy.config.redis import RedisServer
from coaiapy.errors import NetworkError
from coaiapy.fleet import parts
from coaiapy.fleet.board import Board
from coaiapy.fleet.flights import Flight, Look, look_at
from coaiapy.fleet.messages import JobMessage, Report, RunMessage, written, written_facts
from coaiapy.fleet.servers import Lasting
from coaiapy.langfuse.records import ids
from coaiapy.running.pipelines import past as pasts
from coaiapy.running.pipelines.attempts import Ended, Outcome
from coaiapy.running.pipelines.steps import Facts, Step
from coaiapy.running.pipelines.tasks import Order
from coaiapy.running.supervisor import Supervisor
from coaiapy.stash.redis import new_client
from coaiapy.stash.redis_errors import reporting
from coaiapy.util.text import counted

# Jobs that are sent at once.
_BATCH = 500
_STEPS = "steps"


class OnWorkers:
    """Makes attempts through the queue of RQ; a context manager, see ``attempts.Here``."""

    def __init__(self, server: RedisServer, queue: str, order: Order) -> None:
        self._server = server
        self._order = order
        self._supervisor = Supervisor()
        self._lasting = Lasting(server, order.note, self._supervisor.pause)
        self._client = new_client(server)
        self._run = ids.span_trace_id(order.trace_id)
        self._board = Board(self._client, self._run)
        self._queue = parts.queue_of(self._client, queue, parts.job_class())
        self._flights: Dict[str, Flight] = {}
        self._waiting: List[Flight] = []
        self._known: List[Tuple[Ended, str]] = []
        self._told_ends: List[str] = []
        self._facts: Dict[int, bool] = {}
        self._look = Look(self._queue, self._board, order.note)
        self._began: Callable[[Step, float], None] = lambda *_: None
        self._end_by: Optional[float] = None
        with reporting(server):  # before anything is recorded
            self._client.ping()

    def __enter__(self) -> "OnWorkers":
        with reporting(self._server, writing=True):
            self._publish()
        self._supervisor.__enter__()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)  # nothing here has to be stopped as well
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            if not exc[0]:
                with reporting(self._server, writing=True):
                    if not self._flights:
                        self._board.remove()
        except NetworkError:
            pass  # it goes by itself, after a while
        finally:
            self._supervisor.__exit__(*exc)
            self._client.connection_pool.disconnect()

    @property
    def received(self) -> List[int]:
        """The signals that came."""
        return self._supervisor.received

    def start(self, step: Step, began: Callable[[Step, float], None]) -> None:
        """Send an attempt to the workers; ``began`` is called when one of them begins."""
        self._began = began
        if self._order.resumed and not step.attempts and self._adopted(step):
            return
        job = "coaia-{}-{}".format(step.id, len(step.attempts) + 1)
        passed = self._order.contents.passed_on(_turn_of(step).get("item"))
        if "lost" in passed:
            reason = "its item does not travel to workers, because " + str(passed["lost"])
            outcome = Outcome(None, reason, time.time(), repeatable=False)
            self._known.append(((step, outcome), job))
            return
        self._waiting.append(Flight(step, job))

    def turn(self, seconds: float) -> List[Ended]:
        """Return which attempts have ended, and how; wait for one for at most ``seconds``."""
        if self._told_ends:  # they are in the journal now
            self._lasting(lambda: self._board.forget(self._told_ends), writing=True)
        ended = [one for one, _ in self._known]
        self._told_ends, self._known = [job for _, job in self._known], []
        if self._waiting:
            self._send()
        ended += self._lasting(self._news)
        if not ended and self._end_by and time.monotonic() > self._end_by:
            ended += self._abandoned()
        if not ended:
            ended += self._looked()
        if not ended:
            self._supervisor.turn(min(seconds, patience.FLEET_POLL))
        return ended

    def end_all(self) -> None:
        """Take back what no worker has begun; ask the workers to end the rest."""
        self._waiting = []
        idle = [one for one in self._flights.values() if not one.began]
        self._lasting(lambda: self._take_back(idle), writing=True)
        for one in idle:
            del self._flights[one.job]
        self._end_by = time.monotonic() + patience.FLEET_PARTING
        if self._flights:
            self._order.note(
                "waiting for the workers to end {}".format(counted(len(self._flights), "command"))
            )

    def _publish(self) -> None:
        template, order = self._order.template, self._order
        self._board.publish(
            RunMessage(
                template=template.name,
                digest=pasts.digest(template),
                document=template.to_dict(),
                trace_id=order.trace_id,
                variables=order.contents.passed_variables(order.values),
                stated=order.stated,
            )
        )

    def _adopted(self, step: Step) -> bool:
        """Take over the attempt of an earlier run that nobody has waited for."""
        job = self._lasting(lambda: self._board.job_of(self._key(step)))
        if job is None:
            return False
        report = self._lasting(lambda: self._board.ended(job))  # type: ignore[arg-type]
        if report and report.outcome:
            if report.outcome.reason:
                return False
            self._known.append(((step, report.outcome), job))
            return True
        if not self._lasting(lambda: self._look.is_alive(job)):  # type: ignore[arg-type]
            return False
        self._flights[job] = Flight(step, job)
        return True

    def _key(self, step: Step) -> str:
        return pasts.key_of(self._order.trace_id, step.name)

    def _send(self) -> None:
        for start in range(0, len(self._waiting), _BATCH):
            batch = self._waiting[start : start + _BATCH]
            self._lasting(lambda: self._sent(batch), writing=True)  # noqa: B023
            self._flights.update({one.job: one for one in batch})
        self._waiting = []

    def _sent(self, batch: List[Flight]) -> None:
        for one in batch:
            self._publish_facts(one.step)
        pipeline = self._client.pipeline()
        self._board.note_jobs({self._key(one.step): one.job for one in batch}, pipeline)
        jobs = [parts.job_data(self._queue, one.job, self._text(one)) for one in batch]
        self._queue.enqueue_many(jobs, pipeline=pipeline)
        pipeline.execute()

    def _text(self, flight: Flight) -> str:
        step, node, turn = flight.step, self._node(flight.step), _turn_of(flight.step)
        return written(
            JobMessage(
                run=self._run,
                job=flight.job,
                step=step.id,
                name=self._order.contents.text(step.name),
                node=node,
                facts=self._uses_facts(node),
                turn=turn.get("index"),
                item=turn.get("item"),
            )
        )

    def _node(self, step: Step) -> int:
        assert step.plan
        wanted = step.plan.step
        return next(i for i, one in enumerate(self._order.template.steps) if one is wanted)

    def _uses_facts(self, node: int) -> bool:
        return _STEPS in repr(self._order.template.steps[node])

    def _publish_facts(self, step: Step) -> None:
        """Send what is known of earlier steps, once for all items of a loop."""
        node = self._node(step)
        if node in self._facts or not self._uses_facts(node):
            return
        known = step.plan.names[_STEPS] if step.plan else {}
        told = {name: self._told(facts) for name, facts in known.items()}
        self._board.publish_facts(node, written_facts(told))
        self._facts[node] = True

    def _told(self, facts: Facts) -> Dict[str, Any]:
        told = dict(facts)
        if facts.lost:
            return dict(told, lost=facts.lost)
        passed = self._order.contents.passed_on(told.pop("output", None))
        if "lost" in passed:
            passed["lost"] = "this output does not travel to workers: {}".format(passed["lost"])
        return dict(told, **passed)

    def _news(self) -> List[Ended]:
        ended = []
        for report in self._board.news():
            flight = self._flights.get(report.job)
            if flight and report.outcome is None:
                flight.began, flight.worker = True, report.worker
                self._began(flight.step, report.at)
            elif flight:
                ended.append(self._ended(flight, report))
        return ended

    def _ended(self, flight: Flight, report: Report) -> Ended:
        assert report.outcome
        del self._flights[flight.job]
        self._told_ends.append(flight.job)
        return flight.step, report.outcome

    def _looked(self) -> List[Ended]:
        """Look for attempts of which nothing will be heard any more."""
        ended: List[Ended] = []
        for flight, found in self._lasting(lambda: look_at(self._look, self._flights)):
            if isinstance(found, Report):
                ended.append(self._ended(flight, found))
                continue
            del self._flights[flight.job]
            if found:
                outcome = Outcome(None, found, time.time(), worker=flight.worker)
                ended.append((flight.step, outcome))
            else:  # no worker has begun it, so that it is no attempt
                self._waiting.append(Flight(flight.step, flight.job + "-again"))
        if self._waiting:
            self._lasting(self._publish, writing=True)
            self._facts = {}
        return ended

    def _take_back(self, flights: List[Flight]) -> None:
        pipeline = self._client.pipeline()
        for one in flights:
            self._queue.remove(one.job, pipeline=pipeline)
            pipeline.delete(self._queue.job_class.key_for(one.job))
        pipeline.execute()
        self._board.ask_to_end()

    def _abandoned(self) -> List[Ended]:
        left = list(self._flights.values())
        self._order.note(
            "{} may still run on workers that do not answer".format(counted(len(left), "command"))
        )
        now = time.time()
        return [(one.step, Outcome(None, "interrupted", now, worker=one.worker)) for one in left]


def _turn_of(step: Step) -> Mapping[str, Any]:
    """Return the names that a loop gives to a step of it."""
    assert step.plan
    return step.plan.names if step.plan.step.for_each is not None else {}
