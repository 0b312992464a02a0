"""Every setting that coaia reads: its key in coaia.json, its variables, its type, what it is for.

``coaia init``, ``coaia config`` and the look-up of settings all go by this one table.
"""

import re
from typing import Any, NamedTuple, Optional, Tuple

from coaiapy import spelled_values

TEXT = "text"
WHOLE = "a whole number"
NUMBER = "a number"
SECONDS = "a number of seconds"
SWITCH = "true or false"

_DAY = 86400

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


class Key(NamedTuple):
    """One setting: ``name`` is its path in coaia.json, ``variables`` the strongest first.

    ``fallbacks`` are variables of other programs: they count where nothing else gives the setting.
    """

    name: str
    variables: Tuple[str, ...]
    kind: str
    description: str
    default: Any = None
    secret: bool = False
    fallbacks: Tuple[str, ...] = ()

    @property
    def all_variables(self) -> Tuple[str, ...]:
        """Every variable that is read, the strongest first."""
        return self.variables + self.fallbacks


KEYS = (
    Key(
        "langfuse_public_key",
        ("LANGFUSE_PUBLIC_KEY",),
        TEXT,
        "public key of a Langfuse project; without keys all stays on this machine",
    ),
    Key(
        "langfuse_secret_key",
        ("LANGFUSE_SECRET_KEY",),
        TEXT,
        "secret key of the same project",
        secret=True,
    ),
    Key(
        "langfuse_base_url",
        ("LANGFUSE_BASE_URL", "LANGFUSE_HOST"),
        TEXT,
        "the Langfuse server, or the word local for local mode",
        "https://cloud.langfuse.com",
    ),
    Key(
        "langfuse_tracing_environment",
        ("LANGFUSE_TRACING_ENVIRONMENT",),
        TEXT,
        "the environment that traces are filed under",
    ),
    Key(
        "langfuse_release",
        ("LANGFUSE_RELEASE",),
        TEXT,
        "the release of traces; else the commit that a build service names",
        fallbacks=_COMMITS,
    ),
    Key(
        "langfuse_timeout",
        ("LANGFUSE_TIMEOUT",),
        SECONDS,
        "seconds to wait for the Langfuse server's answer",
        5.0,
    ),
    Key(
        "journal_keep_days",
        (),
        NUMBER,
        "days that a record stays in the journal after it was sent",
        30.0,
    ),
    Key(
        "trace_content",
        ("COAIA_TRACE_CONTENT",),
        SWITCH,
        "whether texts go into the traces of model, transcription and speech calls; "
        "false records their sizes only",
        True,
    ),
    Key(
        "openai_api_key",
        ("OPENAI_API_KEY",),
        TEXT,
        "key of the language model's service; a local server needs none",
        secret=True,
    ),
    Key(
        "openai_base_url",
        ("OPENAI_BASE_URL",),
        TEXT,
        "where an OpenAI-compatible service answers, up to and with /v1",
        "https://api.openai.com/v1",
    ),
    Key(
        "openai_api_url",
        (),
        TEXT,
        "the complete address of the service's chat completions, when it is not below the base",
    ),
    Key(
        "openai_transcription_api_url",
        (),
        TEXT,
        "the complete address of the service's transcriptions, when it is not below the base",
    ),
    Key("model", (), TEXT, "the language model that texts are sent to", "gpt-4o-mini"),
    Key("default_temperature", (), NUMBER, "the temperature where a tag has none of its own"),
    Key(
        "pollyconf.key",
        ("AWS_KEY_ID", "AWS_ACCESS_KEY_ID"),
        TEXT,
        "AWS access key, for speech and for transcription by AWS; else what AWS's own files say",
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
        "the stash as redis://user:password@host:port/database; rediss:// is over TLS",
        secret=True,
    ),
    Key("kv_url", ("KV_URL",), TEXT, "the same, as Vercel names it", secret=True),
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
        "token of that database",
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
        "token of that database",
        secret=True,
    ),
    Key(
        "jtaleconf.host",
        ("UPSTASH_HOST", "REDIS_HOST"),
        TEXT,
        "the Redis server of the stash; without one it is kept in ~/.coaia/coaia.db",
    ),
    Key("jtaleconf.port", ("REDIS_PORT",), WHOLE, "the port of that Redis server", 6379),
    Key(
        "jtaleconf.username",
        ("REDIS_USERNAME",),
        TEXT,
        "the user on that Redis server, where it is not the default one",
    ),
    Key(
        "jtaleconf.password",
        ("UPSTASH_PASSWORD", "REDIS_PASSWORD"),
        TEXT,
        "the password of that Redis server",
        secret=True,
    ),
    Key("jtaleconf.db", ("REDIS_DB",), WHOLE, "the number of the database on that Redis server", 0),
    Key(
        "jtaleconf.ssl",
        ("REDIS_SSL",),
        SWITCH,
        "whether to connect to that Redis server over TLS",
        False,
    ),
    Key(
        "jtaleconf.ssl_ca_certs",
        ("REDIS_SSL_CA_CERTS",),
        TEXT,
        "file of the authority that signed a Redis server's certificate, if the system knows it not",
    ),
    Key(
        "jtaleconf.timeout",
        ("REDIS_TIMEOUT",),
        SECONDS,
        "seconds to wait for a Redis server's answer",
        5.0,
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
        "where GitHub's API answers",
        "https://api.github.com",
    ),
    Key(
        "openai_timeout",
        ("OPENAI_TIMEOUT",),
        SECONDS,
        "seconds to wait for the whole answer of the language model's service",
        120.0,
    ),
    Key(
        "openai_transcription_model",
        (),
        TEXT,
        "the model that recordings are sent to",
        "whisper-1",
    ),
    Key(
        "openai_transcription_max_bytes",
        (),
        WHOLE,
        "the largest recording that the service takes; a larger one is sent in parts",
        25000000,
    ),
    Key(
        "dalle_api_endpoint",
        (),
        TEXT,
        "the complete address of the service's image generations, when it is not below the base",
    ),
    Key("default_size", (), TEXT, "width x height of a generated image", "1024x1024"),
    Key(
        "default_preprompt_instruction",
        (),
        TEXT,
        "what the model is told where no other instruction is given",
        "You are a helpful assistant",
    ),
    Key(
        "pollyconf.token",
        ("AWS_SESSION_TOKEN",),
        TEXT,
        "AWS session token, where the keys are temporary ones",
        secret=True,
    ),
    Key(
        "pollyconf.endpoint_url",
        ("AWS_ENDPOINT_URL",),
        TEXT,
        "where AWS's services answer, when it is not AWS itself",
    ),
    Key(
        "transcribeconf.bucket",
        ("COAIA_TRANSCRIBE_BUCKET",),
        TEXT,
        "the S3 bucket through which recordings reach Amazon Transcribe",
    ),
)

KEY_OF = {key.name: key for key in KEYS}

# Process tags: anybody may name new ones.
PATTERNS = (
    Key("<tag>_instruction", (), TEXT, "what the model is told to do with a text: coaia p TAG"),
    Key("<tag>_temperature", (), NUMBER, "the temperature of the same tag"),
)


def key_for(name: str) -> Optional[Key]:
    """Return the key that ``name`` in coaia.json stands for, or ``None`` when coaia reads none.

    A variable's name, in upper or lower case, stands for its key.
    """
    if name in KEY_OF:
        return KEY_OF[name]
    for key in KEYS:
        if name in key.all_variables or name.upper() in key.all_variables:
            return key
    for pattern in PATTERNS:
        if re.match(r".+" + pattern.name[len("<tag>") :] + "$", name):
            return pattern
    return None


def checked(key: Key, value: Any) -> Any:
    """Return ``value`` as the type of ``key``; a text from a variable or a file is read as one.

    Raises ``ValueError`` saying what the value should be.
    """
    if key.kind == TEXT:
        if not isinstance(value, str):
            raise ValueError("is not a text: put it in quotes")
        return value.strip()
    if key.kind == SWITCH:
        return _switch(value)
    return _number(value, key.kind)


def _switch(value: Any) -> bool:
    found = spelled_values.truth(value)
    if found is None:
        raise ValueError("is not true or false")
    return found


def _number(value: Any, kind: str) -> Any:
    found = spelled_values.number(value)
    if found is None:
        raise ValueError("is not {}".format(kind))
    if kind == SECONDS and not 0 < found < _DAY:
        raise ValueError("is not {} above 0 and below a day".format(kind))
    if found < 0 or (kind == WHOLE and found != int(found)):
        raise ValueError("is not {} from 0 up".format(kind))
    return int(found) if kind == WHOLE else float(found)
