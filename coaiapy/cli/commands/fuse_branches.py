"""``coaia fuse``: one module a resource; only the one that the command line enters is built."""

from typing import List

from coaiapy.cli.branches import Branch, add_branches, command_place
from coaiapy.cli.parser import Parser

RESOURCES = (
    Branch(
        "traces",
        "commands.fuse.traces.traces.build",
        "list, view, write and delete traces and observations",
    ),
    Branch(
        "prompts",
        "commands.fuse.prompts.prompts.build",
        "list, read, write and label prompts, also as files",
    ),
    Branch(
        "datasets",
        "commands.fuse.datasets.datasets.build",
        "list, read, create, import and export datasets",
    ),
    Branch(
        "dataset-items",
        "commands.fuse.datasets.items.build_items",
        "create, list and delete the items of datasets",
    ),
    Branch(
        "experiments",
        "commands.fuse.experiments.experiments.build",
        "run a command for every item of a dataset; score, compare and gate what it puts out",
    ),
    Branch("sessions", "commands.fuse.sessions.build", "list, show and create sessions"),
    Branch(
        "comments",
        "commands.fuse.comments.build",
        "read and post comments on traces, sessions and prompts",
    ),
    Branch(
        "media",
        "commands.fuse.media.build",
        "upload, look up and download files that belong to traces",
    ),
    Branch(
        "projects",
        "commands.fuse.server.build_projects",
        "show the project that the keys belong to",
    ),
    Branch(
        "health",
        "commands.fuse.server.build_health",
        "show whether the server is up, and its version",
    ),
    Branch(
        "doctor",
        "commands.fuse.server.build_doctor",
        "check the settings, the server and the outbox",
        ("test-connection",),
    ),
    Branch(
        "scores", "commands.fuse.scores.build", "create, list, import and delete scores", ("sc",)
    ),
    Branch(
        "score-configs",
        "commands.fuse.score_configs.build",
        "manage score configs: the names and values that scores may have",
        ("scc",),
    ),
    Branch(
        "outbox",
        "commands.fuse.outbox.build",
        "show and send the records that have not reached a server yet",
    ),
)


def build(parser: Parser, words: List[str]) -> None:
    """Add the resources to ``coaia fuse``."""
    add_branches(
        parser,
        RESOURCES,
        words,
        """coaia fuse traces --limit 10
        coaia fuse doctor""",
        command_place(words) + 1,
    )
