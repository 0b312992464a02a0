"""The route table. A new endpoint is a function `(server, request, *path_parts) -> Answer` in a
module of its resource and one line here."""

import base64
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from . import (
    comments,
    dataset_runs,
    datasets,
    experiments,
    ingestion,
    media,
    metrics,
    otlp,
    prompts,
    row_reads,
    score_configs,
    score_reads,
    scores,
    trace_reads,
)
from .kinds import Kind
from .messages import (
    BAD_KEY_MESSAGE,
    EVENTS_ONLY_MESSAGE,
    HTML_TYPE,
    NO_KEY_MESSAGE,
    NOT_FOUND_PAGE,
    Answer,
    RefusedError,
    plain_text,
)
from .request import Request

API = "/api/public"
MEGABYTE = 1024 * 1024


class Route(NamedTuple):
    """A route; `{}` in the path matches one part. The flags say which kinds of server have it."""

    method: str
    path: str
    handler: Callable[..., Answer]
    auth: bool = True
    new: bool = False  # 2.x servers do not know it
    legacy: bool = False  # gone (404) on events_only servers, which say so before the auth check
    limit: Optional[float] = 1  # MB of body
    names_error: bool = False  # a refused key is called UnauthorizedError, too


def health(server: Any, request: Request) -> Answer:
    return Answer(200, {"status": "OK", "version": server.kind.version})


def projects(server: Any, request: Request) -> Answer:
    project = {"id": server.project_id, "name": server.project_name}
    if server.kind.otlp:
        project.update(organization=server.organization, metadata={})
    return Answer(200, {"data": [project]})


ROUTES: List[Route] = [
    Route("GET", "/health", health, auth=False),
    Route("GET", "/projects", projects),
    Route("POST", "/ingestion", ingestion.ingest, limit=4.5, names_error=True),
    Route("POST", "/otel/v1/traces", otlp.export, new=True, limit=None),
    Route("GET", "/traces", trace_reads.list_traces, legacy=True),
    Route("DELETE", "/traces", trace_reads.delete_traces, new=True),
    Route("GET", "/traces/{}", trace_reads.get_trace, legacy=True),
    Route("DELETE", "/traces/{}", trace_reads.delete_trace, new=True),
    Route("GET", "/observations", trace_reads.list_observations, legacy=True),
    Route("GET", "/observations/{}", trace_reads.get_observation, legacy=True),
    Route("GET", "/sessions", trace_reads.list_sessions, legacy=True),
    Route("GET", "/sessions/{}", trace_reads.get_session, legacy=True),
    Route("GET", "/v2/observations", row_reads.list_rows, new=True),
    Route("GET", "/v2/metrics", metrics.count_rows, new=True),
    Route("GET", "/metrics", metrics.sum_up, new=True, legacy=True),
    Route("POST", "/scores", scores.create),
    Route("GET", "/scores", score_reads.list_v1, legacy=True),
    Route("GET", "/scores/{}", score_reads.get_v1, legacy=True),
    Route("DELETE", "/scores/{}", scores.delete),
    Route("GET", "/v2/scores", score_reads.list_v2, new=True, legacy=True),
    Route("GET", "/v2/scores/{}", score_reads.get_v2, new=True, legacy=True),
    Route("GET", "/v3/scores", score_reads.list_v3, new=True),
    Route("POST", "/score-configs", score_configs.create),
    Route("GET", "/score-configs", score_configs.list_configs),
    Route("GET", "/score-configs/{}", score_configs.get_config),
    Route("PATCH", "/score-configs/{}", score_configs.update, new=True),
    Route("POST", "/v2/prompts", prompts.create, names_error=True),
    Route("GET", "/v2/prompts", prompts.list_prompts, names_error=True),
    Route("GET", "/v2/prompts/{}", prompts.get, names_error=True),
    Route("DELETE", "/v2/prompts/{}", prompts.delete, new=True, names_error=True),
    Route("PATCH", "/v2/prompts/{}/versions/{}", prompts.label_version, new=True),
    Route("POST", "/v2/datasets", datasets.create),
    Route("GET", "/v2/datasets", datasets.list_datasets),
    Route("GET", "/v2/datasets/{}", datasets.get),
    Route("POST", "/dataset-items", datasets.create_item, limit=4.5),
    Route("GET", "/dataset-items", datasets.list_items),
    Route("GET", "/dataset-items/{}", datasets.get_item),
    Route("DELETE", "/dataset-items/{}", datasets.delete_item, new=True),
    Route("POST", "/dataset-run-items", dataset_runs.create_run_item),
    Route("GET", "/dataset-run-items", dataset_runs.list_run_items, new=True, legacy=True),
    Route("GET", "/datasets/{}/runs", dataset_runs.list_runs, legacy=True),
    Route("GET", "/datasets/{}/runs/{}", dataset_runs.get_run, legacy=True),
    Route("DELETE", "/datasets/{}/runs/{}", dataset_runs.delete_run, new=True, legacy=True),
    Route("GET", "/experiments", experiments.list_experiments, new=True),
    Route("GET", "/experiment-items", experiments.list_items, new=True),
    Route("POST", "/comments", comments.create),
    Route("GET", "/comments", comments.list_comments),
    Route("GET", "/comments/{}", comments.get),
    Route("POST", "/media", media.create),
    Route("GET", "/media/{}", media.get),
    Route("PATCH", "/media/{}", media.update),
]
# Routes of real servers that are not simulated. They are answered with 501, so that no test takes
# that answer for Langfuse's.
NOT_PLAYED = (
    "datasets",
    "models",
    "annotation-queues",
)


def matching(kind: Kind, request: Request) -> List[Tuple[Route, List[str]]]:
    """The routes of this path with any method, and the path's variable parts."""
    parts = request.segments()
    found = []
    for route in ROUTES:
        pattern = (API + route.path).strip("/").split("/")
        if len(pattern) != len(parts) or (route.new and not kind.otlp):
            continue
        pairs = list(zip(pattern, parts))
        if all(wanted in ("{}", have) for wanted, have in pairs):
            found.append((route, [have for wanted, have in pairs if wanted == "{}"]))
    return found


def answer(server: Any, request: Request) -> Answer:
    """The answer to a request. The checks are in the order of a real server: route, mode, method,
    body, key, and then the handler."""
    try:
        found = matching(server.kind, request)
        if not found:
            raise no_route(request)
        for route, parts in found:
            if route.method == request.method:
                check_mode(server, route)
                check_size(route, request)
                if route.auth:
                    check_key(server, route, request)
                with server.store.lock:
                    return route.handler(server, request, *parts)
        body = {"message": "Method not allowed", "error": "MethodNotAllowedError"}
        raise RefusedError(405, body)
    except RefusedError as refused:
        return refused.answer
    finally:
        request.forget_parsed()


def no_route(request: Request) -> RefusedError:
    path = request.path[len(API) + 1 :] if request.path.startswith(API + "/") else ""
    for prefix in NOT_PLAYED:
        if path == prefix or path.startswith(prefix + "/"):
            return RefusedError(501, {"message": "The stand-in does not play " + request.path})
    return RefusedError(404, NOT_FOUND_PAGE, HTML_TYPE)


def check_mode(server: Any, route: Route) -> None:
    if route.legacy and not server.kind.legacy:
        raise RefusedError(404, {"message": EVENTS_ONLY_MESSAGE})


def check_size(route: Route, request: Request) -> None:
    """Refuse a body that is too large; servers check that before the key."""
    if route.limit is None:
        return
    if len(request.raw) > route.limit * MEGABYTE:
        raise plain_text(413, "Body exceeded %gmb limit" % route.limit)
    request.json()


def check_key(server: Any, route: Route, request: Request) -> None:
    given = request.headers.get("authorization")
    pair = "%s:%s" % (server.public_key, server.secret_key)
    if given == "Basic " + base64.b64encode(pair.encode("utf-8")).decode("ascii"):
        return
    body = {"message": NO_KEY_MESSAGE if given is None else BAD_KEY_MESSAGE}
    if route.names_error:
        body["error"] = "UnauthorizedError"
    raise RefusedError(401, body)
