"""What a Langfuse server cannot do because it is too old, said in words."""

from contextlib import contextmanager
from typing import Any, Iterator, Tuple

from coaiapy.errors import CoaiaError
from coaiapy.langfuse_errors import WrongDialectError
from coaiapy.langfuse_generation import Server, version_of
from coaiapy.langfuse_http import LangfuseHttp


@contextmanager
def needing(http: LangfuseHttp, what: str, since: Tuple[int, int]) -> Iterator[None]:
    """Say, where the server knows no such endpoint, that to do ``what`` it needs a version.

    The error stays a ``WrongDialectError``.
    """
    try:
        yield
    except WrongDialectError as error:
        version = _version(http)
        if version and Server(version, "").at_least(*since):
            raise  # then it is not the version
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
