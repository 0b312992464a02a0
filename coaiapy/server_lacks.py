"""The error for a Langfuse server that is too old for what was asked."""

from contextlib import contextmanager
from typing import Any, Iterator, Tuple

from coaiapy.errors import CoaiaError
from coaiapy.langfuse_errors import WrongDialectError
from coaiapy.langfuse_generation import Server, version_of
from coaiapy.langfuse_http import LangfuseHttp


@contextmanager
def needing(http: LangfuseHttp, what: str, since: Tuple[int, int]) -> Iterator[None]:
    """Make a ``WrongDialectError`` in the block say which version of the server is needed.

    ``what`` completes "this server cannot ...", ``since`` is the first version that can.
    """
    try:
        yield
    except WrongDialectError as error:
        version = _version(http)
        if version and Server(version, "").at_least(*since):
            raise  # the server is new enough: there is another reason
        raise WrongDialectError(
            "this Langfuse server{} cannot {}: it needs {}.{} or newer".format(
                " ({})".format(version) if version else "", what, *since
            )
        ) from error


def _version(http: Any) -> str:
    try:
        return version_of(http)
    except CoaiaError:
        return ""
