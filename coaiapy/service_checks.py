"""Do the services that the settings name answer, and let us in? One question to each."""

from typing import Callable, List, NamedTuple, Tuple

from coaiapy import openai_settings, redis_settings, settings, web_json
from coaiapy.config_values import ConfigValues
from coaiapy.errors import CoaiaError, ExitCode
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.masking import shown_url
from coaiapy.stash_redis import RedisStash

OPENAI_HINT = "openai_base_url"


class Answered(NamedTuple):
    """What came of asking one service: a sentence, or an ``error`` and its ``code``."""

    service: str
    text: str
    error: str = ""
    code: ExitCode = ExitCode.OK


def check(values: ConfigValues) -> List[Answered]:
    """Ask every service that ``values`` name, and return what each said; nothing is raised."""
    asked: List[Tuple[str, Callable[[ConfigValues], str]]] = []
    if values.found("langfuse_public_key") or values.found("langfuse_secret_key"):
        asked.append(("Langfuse", _langfuse))
    if any(values.found(name) for name in _REDIS):
        asked.append(("Redis", _redis))
    if any(values.found("openai_" + name) for name in ("api_key", "base_url", "api_url")):
        asked.append(("language model", _openai))
    if values.found("pollyconf.key") or values.found("pollyconf.secret"):
        asked.append(("AWS", _aws))
    if values.found("github.api_token"):
        asked.append(("GitHub", _github))
    return [_answered(service, question, values) for service, question in asked]


_REDIS = (
    "redis_url",
    "kv_url",
    "upstash_redis_rest_url",
    "kv_rest_api_url",
    "jtaleconf.host",
    "jtaleconf.password",
)


def _answered(
    service: str, question: Callable[[ConfigValues], str], values: ConfigValues
) -> Answered:
    try:
        return Answered(service, question(values))
    except CoaiaError as error:
        return Answered(service, "", str(error), error.exit_code)


def _langfuse(values: ConfigValues) -> str:
    known = settings.from_values(values)
    if known.is_local:
        return "local mode: there is no server to ask"
    http = LangfuseHttp(known)
    try:
        http.request("GET", "/api/public/projects")
    finally:
        http.close()
    return _lets_us_in(http.shown_url)


def _lets_us_in(where: str) -> str:
    return "{} answers and lets us in".format(where)


def _redis(values: ConfigValues) -> str:
    server = redis_settings.find(values)
    if server is None:
        return "no server is named"
    with RedisStash(server) as store:
        store.ping()
    return _lets_us_in(server.shown)


def _openai(values: ConfigValues) -> str:
    service = openai_settings.find(values)
    base = service.chat_url.rsplit("/chat/completions", 1)[0]
    asked = web_json.Service(
        "the language model's service", service.key, "OPENAI_API_KEY", OPENAI_HINT
    )
    web_json.get(asked, base + "/models")
    return _lets_us_in(shown_url(base))


def _aws(values: ConfigValues) -> str:
    from coaiapy import aws_clients

    client = aws_clients.client(values, "sts")
    with aws_clients.translated("sts"):
        account = client.get_caller_identity()["Account"]
    return _lets_us_in("account {} in {}".format(account, values.get("pollyconf.region")))


def _github(values: ConfigValues) -> str:
    from coaiapy import cogh

    service, base = cogh.service_of(values)
    web_json.get(service, base + "/user")
    return _lets_us_in(shown_url(base))
