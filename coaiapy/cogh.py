"""Issues of a GitHub repository.

Scripts import ``list_issues``, ``get_issue`` and ``format_issues_table``. The setting
``github.base_url`` is the address of the API, which GitHub Enterprise has elsewhere.
"""

import itertools
import json
import re
from typing import Any, Dict, List, Optional, Tuple, Union
from urllib.parse import quote

from coaiapy import patience
from coaiapy.config import addresses
from coaiapy.config import values as config_values
from coaiapy.config.values import ConfigValues
from coaiapy.errors import ConfigError, NetworkError, UsageError
from coaiapy.langfuse.records.display import listing
from coaiapy.util import deadlines
from coaiapy.util.formats.shapes import Kind, each, either, maybe, record, text, whole
from coaiapy.util.http import json_api
from coaiapy.util.http.json_api import Page, Service
from coaiapy.util.http.page_watch import PageWatch
from coaiapy.util.masking import shown_url

PAGE = 100
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
# What the tables use; every other field is passed on as it comes.
_PERSON = record("a person", {}, {"login": maybe(text)})
_LABEL = record("a label", {"name": maybe(text)})
_ISSUE = record(
    "an issue",
    {
        "number": maybe(whole),
        "title": maybe(text),
        "state": maybe(text),
        "assignee": maybe(_PERSON),
        "labels": maybe(each(either(text, _LABEL))),
        "body": maybe(text),
    },
)
COLUMNS = {
    "number": "#",
    "title": "Title",
    "state": "State",
    "assignee": "Assignee",
    "labels": "Labels",
}


def issues(
    owner: str, repo: str, state: str = "open", env_file: Optional[str] = None
) -> List[Dict[str, Any]]:
    """Return the issues of a repository as GitHub describes them, from every page.

    ``state`` is ``open``, ``closed`` or ``all``. Pull requests, which GitHub lists as issues, are
    left out. Raises ``NotFoundError``, ``ConfigError`` or ``NetworkError``.
    """
    service, base = service_of(config_values.load(env_file))
    url = "{}/repos/{}/issues".format(base, _path(owner, repo))
    with deadlines.handed_on(deadlines.whole(patience.LISTING)):
        found = _all_pages(service, base, url, state)
    return [one for one in found if "pull_request" not in one]


def _all_pages(service: Service, base: str, url: str, state: str) -> List[Dict[str, Any]]:
    page = json_api.get(service, url, {"state": state, "per_page": PAGE}, _HEADERS)
    watch = PageWatch("GitHub at " + shown_url(base))
    found = _new_issues(page, watch)
    seen = {url}
    while page.next_url and page.next_url not in seen:
        _check_same_host(page.next_url, base)
        seen.add(page.next_url)
        page = json_api.get(service, page.next_url, None, _HEADERS)
        found.extend(_new_issues(page, watch))
    return found


def _new_issues(page: Page, watch: PageWatch) -> List[Dict[str, Any]]:
    """Return the issues on a page that were on none before."""
    watch.received(page.body)
    rows = _checked(each(_ISSUE), page.value)
    is_new = watch.is_new(json.dumps(one.get("id", one), sort_keys=True) for one in rows)
    return list(itertools.compress(rows, is_new))


def issue(owner: str, repo: str, number: int, env_file: Optional[str] = None) -> Dict[str, Any]:
    """Return one issue as GitHub describes it; raise ``NotFoundError`` when there is none."""
    service, base = service_of(config_values.load(env_file))
    url = "{}/repos/{}/issues/{}".format(base, _path(owner, repo), int(number))
    found: Dict[str, Any] = _checked(_ISSUE, json_api.get(service, url, None, _HEADERS).value)
    return found


def rows(found: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return issues as rows of a table: the fields of ``COLUMNS``; people and labels are names."""
    return [
        {
            "number": one.get("number"),
            "title": one.get("title"),
            "state": one.get("state"),
            "assignee": (one.get("assignee") or {}).get("login"),
            "labels": [_label(label) for label in one.get("labels") or ()],
        }
        for one in found
    ]


def list_issues(owner: str, repo: str) -> str:
    """Return the open issues of a repository as JSON text."""
    return json.dumps(issues(owner, repo), ensure_ascii=False)


def get_issue(owner: str, repo: str, issue_number: int) -> str:
    """Return one issue as JSON text."""
    return json.dumps(issue(owner, repo, issue_number), ensure_ascii=False)


def format_issues_table(issues_json: Union[str, List[Dict[str, Any]]]) -> str:
    """Return a table of issues, which are given as JSON text or as a list."""
    found = json.loads(issues_json) if isinstance(issues_json, str) else issues_json
    return listing(rows(_checked(each(_ISSUE), found)), COLUMNS)


def service_of(values: ConfigValues) -> Tuple[Service, str]:
    """Return the service with its token, and the URL of its API."""
    addresses.check(values, "github.base_url")
    token = values.get("github.api_token") or ""
    service = Service("GitHub", token, "GH_TOKEN (github.api_token)", "github.base_url")
    return service, values.get("github.base_url").rstrip("/")


def parse_reference(text: str) -> Tuple[str, str, int]:
    """Return owner, repository and number of ``owner/repo#12``; raise ``UsageError`` otherwise."""
    found = re.match(r"([^/\s#]+)/([^/\s#]+)#([0-9]{1,18})\Z", text)
    if not found:
        raise UsageError("{!r} is not an issue: write owner/repo#12".format(text))
    return found.group(1), found.group(2), int(found.group(3))


def _path(owner: str, repo: str) -> str:
    for what, name in (("owner", owner), ("repository", repo)):
        if not re.match(r"(?!\.{1,2}$)[\w.-]+$", name or ""):
            raise UsageError("{!r} cannot be the name of a GitHub {}".format(name, what))
    return "{}/{}".format(quote(owner), quote(repo))


def _check_same_host(url: str, base: str) -> None:
    """Raise ``ConfigError`` if the next page is on another host, which must not get the token."""
    if url.split("/")[:3] != base.split("/")[:3]:
        raise ConfigError(
            "GitHub's next page is not at {}: set github.base_url to the address that GitHub "
            "uses".format(shown_url(base))
        )


def _checked(kind: Kind, answer: Any) -> Any:
    try:
        return kind(answer)
    except ValueError as error:
        raise NetworkError(
            "this is not an answer from GitHub about issues: {}; check github.base_url".format(
                error
            )
        ) from None


def _label(label: Any) -> str:
    return str(label.get("name") or "") if isinstance(label, dict) else str(label)
