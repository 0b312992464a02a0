"""What every observation has, wherever it was read."""

from coaiapy.langfuse.records import body


def test_totals_are_added_up_as_servers_do():
    given = {"usageDetails": {"input": 1, "cached": 2}, "costDetails": {"total": 1.0, "input": 0.2}}
    found = body.completed(given)
    assert found["usageDetails"] == {"input": 1, "cached": 2, "total": 3}
    assert found["costDetails"] == {"total": 1.0, "input": 0.2}
    assert (found["type"], found["level"]) == ("EVENT", "DEFAULT")
