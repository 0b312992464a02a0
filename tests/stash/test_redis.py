"""Redis as it is met in the wild: passwords, TLS, users, and everything that goes wrong."""

import socket
import threading

import pytest
import redis
import trustme
from redis_for_tests import HOST, TLS_HOST, behind_tls, free_port, running

PASSWORD = "correct horse/battery@staple:%"


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    with running(tmp_path_factory.mktemp("locked"), password=PASSWORD) as server:
        client = redis.Redis(HOST, server.port, password=PASSWORD)
        client.execute_command("ACL", "SETUSER", "ann", "on", ">anns", "~*", "+@all")
        client.execute_command("ACL", "SETUSER", "reader", "on", ">r", "~*", "+get", "+type")
        yield server


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def tls_port(locked, authority):
    with behind_tls(locked.port, authority.issue_cert(TLS_HOST)) as port:
        yield port


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch):
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("REDIS_SSL_CA_CERTS", str(path))


@pytest.fixture
def put_and_get(run):
    def check(key="key"):
        said = run("tash", key, "välue")
        assert (said.code, said.out) == (0, "")
        assert "stashed 6 bytes" in said.err
        got = run("fetch", key)
        assert (got.code, got.out, got.err) == (0, "välue", "")

    return check


def quoted(text):
    return "".join("%{:02X}".format(byte) for byte in text.encode("utf-8"))


def test_by_url(plain, monkeypatch, put_and_get):
    monkeypatch.setenv("REDIS_URL", plain.url)
    put_and_get()
    assert redis.Redis(HOST, plain.port).get("key") == "välue".encode("utf-8")


def test_by_url_with_a_database(plain, monkeypatch, put_and_get):
    monkeypatch.setenv("KV_URL", plain.url + "/3")
    put_and_get("third")
    assert redis.Redis(HOST, plain.port, db=3).exists("third")
    assert not redis.Redis(HOST, plain.port).exists("third")


@pytest.mark.parametrize("user", [":" + quoted(PASSWORD), "ann:anns"])
def test_by_url_with_user_and_password(locked, monkeypatch, put_and_get, user):
    monkeypatch.setenv("REDIS_URL", "redis://{}@{}:{}/1".format(user, HOST, locked.port))
    put_and_get()


def test_by_host_and_port(locked, monkeypatch, put_and_get):
    monkeypatch.setenv("REDIS_HOST", HOST)
    monkeypatch.setenv("REDIS_PORT", str(locked.port))
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    monkeypatch.setenv("REDIS_DB", "2")
    put_and_get()


def test_by_file(locked, project, put_and_get):
    (project / ".env").write_text("REDIS_PASSWORD='{}'\n".format(PASSWORD))
    text = '{{"jtaleconf": {{"host": "{}", "port": {}, "ssl": false}}}}'
    (project / "coaia.json").write_text(text.format(HOST, locked.port))
    put_and_get()


@pytest.mark.parametrize("prefix", ["UPSTASH_REDIS_REST_", "KV_REST_API_"])
def test_by_address_and_token_over_tls(trusted, tls_port, monkeypatch, put_and_get, prefix):
    monkeypatch.setenv(prefix + "URL", "https://{}:{}".format(TLS_HOST, tls_port))
    monkeypatch.setenv(prefix + "TOKEN", PASSWORD)
    put_and_get()


def test_over_tls_by_url_and_by_switch(trusted, tls_port, monkeypatch, put_and_get):
    url = "rediss://:{}@{}:{}".format(quoted(PASSWORD), TLS_HOST, tls_port)
    monkeypatch.setenv("REDIS_URL", url)
    put_and_get()
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_HOST", TLS_HOST)
    monkeypatch.setenv("REDIS_PORT", str(tls_port))
    monkeypatch.setenv("REDIS_PASSWORD", PASSWORD)
    monkeypatch.setenv("REDIS_SSL", "true")
    put_and_get()


def test_a_certificate_that_nobody_knows_is_taken_on_demand_only(
    tls_port, monkeypatch, put_and_get
):
    url = "rediss://:{}@{}:{}?ssl_cert_reqs=none".format(quoted(PASSWORD), HOST, tls_port)
    monkeypatch.setenv("REDIS_URL", url)
    put_and_get()


@pytest.fixture
def fails(run, monkeypatch):
    """Hold all three ways to use a server to one sentence, one exit code and no secret."""

    def check(url, code, *words, **options):
        monkeypatch.setenv("REDIS_URL", url)
        commands = options.get("commands") or (("tash", "key", "v"), ("fetch", "key"))
        for command in commands:
            result = run(*command)
            assert (result.code, result.out) == (code, ""), result.err
            assert result.err.count("\n") == 1, result.err
            assert "stashed" not in result.err
            for word in words + ("REDIS_URL",):
                assert word in result.err
            for secret in (PASSWORD, quoted(PASSWORD), "wrong-one"):
                assert secret not in result.err

    return check


def test_nobody_listens(fails):
    fails("redis://{}:{}".format(HOST, free_port()), 4, "refused the connection")


def test_no_such_host(fails):
    fails("redis://no-such-host.invalid", 4, "cannot be found", "no-such-host.invalid")


def test_a_wrong_password(fails, locked):
    fails("redis://:wrong-one@{}:{}".format(HOST, locked.port), 3, "refused the password")


def test_a_wrong_user(fails, locked):
    fails("redis://eve:wrong-one@{}:{}".format(HOST, locked.port), 3, "refused the password")


def test_no_password(fails, locked):
    fails("redis://{}:{}".format(HOST, locked.port), 3, "needs a password")


def test_a_password_for_a_server_without_one(fails, plain):
    fails("redis://:wrong-one@{}:{}".format(HOST, plain.port), 3, "has no password")


def test_a_user_who_may_only_read(fails, locked, run):
    url = "redis://reader:r@{}:{}".format(HOST, locked.port)
    fails(url, 3, "does not allow", commands=[("tash", "key", "v")])
    assert run("fetch", "missing").code == 1


def test_no_such_database(fails, plain):
    fails(plain.url + "/99", 3, "no database of that number")


def test_a_full_server(fails, tmp_path, run):
    with running(tmp_path, "--maxmemory-policy", "noeviction") as server:
        client = redis.Redis(HOST, server.port)
        client.set("before", "kept")
        client.set("much", b"x" * 5000000)
        client.config_set("maxmemory", "4mb")
        fails(server.url, 4, "is full and stored nothing", commands=[("tash", "key", "v")])
        assert client.get("key") is None
        assert run("fetch", "before").out == "kept"


def test_a_server_that_does_not_answer(fails, tmp_path, monkeypatch):
    monkeypatch.setenv("REDIS_TIMEOUT", "0.3")
    with running(tmp_path) as server, server.stopped():
        fails(server.url, 4, "did not answer within 0.3 s", commands=[("fetch", "key")])
        unknown = "so it is not known whether it did what was asked"
        fails(server.url, 4, "did not answer", unknown, commands=[("tash", "key", "v")])


def test_a_server_that_died(fails, tmp_path):
    with running(tmp_path) as server:
        url = server.url
    fails(url, 4, "refused the connection")


def test_a_read_only_copy(fails, plain, tmp_path):
    copy_of = "{} {}".format(HOST, plain.port)
    with running(tmp_path, "--replicaof", *copy_of.split()) as copy:
        fails(copy.url, 3, "read-only copy", commands=[("tash", "key", "v")])


def test_too_many_clients(fails, tmp_path):
    with running(tmp_path, "--maxclients", "1") as server:
        client = redis.Redis(HOST, server.port)
        while True:
            try:
                client.ping()
                break
            except redis.RedisError:
                pass  # the connection that saw it start is not counted out yet
        fails(server.url, 4, "too many clients")
        client.close()


def test_a_certificate_of_an_unknown_authority(fails, tls_port):
    url = "rediss://:{}@{}:{}".format(quoted(PASSWORD), TLS_HOST, tls_port)
    fails(url, 4, "certificate that cannot be trusted", "REDIS_SSL_CA_CERTS")


def test_a_certificate_of_another_host(fails, trusted, locked, authority):
    with behind_tls(locked.port, authority.issue_cert("other.example")) as port:
        url = "rediss://:{}@{}:{}".format(quoted(PASSWORD), TLS_HOST, port)
        fails(url, 4, "certificate that cannot be trusted", "the host's name")


def test_a_file_of_authorities_that_is_none(run, tls_port, monkeypatch, project):
    monkeypatch.setenv("REDIS_URL", "rediss://{}:{}".format(TLS_HOST, tls_port))
    monkeypatch.setenv("REDIS_SSL_CA_CERTS", "some.pem")
    result = run("tash", "key", "v")
    assert result.code == 3
    assert "some.pem is not a file" in result.err
    (project / "some.pem").write_text("nothing\n")
    result = run("tash", "key", "v")
    assert result.code == 3
    assert "contains no certificate" in result.err


def test_tls_where_there_is_none(fails, plain, monkeypatch):
    monkeypatch.setenv("REDIS_TIMEOUT", "1")
    fails("rediss://{}:{}".format(HOST, plain.port), 4, "does it speak TLS there?")
    monkeypatch.setenv("REDIS_TIMEOUT", "60")
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        fails("rediss://{}:{}".format(HOST, port), 4, "does not speak TLS")


def test_no_tls_where_there_is_some(fails, tls_port):
    fails("redis://{}:{}".format(HOST, tls_port), 4, "rediss://")


def test_something_else_answers(fails):
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        fails("redis://{}:{}".format(HOST, port), 3, "does not speak Redis")


class answering:  # noqa: N801
    """A server that says one thing to everybody, until the block ends."""

    def __init__(self, data):
        self.data = data
        self.listener = socket.socket()

    def __enter__(self):
        self.listener.bind((HOST, 0))
        self.listener.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()
        return self.listener.getsockname()[1]

    def __exit__(self, *exc):
        self.listener.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.recv(1000)
            connection.sendall(self.data)


def test_a_key_of_another_kind(plain, run, monkeypatch):
    monkeypatch.setenv("REDIS_URL", plain.url)
    redis.Redis(HOST, plain.port).lpush("a-list", "x")
    result = run("fetch", "a-list")
    assert (result.code, result.out) == (5, "")
    assert "another kind" in result.err or "wrong kind" in result.err
    assert run("stash", "list", "a-list", "--json").out.strip() == "[]"


def test_keys_of_other_programs_need_not_be_text(plain, run, monkeypatch):
    monkeypatch.setenv("REDIS_URL", plain.url)
    client = redis.Redis(HOST, plain.port)
    client.set(b"odd\xff", b"1")
    assert "odd" in run("stash", "list", "odd*").out
    assert run("stash", "delete", "odd*", "--yes").code == 0
    assert not client.exists(b"odd\xff")


def test_verbose_says_where_and_only_what_is_true(locked, run, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://ann:anns@{}:{}".format(HOST, locked.port))
    result = run("tash", "key", "v", "-v")
    assert result.code == 0
    assert "as ann (password: given)" in result.err
    assert "the server answers" in result.err
    assert "anns" not in result.err
    monkeypatch.setenv("REDIS_URL", "redis://ann:wrong@{}:{}".format(HOST, locked.port))
    result = run("fetch", "key", "-v")
    assert result.code == 3
    assert "the server answers" not in result.err
