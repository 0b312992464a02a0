"""Who looks on while a pipeline runs."""

from typing import Callable, Optional

from coaiapy.running.pipelines.graph import Graph
from coaiapy.running.pipelines.steps import Step


class Watcher:
    """Is told what a run does; this one does nothing.

    ``pace`` is the most seconds between two calls of ``turned``.
    """

    pace = 1.0

    def begin(self, graph: Graph) -> None:
        """The steps of this graph are about to run."""

    def changed(self, step: Step) -> None:
        """A step has another state."""

    def turned(self) -> None:
        """Time has gone by."""

    def moved(self) -> None:
        """The process was stopped meanwhile, and others have used the terminal."""

    def listener(self, step: Step) -> Optional[Callable[[bytes], None]]:
        """Return what gets the error output of a step; ``None`` passes it on as it is."""
        return None
