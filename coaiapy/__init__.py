"""coaiapy: traces, prompts, scores, environments and recordings of AI workflows, one command each."""

__version__ = "0.7.0"
