"""JSON Lines, whatever is in the values and however they are split again."""

import io
import json

from hypothesis import example, given
from hypothesis import strategies as st

from coaiapy.cli.output import print_json_lines
from coaiapy.cli.parser import Context
from coaiapy.util.formats.json_values import json_lines

VALUES = st.lists(st.dictionaries(st.text(), st.text()))


@given(VALUES)
@example([{"a": "\x85\u2028\u2029\r\n", "\ud800": "é"}])
def test_every_reader_sees_one_value_a_line(values):
    text = json_lines(values)
    assert [json.loads(line) for line in text.splitlines()] == values
    text.encode("utf-8")


def test_a_stream_that_knows_ascii_alone_gets_json_too():
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    print_json_lines(Context(io.StringIO(), stdout, io.StringIO()), [{"name": "é\u2028"}])
    stdout.flush()
    assert stdout.buffer.getvalue() == b'{"name": "\\u00e9\\u2028"}\n'
