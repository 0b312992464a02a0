"""A Langfuse server for tests: real HTTP on loopback, checked against recordings of real servers.

    with LangfuseServer(kind="v3") as server:
        ...server.url, server.requests, server.observations(), server.fail("429")

The pytest fixture is in `langfuse_server.fixtures`; nothing else here needs pytest.
"""

from .kinds import KINDS
from .server import LangfuseServer

__all__ = ["KINDS", "LangfuseServer"]
