"""``coaia fuse``: one module a resource; only the one that the command line enters is built."""

from typing import List

from coaiapy.cli_branches import Branch, add_branches, command_place
from coaiapy.cli_common import Parser, example_text

RESOURCES = (
    Branch("traces", "cli_traces.build", "list, view, write and delete traces and observations"),
    Branch("prompts", "cli_prompts.build", "list, read, write and label prompts, also as files"),
    Branch("datasets", "cli_datasets.build", "list, read, create, import and export datasets"),
    Branch(
        "dataset-items", "cli_dataset_items.build", "create, list and delete the items of datasets"
    ),
    Branch("sessions", "cli_sessions.build", "list, show and create sessions"),
    Branch(
        "comments", "cli_comments.build", "read and post comments on traces, sessions and prompts"
    ),
    Branch("media", "cli_media.build", "upload, look up and download files that belong to traces"),
    Branch("projects", "cli_projects.build", "show the project that the keys belong to"),
    Branch("health", "cli_health.build", "show whether the server is up, and its version"),
    Branch(
        "doctor",
        "cli_doctor.build",
        "check the settings, the server and the outbox",
        ("test-connection",),
    ),
    Branch("scores", "cli_scores.build", "create, list, import and delete scores", ("sc",)),
    Branch(
        "score-configs",
        "cli_score_configs.build",
        "manage score configs: the names and values that scores may have",
        ("scc",),
    ),
    Branch(
        "outbox", "cli_outbox.build", "show and send the records that have not reached a server yet"
    ),
)


def build(parser: Parser, words: List[str]) -> None:
    """Add the resources to ``coaia fuse``."""
    parser.epilog = example_text("""coaia fuse traces --limit 10
        coaia fuse doctor""")
    add_branches(parser, RESOURCES, words, command_place(words) + 1)
