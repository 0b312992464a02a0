"""Checks that each service in the settings responds and accepts the keys, with one request each."""

import functools
from typing import Callable, Iterator, List, Optional, Tuple

from coaiapy import patience
from coaiapy.checks.finding import OK, Finding, asked
from coaiapy.config import openai as openai_settings
from coaiapy.config import redis as redis_settings
from coaiapy.config import settings
from coaiapy.config.values import ConfigValues
from coaiapy.langfuse.client import project as current_project
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.stash.redis import RedisStash
from coaiapy.util import deadlines
from coaiapy.util.http import json_api
from coaiapy.util.masking import shown_url

OPENAI_HINT = "openai_base_url"

# Asks a service. Returns a sentence if it works, or None if the settings do not name the service.
Question = Callable[[ConfigValues], Optional[str]]


def check(values: ConfigValues) -> List[Finding]:
    """Ask every service in the settings, and return a finding for each; errors become findings."""
    found: List[Finding] = []
    with deadlines.handed_on(deadlines.whole(patience.CHECKS)):
        for service, question in _QUESTIONS:
            found += asked(service, functools.partial(_answered, service, question, values))
    return found


def _answered(service: str, question: Question, values: ConfigValues) -> Iterator[Finding]:
    said = question(values)
    if said is not None:
        yield Finding(OK, service, said)


def _langfuse(values: ConfigValues) -> Optional[str]:
    if not _names_any(values, "langfuse_public_key", "langfuse_secret_key"):
        return None
    known = settings.from_values(values)
    if not known.has_server:
        return "local mode: there is no server to check"
    with LangfuseHttp(known) as http:
        current_project.ask(http)
    return _can_be_used(http.shown_url)


def _redis(values: ConfigValues) -> Optional[str]:
    server = redis_settings.find(values)
    if server is None:
        return None
    with RedisStash(server) as store:
        store.ping()
    return _can_be_used(server.shown)


def _openai(values: ConfigValues) -> Optional[str]:
    if not _names_any(values, "openai_api_key", "openai_base_url", "openai_api_url"):
        return None
    service = openai_settings.find(values)
    url = openai_settings.models_url(service)
    server = json_api.Service(
        "the language model service", service.key, "OPENAI_API_KEY", OPENAI_HINT
    )
    json_api.get(server, url)
    return _can_be_used(shown_url(url).rsplit("/models", 1)[0])


def _aws(values: ConfigValues) -> Optional[str]:
    if not _names_any(values, "pollyconf.key", "pollyconf.secret"):
        return None
    from coaiapy.audio import aws

    client = aws.client(values, "sts")
    account = aws.asked("sts", client.get_caller_identity)["Account"]
    return _can_be_used("account {} in {}".format(account, values.get("pollyconf.region")))


def _github(values: ConfigValues) -> Optional[str]:
    if not _names_any(values, "github.api_token"):
        return None
    from coaiapy import cogh

    service, base = cogh.service_of(values)
    json_api.get(service, base + "/user")
    return _can_be_used(shown_url(base))


def _names_any(values: ConfigValues, *names: str) -> bool:
    return any(values.found(name) for name in names)


def _can_be_used(where: str) -> str:
    return "{} answers and can be used".format(where)


_QUESTIONS: Tuple[Tuple[str, Question], ...] = (
    ("Langfuse", _langfuse),
    ("Redis", _redis),
    ("language model", _openai),
    ("AWS", _aws),
    ("GitHub", _github),
)
