"""docs/tour.svg: the picture shows what the tour of README.md does, as it is now."""

import sys
from xml.etree import ElementTree

from documents import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import make_tour  # noqa: E402
import pytest

pytestmark = pytest.mark.once


def test_the_picture_is_what_the_tour_shows_now():
    lines = make_tour.recorded(make_tour.tour())
    drawn = make_tour.PICTURE.read_text(encoding="utf-8")
    assert drawn == make_tour.drawn(lines), "it is stale: make docs"


def test_the_picture_shows_every_command_of_the_tour():
    picture = ElementTree.parse(str(make_tour.PICTURE)).getroot()
    rows = ["".join(row.itertext()) for row in picture if row.tag.endswith("text")]
    commands = [step.command for step in make_tour.tour() if step.command]
    assert len(commands) > 5
    for command in commands:
        assert "$ " + command in "".join(rows)
