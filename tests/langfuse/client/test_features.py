"""Which version of a server can do what."""

import pytest

from coaiapy.langfuse.client.features import Feature
from coaiapy.langfuse.client.server import Server


@pytest.mark.parametrize(
    "server, wanted, holds",
    [
        (Server("3.99.0", "v3"), (3, 99), True),
        (Server("3.98.9", "v3"), (3, 99), False),
        (Server("4.0.0-rc.1", "v4-dual"), (3, 99), True),
        (Server("2.95.12", "v2"), (3, 0), False),
        (Server("", "v4-events_only"), (4, 0), True),
        (Server("", "v2"), (3, 0), False),
    ],
)
def test_versions_are_compared_as_numbers(server, wanted, holds):
    assert server.has(Feature(*wanted, what="")) is holds
