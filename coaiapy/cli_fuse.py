"""``coaia fuse``: one module a resource; only the one that the command line enters is built."""

from typing import List

from coaiapy.cli_branches import Branch, add_branches, command_place
from coaiapy.cli_common import Parser, example_text

RESOURCES = (
    Branch("traces", "cli_traces.build", "list, view, write and delete traces and observations"),
    Branch("prompts", "cli_prompts.build", "list, read, write and label prompts; prompts as files"),
    Branch(
        "datasets", "cli_datasets.build", "list, read, import and export datasets; training data"
    ),
    Branch("dataset-items", "cli_dataset_items.build", "write, list and delete items of datasets"),
    Branch("sessions", "cli_sessions.build", "list, view and make sessions; sessions as files"),
    Branch("comments", "cli_comments.build", "read and write comments on what there is"),
    Branch("media", "cli_media.build", "files beside traces: upload, look up, download"),
    Branch("projects", "cli_projects.build", "the project that the keys belong to"),
    Branch("health", "cli_health.build", "whether the server answers, and its version"),
    Branch("doctor", "cli_doctor.build", "check settings, server and outbox", ("test-connection",)),
    Branch("scores", "cli_scores.build", "verdicts on traces, sessions and runs", ("sc",)),
    Branch(
        "score-configs",
        "cli_score_configs.build",
        "what scores may say: kept, applied, exported, installed",
        ("scc",),
    ),
    Branch("outbox", "cli_outbox.build", "what is still owed to a server"),
)


def build(parser: Parser, words: List[str]) -> None:
    """Add the resources to ``coaia fuse``."""
    parser.epilog = example_text("""coaia fuse traces --limit 10
        coaia fuse doctor""")
    add_branches(parser, RESOURCES, words, command_place(words) + 1)
