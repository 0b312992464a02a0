"""The pytest fixture of the test server."""

from typing import Any, Callable, Iterator, List

import pytest

from .server import LangfuseServer


@pytest.fixture
def langfuse() -> Iterator[Callable[..., LangfuseServer]]:
    """A factory: `langfuse("v3", visible_after=1000)` gives a running server; all stop at the end."""
    running: List[LangfuseServer] = []

    def start(kind: str, **options: Any) -> LangfuseServer:
        server = LangfuseServer(kind, **options).__enter__()
        running.append(server)
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)
