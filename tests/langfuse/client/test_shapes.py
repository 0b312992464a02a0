"""Answers of servers are checked before anything is made of them."""

import pytest

from coaiapy.langfuse.client.shapes import checked


@pytest.mark.parametrize("path", ["/projects", "/traces/x", "/v2/prompts/a%2Fb", "/comments"])
def test_an_answer_without_a_body_is_no_record(path):
    with pytest.raises(ValueError, match="null instead of"):
        checked("GET", "/api/public" + path, None)


def test_a_deletion_may_answer_nothing():
    assert checked("DELETE", "/api/public/traces/x", None) is None
    assert checked("DELETE", "/api/public/traces/x", {"message": "ok"}) == {"message": "ok"}
