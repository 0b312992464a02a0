"""Runs a pipeline in which nothing is run: what each command does is told by its test."""

import time
from typing import Any, Callable, Dict, List, Mapping, Set

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.records import Trace
from coaiapy.running.pipelines.attempts import Ended, Outcome, read_output
from coaiapy.running.pipelines.graph import Graph
from coaiapy.running.pipelines.runs import Result, Run
from coaiapy.running.pipelines.steps import Step
from coaiapy.running.pipelines.watcher import Watcher

# By the name of a step: what its command does, for each attempt; the last holds for all others.
Fakes = Mapping[str, List[Dict[str, Any]]]


class FakeRun(Run):
    """One run of a pipeline with fake commands, one after another; nothing is recorded.

    ``used`` are the names of the fakes that were needed.
    """

    def __init__(self, graph: Graph, trace: Trace, fakes: Fakes) -> None:
        nobody: Any = _Nobody()
        self._executor = _FakeExecutor(graph, fakes)
        super().__init__(graph, trace, nobody, self._executor, Watcher())

    @property
    def used(self) -> Set[str]:
        """The names of the fakes that were needed."""
        return self._executor.used

    def run(self, jobs: Any = 1) -> Result:
        """Run all steps; ``UsageError`` for a command that no fake stands for."""
        result = super().run(jobs)
        if result.error:
            raise result.error
        return result


class _FakeExecutor:
    """Makes attempts by saying what becomes of them, see ``attempts.LocalExecutor``."""

    def __init__(self, graph: Graph, fakes: Fakes) -> None:
        self._graph = graph
        self._fakes = fakes
        self._made: List[Ended] = []
        self.used: Set[str] = set()
        self.received: List[int] = []

    def __enter__(self) -> "_FakeExecutor":
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def start(self, step: Step, began: Callable[[Step, float], None]) -> None:
        """Make an attempt at a step."""
        assert step.command
        began(step, 0.0)
        step.command = step.command._replace(backoff=0.0)
        fakes = self._fakes_of(step)
        fake = fakes[min(len(step.attempts), len(fakes) - 1)]
        code = fake.get("exit_code") or 0
        said = (fake.get("stderr") or "").strip().splitlines()
        reason = ": ".join(["exit code {}".format(code)] + said[-1:]) if code else ""
        try:
            written: Any = _Written(fake.get("stdout") or "")
            output = read_output(written, step.command.output)
        except ValueError as error:
            output, reason = None, reason or str(error)
        self._made.append((step, Outcome(code, reason, time.time(), output)))

    def turn(self, seconds: float) -> List[Ended]:
        """Return the attempts that were made."""
        made, self._made = self._made, []
        return made

    def _fakes_of(self, step: Step) -> List[Dict[str, Any]]:
        own = [node.step.name for node in self._graph.nodes if step in (node.steps or ())]
        for name in [step.name] + own:
            if self._fakes.get(name):
                self.used.add(name)
                return self._fakes[name]
        raise UsageError(
            "the step {!r} runs a command: say under commands what it does (exit_code, stdout, "
            "stderr)".format(step.name)
        )


class _Written:
    """What a fake command has written."""

    is_cut = False

    def __init__(self, text: str) -> None:
        self._text = text

    def value(self) -> bytes:
        """Return the bytes."""
        return self._text.encode("utf-8", "surrogateescape")


class _Nobody:
    """Takes the place of who records a run."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None
