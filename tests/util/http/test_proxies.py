"""A proxy or a file of certificates that is wrong is named, whichever service is asked."""

import socket

import pytest
import trustme
from requests.exceptions import InvalidSchema
from web_server import serving

from coaiapy import patience
from coaiapy.audio import aws as audio_aws
from coaiapy.config import values as config_values
from coaiapy.errors import CoaiaError, ExitCode

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
COMMANDS = {
    "Langfuse": "fuse projects",
    "OpenAI": "summarize hello",
    "GitHub": "gh issues list --owner a --repo b",
}


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in BUNDLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("coaiapy.patience.FIRST_PAUSE", 0.001)
    monkeypatch.setattr(patience, "AWS", patience.AWS._replace(tries=1))
    for name, value in {
        "LANGFUSE_PUBLIC_KEY": "pk",
        "LANGFUSE_SECRET_KEY": "sk",
        "LANGFUSE_BASE_URL": "https://langfuse.example.org",
        "OPENAI_API_KEY": "sk-1",
        "AWS_KEY_ID": "AKIA1",
        "AWS_SECRET_KEY": "secret-1",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)


def ask_aws():
    client = audio_aws.client(config_values.load(), "polly")
    with audio_aws.translated("polly"):
        client.describe_voices()


@pytest.fixture(params=list(COMMANDS) + ["AWS"])
def ask(request, run):
    """Return a function that asks one service and returns the exit code and the message."""

    def command():
        result = run(*COMMANDS[request.param].split())
        assert result.err.count("\n") == 1
        return result.code, result.err

    def aws():
        with pytest.raises(CoaiaError) as caught:
            ask_aws()
        return caught.value.exit_code, str(caught.value)

    return aws if request.param == "AWS" else command


def answering(status):
    """Return a proxy that answers this status to every request, also to CONNECT."""
    head = "HTTP/1.1 {} No\r\nContent-Length: 0\r\n\r\n".format(status).encode("ascii")
    return serving(lambda asked, url: [head])


@pytest.mark.parametrize(
    "status, code", [(407, ExitCode.CONFIG), (403, ExitCode.CONFIG), (502, ExitCode.NETWORK)]
)
def test_a_proxy_that_refuses(ask, monkeypatch, status, code):
    with answering(status) as proxy:
        address = proxy.url.replace("//", "//me:hidden-pass@")
        monkeypatch.setenv("HTTPS_PROXY", address)
        found, said = ask()
    assert found == code
    assert "the proxy {} (HTTPS_PROXY) answered {}".format(proxy.url, status) in said
    assert "hidden-pass" not in said and "BASE_URL" not in said


def test_a_proxy_that_is_down(ask, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = "http://127.0.0.1:{}".format(taken.getsockname()[1])
        monkeypatch.setenv("HTTPS_PROXY", address)
        code, said = ask()
    assert code == ExitCode.NETWORK
    assert "the proxy {} (HTTPS_PROXY) could not be reached".format(address) in said


@pytest.mark.parametrize("address", ["http://[::1", "ftp://127.0.0.1:9"])
def test_an_address_that_is_no_proxy(ask, monkeypatch, address):
    monkeypatch.setenv("HTTPS_PROXY", address)
    code, said = ask()
    assert code == ExitCode.CONFIG and "proxy" in said and "HTTPS_PROXY" in said


@pytest.mark.parametrize("words", list(COMMANDS.values()))
def test_socks_without_its_package(run, monkeypatch, words):
    monkeypatch.setattr("requests.adapters.SOCKSProxyManager", _no_socks)
    monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:9")
    result = run(*words.split())
    assert result.code == ExitCode.CONFIG
    assert "the proxy socks5h://127.0.0.1:9 (ALL_PROXY) needs the package PySocks" in result.err


def _no_socks(*args, **options):
    raise InvalidSchema("Missing dependencies for SOCKS support.")


@pytest.mark.parametrize("variable", BUNDLES[:2])
def test_certificates_that_do_not_exist(ask, monkeypatch, variable):
    monkeypatch.setenv(variable, "/no/such.pem")
    code, said = ask()
    assert code == ExitCode.CONFIG
    assert "/no/such.pem ({})".format(variable) in said


def test_a_file_without_certificates(run, monkeypatch, project):
    path = project / "empty.pem"
    path.write_text("nothing\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with serving(lambda asked, url: (200, {}, {}), trustme.CA().issue_cert("localhost")) as server:
        monkeypatch.setenv("LANGFUSE_BASE_URL", server.url)
        result = run("fuse", "projects")
    assert result.code == ExitCode.CONFIG and str(path) in result.err


def test_plain_http_through_a_proxy(run, monkeypatch):
    monkeypatch.setenv("LANGFUSE_BASE_URL", "http://langfuse.example.org")
    for status, words in ((407, "answered 407 to the user"), (502, "(through the proxy http")):
        with answering(status) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            result = run("fuse", "health")
        assert words in result.err and proxy.url in result.err
