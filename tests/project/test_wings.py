"""docs/wings.svg: the picture shows the wings and what they import from, as they are now."""

import sys
from xml.etree import ElementTree

from package_code import MODULES
from places import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import make_wings  # noqa: E402
import pytest

pytestmark = pytest.mark.once


def test_the_picture_is_what_the_imports_say_now():
    drawn = make_wings.PICTURE.read_text(encoding="utf-8")
    assert drawn == make_wings.drawn(make_wings.panels()), "it is stale: make docs"


def test_the_picture_shows_every_wing_and_every_part():
    picture = ElementTree.parse(str(make_wings.PICTURE)).getroot()
    shown = {element.text for element in picture if element.tag.endswith("text")}
    wings = {module.split(".")[0] for module in MODULES} - make_wings.START
    assert len(wings) > 15 and wings <= shown
    parts = make_wings.architecture.INSIDE["langfuse"]
    assert set(parts) <= shown


def test_a_line_is_left_out_where_others_lead_the_same_way():
    arrows = {"roof": {"wall", "ground"}, "wall": {"ground"}, "door": {"ground"}}
    left = {"roof": {"wall"}, "wall": {"ground"}, "door": {"ground"}}
    assert make_wings.without(arrows) == left
    rows = make_wings.rows_of(arrows, {"roof", "wall", "door", "ground"})
    assert rows == [["roof"], ["door", "wall"], ["ground"]]
