"""Langfuse for scripts: the names that other programs import.

Nothing here prints. Functions that return data return it as JSON text; failures raise a
``CoaiaError`` unless a function's description says otherwise. The functions stand in ``legacy/``.
"""

from coaiapy.legacy import comments as legacy_comments
from coaiapy.legacy import media as legacy_media
from coaiapy.legacy import prompts as legacy_prompts
from coaiapy.legacy import score_configs as legacy_score_configs
from coaiapy.legacy import scores as legacy_scores
from coaiapy.legacy import traces as legacy_traces
from coaiapy.legacy.comments import *  # noqa: F403
from coaiapy.legacy.media import *  # noqa: F403
from coaiapy.legacy.prompts import *  # noqa: F403
from coaiapy.legacy.score_configs import *  # noqa: F403
from coaiapy.legacy.scores import *  # noqa: F403
from coaiapy.legacy.traces import *  # noqa: F403

__all__ = (
    legacy_comments.__all__
    + legacy_media.__all__
    + legacy_prompts.__all__
    + legacy_score_configs.__all__
    + legacy_scores.__all__
    + legacy_traces.__all__
)
