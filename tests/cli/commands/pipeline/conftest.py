"""A template of the user, and what running it gives."""

from pipeline_runs import result, save  # noqa: F401
