"""What Langfuse servers can, by name, each with the first version that can.

``server.has(features.SESSION_SCORES)`` asks for one of them; versions are compared nowhere else.
"""

from typing import NamedTuple


class Feature(NamedTuple):
    """A thing that servers can since version ``major.minor``; ``what`` completes "cannot ..."."""

    major: int
    minor: int
    what: str


ARCHIVED_ITEMS_HIDDEN = Feature(3, 0, "leave archived items out of a listing")
DELETE_ITEMS = Feature(3, 0, "delete dataset items")
ENVIRONMENTS = Feature(3, 31, "filter by environment")
LABEL_VERSIONS = Feature(3, 15, "label an existing version")
DELETE_PROMPTS = Feature(3, 138, "delete prompts")
OBSERVATION_TYPES = Feature(3, 99, "keep observations of types such as AGENT or TOOL")
METRICS = Feature(3, 57, "sum up observations")
SCORE_FIELDS = Feature(3, 0, "keep the environment, metadata and timestamp of scores")
SESSION_SCORES = Feature(3, 53, "keep scores of sessions and dataset runs")
SCORES_V2 = Feature(3, 53, "list scores with /api/public/v2/scores")
SCORES_V3 = Feature(3, 180, "list scores with /api/public/v3/scores")
ARCHIVE_SCORE_CONFIGS = Feature(3, 113, "archive score configs")
CHANGE_SCORE_CONFIGS = Feature(3, 113, "change score configs")
USAGE_BY_NAME = Feature(3, 0, "keep usage and cost by any name")
TEXTS_READ_AS_JSON = Feature(3, 0, "read a text as JSON where it is JSON")
