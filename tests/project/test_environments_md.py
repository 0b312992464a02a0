"""docs/environments.md: its examples do what they say."""

from documents import check


def test_every_command_prints_what_it_says():
    check("docs/environments.md")
