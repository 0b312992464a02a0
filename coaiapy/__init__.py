"""coaiapy: traces, pipelines and environments of AI workflows, one command each."""

__version__ = "0.7.0"
