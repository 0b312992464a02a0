"""POST requests that must not take effect twice.

When the response was lost, the server is asked whether the object exists before another try.
"""

import time
from typing import Callable, Optional

from coaiapy.errors import NetworkError
from coaiapy.langfuse.records.fields import Body
from coaiapy.langfuse_errors import UnavailableError
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.util.http.retry import backoff


def post(
    http: LangfuseHttp,
    path: str,
    body: Body,
    find: Callable[[], Optional[Body]],
    what: str,
    posts: int = 1,
) -> Body:
    """POST ``body`` and return the object that the server has created.

    When the response was lost, ``find()`` has to return the created object, or ``None`` if there is
    none. Only after ``None`` is ``body`` posted again, at most ``posts`` times in all. Raises the
    error of the last try, or ``NetworkError`` when ``find`` gets no response either; ``what`` names
    the object in that message ("prompt 'x'").
    """
    tries = 0
    while True:
        try:
            made: Body = http.request("POST", path, json=body)
            return made
        except UnavailableError as error:
            if error.unsent or error.status == 429:
                raise
            time.sleep(backoff(tries))
            tries += 1
            found = _looked_for(find, what, error)
            if found is not None:
                return found
            if tries == posts:
                raise


def _looked_for(
    find: Callable[[], Optional[Body]], what: str, lost: UnavailableError
) -> Optional[Body]:
    try:
        return find()
    except NetworkError:
        raise NetworkError(
            "it is not known whether {} was created, so look before you create it again: {}".format(
                what, lost
            )
        ) from lost
