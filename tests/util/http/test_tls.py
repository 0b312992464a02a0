"""A certificate is always checked, a key goes to nobody but the server that the settings name.

Each service is asked by its own command over a real socket; what it was asked is the proof.
"""

import os

import pytest
import trustme
from web_server import serving

from coaiapy import patience
from coaiapy.errors import ConfigError, NetworkError
from coaiapy.langfuse.media import transfer
from coaiapy.util.http import tls

KEY = "a-key-that-nobody-else-may-see"
CHAT = {"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}
IDENTITY = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
EMPTY = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")

# A service, the settings that name it, and a command that asks it.
SERVICES = {
    "langfuse": (
        {"LANGFUSE_BASE_URL": "", "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": KEY},
        ["fuse", "projects"],
    ),
    "model": ({"OPENAI_BASE_URL": "/v1", "OPENAI_API_KEY": KEY}, ["summarize", "a text"]),
    "github": (
        {"GITHUB_API_URL": "", "GH_TOKEN": KEY},
        ["gh", "issues", "list", "--owner", "me", "--repo", "mine"],
    ),
    "aws": (
        {"AWS_ENDPOINT_URL": "", "AWS_KEY_ID": "AKIA", "AWS_SECRET_KEY": KEY},
        ["config", "check", "--online"],
    ),
}


def answer(asked, url):
    """What a service of any kind says to what the commands ask."""
    if asked.path == "/":
        return 200, IDENTITY, {"Content-Type": "text/xml"}
    if asked.path == "/v1/chat/completions":
        return 200, CHAT, {}
    if asked.path.endswith("/projects"):
        return 200, {"data": [{"id": "p", "name": "P"}]}, {}
    return 200, [], {}


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.issue_cert("localhost")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in EMPTY + ("SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(patience, "AWS", patience.AWS._replace(tries=1))


@pytest.fixture
def ask(run, monkeypatch):
    """Ask a service at an address by its command."""

    def command(service, url):
        settings, words = SERVICES[service]
        for name, value in settings.items():
            is_address = name.endswith("_URL")
            monkeypatch.setenv(name, url + value if is_address else value)
        return run(*words)

    return command


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch):
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))


@pytest.mark.parametrize("empty", [(), EMPTY[:1], EMPTY[1:2], EMPTY[2:], EMPTY])
@pytest.mark.parametrize("service", sorted(SERVICES))
def test_nobody_hears_a_word_whose_certificate_is_not_trusted(
    ask, certificate, monkeypatch, service, empty
):
    for name in empty:
        monkeypatch.setenv(name, "")
    with serving(answer, certificate) as server:
        result = ask(service, server.url)
        assert server.asked == []
    assert result.code == 4, result
    assert "certificate" in result.out + result.err


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_an_authority_that_is_named_is_trusted(ask, trusted, certificate, service):
    with serving(answer, certificate) as server:
        result = ask(service, server.url)
        assert server.asked
    assert result.code == 0, result


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_certificate_of_another_host_is_none(ask, trusted, authority, service):
    with serving(answer, authority.issue_cert("other.example")) as server:
        result = ask(service, server.url)
        assert server.asked == []
    assert result.code == 4, result


def test_a_storage_is_no_exception(certificate, monkeypatch):
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    with serving(answer, certificate) as server:
        with pytest.raises(NetworkError, match="certificate"):
            transfer.download(server.url + "/file", 10)
        assert server.asked == []


def test_whatever_is_named_first_and_is_not_empty_is_trusted(monkeypatch):
    assert os.path.isfile(tls.authorities())
    monkeypatch.setenv("CURL_CA_BUNDLE", "/curl.pem")
    assert tls.authorities("", " ") == "/curl.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/requests.pem")
    assert tls.authorities("") == "/requests.pem"
    assert tls.authorities("/aws.pem") == "/aws.pem"
    with pytest.raises(ConfigError, match=r"/requests.pem \(REQUESTS_CA_BUNDLE\) do not exist"):
        tls.check("/requests.pem")


@pytest.mark.parametrize("service", ["langfuse", "model", "github"])
def test_a_netrc_does_not_replace_a_key(ask, home, service):
    netrc = home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password from-netrc\n")
    netrc.chmod(0o600)
    with serving(answer) as server:
        assert ask(service, server.url).code == 0
        sent = [one.headers.get("authorization", "") for one in server.asked]
    expected = "Basic cGs6YS1rZXktdGhhdC1ub2JvZHktZWxzZS1tYXktc2Vl"
    assert set(sent) == {expected if service == "langfuse" else "Bearer " + KEY}


def test_a_storage_gets_no_key_at_all(home):
    netrc = home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password from-netrc\n")
    netrc.chmod(0o600)
    with serving(lambda asked, url: (200, b"0123456789", {})) as server:
        assert transfer.download(server.url + "/file", 10) == b"0123456789"
        assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("service", ["langfuse", "model", "github"])
def test_nobody_is_followed_elsewhere(ask, service, status):
    with serving(answer) as elsewhere:
        target = {"Location": elsewhere.url + "/stolen"}
        with serving(lambda asked, url: (status, b"", target)) as server:
            result = ask(service, server.url)
            assert len(server.asked) == 1
        assert elsewhere.asked == []
    assert result.code == 3, result


def test_the_pages_of_a_listing_stay_on_their_server(ask):
    with serving(answer) as elsewhere:
        link = {"Link": '<{}/next>; rel="next"'.format(elsewhere.url)}
        with serving(lambda asked, url: (200, [], link)) as server:
            result = ask("github", server.url)
        assert elsewhere.asked == []
    assert result.code == 3 and "next page is not at" in result.err
