"""docs/sharing-templates.md: its examples do what they say."""

from documents import check


def test_every_example_does_what_it_says():
    check("docs/sharing-templates.md")
