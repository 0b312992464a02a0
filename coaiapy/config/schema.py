"""Every setting that coaia reads: its key in coaia.json, its variables, its type, what it is for.

``coaia init``, ``coaia config`` and the look-up of settings all go by this one table.
"""

import re
from typing import Optional

from coaiapy import patience
from coaiapy.config.keys import EXPRESSION, NUMBER, SECONDS, SWITCH, TEXT, WHOLE, Key

# When a record is sent: before the command ends, by a process of its own, or when a flush asks.
DELIVERIES = WAIT, BACKGROUND, MANUAL = ("wait", "background", "manual")
# What ``coaia run`` records of a command's output.
CAPTURES = ("none", "stdout", "stderr", "both")

# The commit that runs, as build services name it: the list of the official SDK, then two more.
_COMMITS = (
    "RENDER_GIT_COMMIT",
    "CI_COMMIT_SHA",
    "CIRCLE_SHA1",
    "SOURCE_VERSION",
    "TRAVIS_COMMIT",
    "GIT_COMMIT",
    "GITHUB_SHA",
    "BITBUCKET_COMMIT",
    "BUILD_SOURCEVERSION",
    "DRONE_COMMIT_SHA",
    "VERCEL_GIT_COMMIT_SHA",
    "HEROKU_SLUG_COMMIT",
)


KEYS = (
    Key(
        "langfuse_public_key",
        ("LANGFUSE_PUBLIC_KEY",),
        TEXT,
        "public key of your Langfuse project; without keys, everything stays on this machine",
    ),
    Key(
        "langfuse_secret_key",
        ("LANGFUSE_SECRET_KEY",),
        TEXT,
        "secret key of your Langfuse project",
        secret=True,
    ),
    Key(
        "langfuse_base_url",
        ("LANGFUSE_BASE_URL", "LANGFUSE_HOST"),
        TEXT,
        "address of the Langfuse server, or local to keep everything on this machine",
        "https://cloud.langfuse.com",
    ),
    Key(
        "langfuse_tracing_environment",
        ("LANGFUSE_TRACING_ENVIRONMENT",),
        TEXT,
        "Langfuse environment of what is written, such as production",
    ),
    Key(
        "langfuse_tracing_enabled",
        ("LANGFUSE_TRACING_ENABLED",),
        SWITCH,
        "false keeps traces, observations and scores on this machine, as in local mode",
        True,
    ),
    Key(
        "langfuse_release",
        ("LANGFUSE_RELEASE",),
        TEXT,
        "release of the traces (default: the commit that a build service names)",
        fallbacks=_COMMITS,
    ),
    Key(
        "langfuse_timeout",
        ("LANGFUSE_TIMEOUT",),
        SECONDS,
        "seconds to wait for an answer of the Langfuse server",
        patience.LANGFUSE_PART,
    ),
    Key(
        "galleries",
        ("COAIA_GALLERIES",),
        TEXT,
        "more galleries of templates, NAME=SOURCE with spaces between them, that coaia pipeline "
        "search looks through and install knows by name",
    ),
    Key(
        "journal_keep_days",
        (),
        NUMBER,
        "days to keep a record in the journal after it was sent",
        30.0,
    ),
    Key(
        "delivery",
        ("COAIA_DELIVERY",),
        TEXT,
        "when records are sent: wait (before the command ends), background (by a process of its "
        "own) or manual (by coaia fuse outbox flush)",
        choices=DELIVERIES,
    ),
    Key(
        "trace_content",
        ("COAIA_TRACE_CONTENT",),
        SWITCH,
        "whether traces of model, transcription and speech calls contain the texts; "
        "false records only their sizes",
        True,
    ),
    Key(
        "env.dotenv",
        ("COAIA_DOTENV",),
        SWITCH,
        "whether coaia env also reads the project's .env files, beside .coaia-env",
        False,
    ),
    Key(
        "run.capture",
        ("COAIA_RUN_CAPTURE",),
        TEXT,
        "which output coaia run records: none, stdout, stderr or both",
        "both",
        choices=CAPTURES,
    ),
    Key(
        "run.capture_bytes",
        ("COAIA_RUN_CAPTURE_BYTES",),
        WHOLE,
        "bytes from the end of each output that coaia run records",
        1 << 16,
    ),
    Key(
        "run.redact",
        ("COAIA_RUN_REDACT",),
        EXPRESSION,
        "regular expression of what coaia run masks in its record, beside secrets",
    ),
    Key(
        "openai_api_key",
        ("OPENAI_API_KEY",),
        TEXT,
        "API key of the language model service; a local server needs none",
        secret=True,
    ),
    Key(
        "openai_base_url",
        ("OPENAI_BASE_URL",),
        TEXT,
        "base address of an OpenAI-compatible service, including /v1",
        "https://api.openai.com/v1",
    ),
    Key(
        "openai_api_url",
        (),
        TEXT,
        "complete address for chat completions, if it is not below openai_base_url",
    ),
    Key(
        "openai_transcription_api_url",
        (),
        TEXT,
        "complete address for transcriptions, if it is not below openai_base_url",
    ),
    Key("model", (), TEXT, "language model that texts are sent to", "gpt-4o-mini"),
    Key("default_temperature", (), NUMBER, "sampling temperature for tags without their own"),
    Key(
        "pollyconf.key",
        ("AWS_KEY_ID", "AWS_ACCESS_KEY_ID"),
        TEXT,
        "AWS access key for speech and transcription (default: from AWS's own files)",
        secret=True,
    ),
    Key(
        "pollyconf.secret",
        ("AWS_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
        TEXT,
        "AWS secret key",
        secret=True,
    ),
    Key(
        "pollyconf.region",
        ("AWS_REGION", "AWS_DEFAULT_REGION"),
        TEXT,
        "AWS region",
        "us-east-1",
    ),
    Key(
        "redis_url",
        ("REDIS_URL",),
        TEXT,
        "Redis of the stash: redis://user:password@host:port/database (rediss:// uses TLS)",
        secret=True,
    ),
    Key(
        "kv_url",
        ("KV_URL",),
        TEXT,
        "the same as REDIS_URL, under the name that Vercel sets",
        secret=True,
    ),
    Key(
        "upstash_redis_rest_url",
        ("UPSTASH_REDIS_REST_URL",),
        TEXT,
        "https address of an Upstash database for the stash",
    ),
    Key(
        "upstash_redis_rest_token",
        ("UPSTASH_REDIS_REST_TOKEN",),
        TEXT,
        "token of that Upstash database",
        secret=True,
    ),
    Key(
        "kv_rest_api_url",
        ("KV_REST_API_URL",),
        TEXT,
        "https address of a Vercel KV database for the stash",
    ),
    Key(
        "kv_rest_api_token",
        ("KV_REST_API_TOKEN",),
        TEXT,
        "token of that Vercel KV database",
        secret=True,
    ),
    Key(
        "jtaleconf.host",
        ("UPSTASH_HOST", "REDIS_HOST"),
        TEXT,
        "host of the Redis server of the stash; without Redis, it is in ~/.coaia/coaia.db",
    ),
    Key("jtaleconf.port", ("REDIS_PORT",), WHOLE, "port of that Redis server", 6379),
    Key(
        "jtaleconf.username",
        ("REDIS_USERNAME",),
        TEXT,
        "user of that Redis server, if it is not the default one",
    ),
    Key(
        "jtaleconf.password",
        ("UPSTASH_PASSWORD", "REDIS_PASSWORD"),
        TEXT,
        "password of that Redis server",
        secret=True,
    ),
    Key("jtaleconf.db", ("REDIS_DB",), WHOLE, "number of the database on that Redis server", 0),
    Key(
        "jtaleconf.ssl",
        ("REDIS_SSL",),
        SWITCH,
        "whether to use TLS for that Redis server",
        False,
    ),
    Key(
        "jtaleconf.ssl_ca_certs",
        ("REDIS_SSL_CA_CERTS",),
        TEXT,
        "file with the CA certificate of that Redis server, if the system does not trust it",
    ),
    Key(
        "jtaleconf.timeout",
        ("REDIS_TIMEOUT",),
        SECONDS,
        "seconds to wait for an answer of the Redis server",
        patience.REDIS_PART,
    ),
    Key(
        "github.api_token",
        ("GH_TOKEN", "GITHUB_TOKEN"),
        TEXT,
        "token for coaia gh; public repositories need none",
        secret=True,
    ),
    Key(
        "github.base_url",
        ("GITHUB_API_URL",),
        TEXT,
        "address of the GitHub API",
        "https://api.github.com",
    ),
    Key(
        "openai_timeout",
        ("OPENAI_TIMEOUT",),
        SECONDS,
        "seconds to wait for the complete answer of the language model service",
        patience.OPENAI.whole,
    ),
    Key(
        "openai_transcription_model",
        (),
        TEXT,
        "transcription model that recordings are sent to",
        "whisper-1",
    ),
    Key(
        "openai_transcription_max_bytes",
        (),
        WHOLE,
        "largest recording in bytes that is sent at once; a larger one is sent in parts",
        25000000,
    ),
    Key(
        "dalle_api_endpoint",
        (),
        TEXT,
        "complete address for image generation, if it is not below openai_base_url",
    ),
    Key("default_size", (), TEXT, "size of generated images, WIDTHxHEIGHT in pixels", "1024x1024"),
    Key(
        "default_preprompt_instruction",
        (),
        TEXT,
        "instruction to the model if no other is given",
        "You are a helpful assistant",
    ),
    Key(
        "pollyconf.token",
        ("AWS_SESSION_TOKEN",),
        TEXT,
        "AWS session token, for temporary keys",
        secret=True,
    ),
    Key(
        "pollyconf.endpoint_url",
        ("AWS_ENDPOINT_URL",),
        TEXT,
        "address of an AWS-compatible service to use instead of AWS",
    ),
    Key(
        "transcribeconf.bucket",
        ("COAIA_TRANSCRIBE_BUCKET",),
        TEXT,
        "S3 bucket to upload recordings to for Amazon Transcribe",
    ),
)

KEY_OF = {key.name: key for key in KEYS}
KEY_OF_VARIABLE = {variable: key for key in KEYS for variable in key.all_variables}

# Process tags: anybody may name new ones.
PATTERNS = (
    Key("<tag>_instruction", (), TEXT, "instruction to the model for the process tag: coaia p TAG"),
    Key("<tag>_temperature", (), NUMBER, "sampling temperature of the same tag"),
)


def key_for(name: str) -> Optional[Key]:
    """Return the key that ``name`` in coaia.json stands for, or ``None`` when coaia reads none.

    A variable's name, in upper or lower case, stands for its key.
    """
    if name in KEY_OF:
        return KEY_OF[name]
    if name.upper() in KEY_OF_VARIABLE:
        return KEY_OF_VARIABLE[name.upper()]
    for pattern in PATTERNS:
        if re.match(r".+" + pattern.name[len("<tag>") :] + "$", name):
            return pattern
    return None
