"""Langfuse for scripts: the names that other programs import.

Nothing here prints. Functions that return data return it as JSON text; failures raise a
``CoaiaError`` unless a function's description says otherwise. The work is done in the
``published_*`` modules.
"""

from coaiapy import (
    published_comments,
    published_media,
    published_prompts,
    published_score_configs,
    published_scores,
    published_traces,
)
from coaiapy.published_comments import *  # noqa: F403
from coaiapy.published_media import *  # noqa: F403
from coaiapy.published_prompts import *  # noqa: F403
from coaiapy.published_score_configs import *  # noqa: F403
from coaiapy.published_scores import *  # noqa: F403
from coaiapy.published_traces import *  # noqa: F403

__all__ = (
    published_comments.__all__
    + published_media.__all__
    + published_prompts.__all__
    + published_score_configs.__all__
    + published_scores.__all__
    + published_traces.__all__
)
