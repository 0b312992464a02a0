"""docs/prompts.md: its examples do what they say."""

from documents import check


def test_every_command_prints_what_it_says(use):
    use("v3")
    check("docs/prompts.md")
