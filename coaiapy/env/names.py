"""Names that mean something to coaia in environment files."""

# The ids of the active trace, which ``env.context`` sets and reads; one may be there and empty.
CONTEXT_KEYS = (
    "COAIA_TRACE_ID",
    "COAIA_SESSION_ID",
    "COAIA_USER_ID",
    "COAIA_LAST_OBSERVATION_ID",
    "COAIA_PARENT_OBSERVATION_ID",
)
# The context of one trace. It is dropped when another trace begins; the user id is kept.
TRACE_KEY = "COAIA_TRACE_ID"
KEYS_OF_ONE_TRACE = (
    "COAIA_SESSION_ID",
    "COAIA_LAST_OBSERVATION_ID",
    "COAIA_PARENT_OBSERVATION_ID",
)
# Begins the environment variables of templates.
TEMPLATE_PREFIX = "COAIA_"
