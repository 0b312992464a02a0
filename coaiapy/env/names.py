"""Names that mean something to coaia in environment files."""

# The ids of the active trace, which ``env.context`` sets and reads; one may be there and empty.
CONTEXT_KEYS = (
    "COAIA_TRACE_ID",
    "COAIA_SESSION_ID",
    "COAIA_USER_ID",
    "COAIA_LAST_OBSERVATION_ID",
    "COAIA_PARENT_OBSERVATION_ID",
)
# Begins the environment variables of templates.
TEMPLATE_PREFIX = "COAIA_"
