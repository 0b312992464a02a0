"""Cron expressions become what every scheduler knows."""

import pytest

from coaiapy.running.pipelines.schedules import cron


@pytest.mark.parametrize(
    "expression, text",
    [
        ("@daily", "0 0 * * *"),
        ("0 6 * JAN,dec 7", "0 6 * 1,12 0"),
        ("0 6 * * 5-7", "0 6 * * 0,5,6"),
    ],
)
def test_names_become_what_every_scheduler_knows(expression, text):
    assert cron.parse(expression).text == text
