"""What Redis holds of one run besides the jobs of RQ; both sides look at it."""

from typing import Any, Dict, Iterable, List, Optional

from coaiapy.errors import RefusedError
from coaiapy.fleet.messages import Report, RunMessage, read_report, read_run, written
from coaiapy.fleet.messages import written_report as text_of

# Seconds that it stays in Redis when nobody asks for it any more; and how many news are read at once.
_LIFETIME = 7 * 86400
_MOST_NEWS = 500


class RunStore:
    """The keys of a run. Every method raises what the package ``redis`` raises.

    The reports of workers are a list, in their order, and those of the ends stay until they are
    forgotten: who waited for them may have been killed meanwhile.
    """

    def __init__(self, client: Any, run_id: str) -> None:
        self._client = client
        self._run = "coaia:fleet:{}".format(run_id)
        self._news, self._ends, self._jobs, self._begun = (
            "{}:{}".format(self._run, part) for part in ("news", "ends", "jobs", "begun")
        )

    def publish(self, message: RunMessage) -> None:
        """Say what is run, and that nobody has asked to end it."""
        pipeline = self._client.pipeline()
        pipeline.hset(self._run, "run", written(message))
        pipeline.hdel(self._run, "end")
        pipeline.expire(self._run, _LIFETIME)
        pipeline.execute()

    def message(self) -> Optional[RunMessage]:
        """Return what is run; ``None`` if it is over."""
        text = self._client.hget(self._run, "run")
        return None if text is None else read_run(text)

    def ask_to_end(self) -> None:
        """Ask the workers to end what they do for the run."""
        self._client.hset(self._run, "end", "1")

    def is_to_end(self) -> bool:
        """Whether somebody has asked to end the run.

        That Redis does not know it does not mean that: it may have been restarted.
        """
        return self._client.hget(self._run, "end") is not None

    def publish_facts(self, node: int, text: str) -> None:
        """Say what is known when a step of the template starts."""
        self._client.hset(self._run, "facts:{}".format(node), text)

    def facts(self, node: int) -> Any:
        """Return what ``publish_facts`` was given."""
        return self._client.hget(self._run, "facts:{}".format(node))

    def claim_attempt(self, report: Report) -> bool:
        """Begin an attempt; false if another worker has done so."""
        if not self._client.hsetnx(self._begun, report.job, report.worker):
            if self._client.hget(self._begun, report.job) != report.worker.encode("utf-8"):
                return False
        self._client.expire(self._begun, _LIFETIME)
        self._tell(report)
        return True

    def end(self, report: Report) -> None:
        """Tell how an attempt has ended."""
        self._tell(report, {report.job: text_of(report)})

    def _tell(self, report: Report, ends: Optional[Dict[str, str]] = None) -> None:
        pipeline = self._client.pipeline()
        if ends:
            pipeline.hset(self._ends, mapping=ends)
            pipeline.expire(self._ends, _LIFETIME)
        pipeline.rpush(self._news, text_of(report))
        pipeline.expire(self._news, _LIFETIME)
        pipeline.execute()

    def new_reports(self) -> List[Report]:
        """Return the reports that have come since the last call; what is none is left out."""
        pipeline = self._client.pipeline()
        pipeline.lrange(self._news, 0, _MOST_NEWS - 1)
        pipeline.ltrim(self._news, _MOST_NEWS, -1)
        return [report for report in map(_report, pipeline.execute()[0]) if report]

    def ended(self, job: str) -> Optional[Report]:
        """Return how an attempt has ended, if it has."""
        text = self._client.hget(self._ends, job)
        return None if text is None else _report(text)

    def forget(self, jobs: Iterable[str]) -> None:
        """Remove what was told of attempts, once that is in the journal."""
        self._client.hdel(self._ends, *jobs)

    def note_jobs(self, jobs: Dict[str, str], pipeline: Any) -> None:
        """Remember which attempt is being made at each step, by the key of its name."""
        pipeline.hset(self._jobs, mapping=jobs)
        pipeline.expire(self._jobs, _LIFETIME)

    def has_jobs(self) -> bool:
        """Whether attempts were made before."""
        return bool(self._client.hlen(self._jobs))

    def job_of(self, key: str) -> Optional[str]:
        """Return the last attempt at a step."""
        job = self._client.hget(self._jobs, key)
        return None if job is None else str(job.decode("utf-8", "replace"))

    def remove(self) -> None:
        """Remove all, the run is over."""
        self._client.delete(self._run, self._news, self._ends, self._jobs, self._begun)


def _report(text: Any) -> Optional[Report]:
    try:
        return read_report(text)
    except RefusedError:
        return None
