"""coaia gh: every page of a real HTTP server, and every way in which it may say no."""

import json
import re

import pytest
from web_server import serving

from coaiapy import cogh, patience
from coaiapy.errors import ConfigError, ExitCode, NetworkError, UsageError

TOKEN = "ghp_verysecret"
PER_PAGE = 100


def an_issue(number, **fields):
    return dict(
        {
            "number": number,
            "title": "Title {}".format(number),
            "state": "open",
            "assignee": {"login": "ann"} if number % 2 else None,
            "labels": [{"name": "bug"}, {"name": "ui"}],
            "body": "Text of {}".format(number),
        },
        **fields,
    )


ISSUES = [an_issue(number) for number in range(1, 251)]
ISSUES[4]["pull_request"] = {"url": "somewhere"}


def github(asked, url):
    """GitHub as far as issues go: pages with a Link header, 404 as JSON."""
    if asked.path == "/repos/octocat/hello/issues":
        start = (int(asked.query.get("page", "1")) - 1) * PER_PAGE
        more = start + PER_PAGE < len(ISSUES)
        query = dict(asked.query, page=start // PER_PAGE + 2)
        link = '<{}{}?{}>; rel="next"'.format(
            url, asked.path, "&".join("{}={}".format(*item) for item in query.items())
        )
        return 200, ISSUES[start : start + PER_PAGE], {"Link": link} if more else {}
    if asked.path == "/repos/octocat/hello/issues/7":
        return 200, ISSUES[6], {}
    return 404, {"message": "Not Found"}, {}


@pytest.fixture
def server(monkeypatch):
    with serving(github) as one:
        monkeypatch.setenv("GITHUB_API_URL", one.url)
        monkeypatch.setenv("GH_TOKEN", TOKEN)
        yield one


LIST = ("gh", "issues", "list", "--owner", "octocat", "--repo", "hello")


def test_all_pages_are_read_and_pull_requests_left_out(server, run):
    result = run(*(LIST + ("--json",)))
    assert result.code == 0
    assert [one["number"] for one in json.loads(result.out)] == [
        one["number"] for one in ISSUES if one["number"] != 5
    ]
    assert [one.query.get("page") for one in server.asked] == [None, "2", "3"]
    assert all(one.query["state"] == "open" for one in server.asked)
    assert all(one.headers["authorization"] == "Bearer " + TOKEN for one in server.asked)


def test_the_table(server, run):
    result = run(*LIST)
    lines = result.out.splitlines()
    assert lines[0].split() == ["#", "Title", "State", "Assignee", "Labels"]
    assert lines[2].split() == ["1", "Title", "1", "open", "ann", "bug,", "ui"]
    assert "249 issues" in result.err


@pytest.mark.parametrize(
    "words",
    [
        ("octocat/hello#7",),
        ("--owner", "octocat", "--repo", "hello", "--issue-number", "7"),
    ],
)
def test_one_issue(server, run, words):
    result = run("gh", "issues", "get", *words)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[0] == "#7 Title 7"
    assert "Text of 7" in result.out
    assert json.loads(run(*(("gh", "issues", "get", "--json") + words)).out) == ISSUES[6]


def test_settings_from_coaia_json(server, run, project, monkeypatch):
    monkeypatch.delenv("GITHUB_API_URL")
    monkeypatch.delenv("GH_TOKEN")
    values = {"github": {"base_url": server.url + "/", "api_token": "from-file"}}
    (project / "coaia.json").write_text(json.dumps(values))
    assert run(*LIST).code == 0
    assert server.asked[0].headers["authorization"] == "Bearer from-file"


def test_without_a_token_none_is_sent(server, run, monkeypatch):
    monkeypatch.delenv("GH_TOKEN")
    assert run(*LIST).code == 0
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    "status, body, headers, code",
    [
        (401, {"message": "Bad credentials " + TOKEN}, {}, 3),
        (403, {"message": "no"}, {}, 3),
        (403, {"message": "limit"}, {"X-RateLimit-Remaining": "0"}, 4),
        (404, {"message": "Not Found"}, {}, 1),
        (410, {"message": "disabled"}, {}, 5),
        (200, b"<html>login</html>", {}, 4),
        (429, {"message": "slow"}, {"Retry-After": "3600"}, 4),
        (301, {"message": "Moved"}, {}, 3),
        (301, {"message": "Moved"}, {"Location": "http://127.0.0.1:9/elsewhere"}, 3),
        (303, {"message": "Moved"}, {"Location": "/elsewhere"}, 3),
    ],
)
def test_a_no_is_one_sentence_with_its_exit_code(monkeypatch, run, status, body, headers, code):
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    with serving(lambda asked, url: (status, body, headers)) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        result = run(*LIST)
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1
    assert TOKEN not in result.err
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_found_at_its_new_place_on_the_same_host(monkeypatch, run, status):
    def answer(asked, url):
        if asked.path.startswith("/repos/"):
            return status, {"message": "Moved"}, {"Location": "/repositories/7/issues"}
        return 200, [an_issue(1)], {}

    monkeypatch.setenv("GH_TOKEN", TOKEN)
    with serving(answer) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        assert run(*LIST + ("--json",)).code == 0
    first, second = server.asked
    assert second.path == "/repositories/7/issues" and second.query == first.query != {}
    assert TOKEN in second.headers["authorization"]


def test_a_repository_that_moves_in_a_circle_is_an_error(monkeypatch, run):
    with serving(lambda asked, url: (301, {}, {"Location": "/repos/a/b/issues"})) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        result = run(*LIST)
    assert result.code == 4 and "redirects endlessly" in result.err and len(server.asked) < 6


@pytest.mark.parametrize(
    "described",
    [
        "text",
        None,
        {"message": "hello"},
        ["text"],
        [an_issue(1, assignee="ann")],
        [an_issue(1, labels="bug")],
        [an_issue(1, labels={"name": "bug"})],
        [an_issue(1, title=5)],
        [an_issue(1, body=["text"])],
    ],
)
def test_what_github_would_not_say_is_one_sentence(monkeypatch, run, described):
    with serving(lambda asked, url: (200, described, {})) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        listed = run(*LIST)
    one = described[0] if isinstance(described, list) else [described]
    with serving(lambda asked, url: (200, one, {})) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        got = run("gh", "issues", "get", "octocat/hello#7")
    for result in (listed, got):
        assert (result.code, result.out) == (4, "")
        assert "not an answer from GitHub about issues" in result.err
        assert result.err.count("\n") == 1
    with pytest.raises(NetworkError):
        cogh.format_issues_table(json.dumps(described))


@pytest.mark.parametrize("body", [b'[{"number": NaN}]', b"[" * 100000, b"[1e999]", b"\xff"])
def test_json_that_is_none_is_one_sentence(monkeypatch, run, body):
    with serving(lambda asked, url: (200, body, {})) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        result = run(*(LIST + ("--json",)))
    assert (result.code, result.out) == (4, "")
    assert "not JSON" in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize(
    "failures",
    [
        [(502, b"", {}), (503, b"", {})],
        [(408, b"", {}), (425, b"", {})],
        [(429, b"", {"Retry-After": "0"}), [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]],
    ],
)
def test_a_server_that_recovers_is_asked_again(monkeypatch, run, failures):
    monkeypatch.setattr("coaiapy.util.http.retry.backoff", lambda attempt: 0.0)
    answers = failures + [(200, [an_issue(1)], {})]
    with serving(lambda asked, url: answers.pop(0)) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        assert run(*LIST).code == 0
    assert len(server.asked) == 3


def test_nobody_answers(monkeypatch, run):
    monkeypatch.setattr("coaiapy.util.http.retry.backoff", lambda attempt: 0.0)
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    result = run(*LIST)
    assert (result.code, result.out) == (4, "")
    assert "connection refused" in result.err


def test_the_token_goes_to_no_other_host(monkeypatch):
    link = {"Link": '<http://elsewhere.invalid/page2>; rel="next"'}
    with serving(lambda asked, url: (200, [an_issue(1)], link)) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        with pytest.raises(ConfigError, match="next page is not at"):
            cogh.issues("octocat", "hello")


@pytest.mark.parametrize("text", ["octocat/hello", "octocat#1", "a/b#x", "a/b/c#1"])
def test_what_is_no_issue(run, text):
    result = run("gh", "issues", "get", text)
    assert result.code == 2
    assert "owner/repo#12" in result.err


@pytest.mark.parametrize(
    "owner, repo", [("..", "hello"), ("octocat", "a/b"), ("", "x"), ("a?b", "x")]
)
def test_names_cannot_leave_their_place_in_the_address(server, owner, repo):
    with pytest.raises(UsageError):
        cogh.list_issues(owner, repo)
    assert server.asked == []


def test_the_names_that_scripts_import(server, capsys):
    text = cogh.list_issues("octocat", "hello")
    assert len(json.loads(text)) == 249
    assert json.loads(cogh.get_issue("octocat", "hello", 7))["number"] == 7
    assert cogh.format_issues_table(text) == cogh.format_issues_table(json.loads(text))
    assert "Title 250" in cogh.format_issues_table(text)
    assert capsys.readouterr().out == ""


def pages_without_end(issues_of):
    def answer(asked, url):
        page = int(asked.query.get("page", "1"))
        link = '<{}{}?page={}>; rel="next"'.format(url, asked.path, page + 1)
        return 200, issues_of(page), {"Link": link}

    return answer


@pytest.mark.parametrize(
    "issues_of, seconds, said",
    [
        (lambda page: ISSUES[:2], 100.0, "repeats the same 2 rows on every page"),
        (lambda page: [], 100.0, "on every page"),
        (
            lambda page: [an_issue(page)],
            1.0,
            "ask for fewer with a filter|was not asked: there was no time left|not answer in time",
        ),
    ],
)
def test_pages_without_end_are_given_up(monkeypatch, run, issues_of, seconds, said):
    with serving(pages_without_end(issues_of)) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setattr(patience, "LISTING", seconds)
        result = run(*LIST)
    assert (result.code, result.out) == (ExitCode.NETWORK, ""), result
    assert re.search(said, result.err) and result.err.count("\n") == 1
