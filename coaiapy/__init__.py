"""coaiapy: traces, pipelines and environments of AI workflows, one command each.

New scripts need only the functions here (see ``coaiapy.api``). The names that scripts of earlier
releases import are in ``coaiapy.cofuse`` and ``coaiapy.coaiamodule``.

>>> import coaiapy
>>> run = coaiapy.create_pipeline("simple-trace", {"trace_name": "Morning run"})
>>> coaiapy.get_trace(run["id"])["name"]
'Morning run'
"""

from coaiapy import interrupts  # isort: skip

if interrupts.is_command():
    interrupts.watch()  # before anything else is imported, which takes time

from typing import List, Optional

from coaiapy.api import (
    add_observation,
    create_pipeline,
    create_trace,
    fetch,
    flush,
    get_trace,
    patch_output,
    tash,
)
from coaiapy.api_models import summarize, tag, transcribe
from coaiapy.api_observe import observe, trace
from coaiapy.api_reads import diff_traces, list_traces, search_traces, trace_stats
from coaiapy.errors import (
    CoaiaError,
    ConfigError,
    ExitCode,
    NetworkError,
    NotFoundError,
    RefusedError,
    StateError,
    UsageError,
)

__version__ = "0.7.0"

__all__ = [
    "CoaiaError",
    "ConfigError",
    "ExitCode",
    "NetworkError",
    "NotFoundError",
    "RefusedError",
    "StateError",
    "UsageError",
    "add_observation",
    "create_pipeline",
    "create_trace",
    "diff_traces",
    "fetch",
    "flush",
    "get_trace",
    "list_traces",
    "main",
    "observe",
    "patch_output",
    "search_traces",
    "summarize",
    "tag",
    "tash",
    "trace",
    "trace_stats",
    "transcribe",
]


def main(argv: Optional[List[str]] = None) -> int:
    """Run the command ``coaia`` with the words of ``argv``, and return its exit code.

    Without ``argv`` the words are those of ``sys.argv``. It never ends the program, not even for
    ``--help`` or a wrong command line, and may be called any number of times.

    >>> import coaiapy
    >>> coaiapy.main(["env", "set", "GREETING", "hello there"])
    0
    >>> coaiapy.main(["env", "get", "GREETING"])
    hello there
    0
    """
    from coaiapy.coaiacli import main as run

    return int(run(argv))
