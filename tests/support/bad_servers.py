"""Servers on loopback that misbehave on every connection, whatever they are asked."""

import itertools
import socket
import threading
from contextlib import contextmanager

HOST = "127.0.0.1"
PAUSE = 0.02
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


@contextmanager
def misbehaving(parts):
    """Yield the port of a server that says each of ``parts()`` to everybody, with pauses.

    After the last part it keeps the connection open and is silent.
    """
    over = threading.Event()
    listener = socket.socket()
    listener.bind((HOST, 0))
    listener.listen(64)
    threading.Thread(target=_accept, args=(listener, parts, over), daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.close()


def _accept(listener, parts, over):
    while not over.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_talk, args=(connection, parts, over), daemon=True).start()


def _talk(connection, parts, over):
    with connection:
        try:
            connection.recv(65536)
            for part in parts():
                connection.sendall(part)
                if over.wait(PAUSE):
                    return
        except OSError:
            return
        over.wait()


def silent():
    return iter(())


def dripping_head():
    return itertools.chain([b"HTTP/1.1 200 OK\r\nX-Head: "], itertools.repeat(b"x"))


def dripping_body():
    return itertools.chain([HEAD + b"Content-Length: 1000000\r\n\r\n{"], itertools.repeat(b" "))


def pings():
    return itertools.chain([HEAD + b"\r\n"], itertools.repeat(b": ping\n\n"))


HTTP_KINDS = (silent, dripping_head, dripping_body, pings)


# Redis


def dripping_value():
    return itertools.chain([b"$100000\r\n"], itertools.repeat(b"x"))


def endless_rows():
    return itertools.chain([b"*1000000000\r\n"], itertools.repeat(b":1\r\n"))


def nested_rows():
    return itertools.chain([b"*1\r\n" * 100000], itertools.repeat(b"*1\r\n"))


REDIS_KINDS = (silent, dripping_value, endless_rows, nested_rows)
