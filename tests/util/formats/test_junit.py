"""Results of checks as JUnit's XML."""

from xml.etree import ElementTree

from coaiapy.util.formats.junit import Case, suite


def test_a_ci_service_finds_what_failed_and_why():
    cases = [
        Case("fine", 0.5),
        Case('a "name" <&>\0', 1, failure="not\0 the same", output="<b>\ud800"),
        Case("broken", 2, error="no & template"),
    ]
    read = ElementTree.fromstring(suite("checks", cases))
    assert (read.get("tests"), read.get("failures"), read.get("errors")) == ("3", "1", "1")
    fine, failed, broken = read
    assert (fine.get("name"), fine.get("time"), list(fine)) == ("fine", "0.500", [])
    assert failed.get("name") == 'a "name" <&>\ufffd'
    assert (failed[0].get("message"), failed[0].text) == ("not\ufffd the same", "<b>\ufffd")
    assert (broken[0].tag, broken[0].get("message")) == ("error", "no & template")
