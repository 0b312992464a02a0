"""Scores from files."""

import io
import json

import pytest

from coaiapy.config import settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores.files import read_scores

CSV = """\
id,name,value,trace_id,comment,metadata,config
,quality,0.5,t1,"two
lines","{""k"": 1}",
mine,quality,word,t1,,,
,,3,t2,,,Rating
"""

RATING = {"name": "Rating", "dataType": "NUMERIC", "minValue": 0, "maxValue": 10}


def read(text, name="scores.csv", **options):
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    return read_scores(settings.load(), io.BytesIO(data), name, **options)


def wrong(text, name="scores.csv", **options):
    with pytest.raises(UsageError) as error:
        read(text, name, **options)
    return str(error.value)


def test_a_csv_file():
    score_configs.create(settings.load(), RATING)
    first, second, third = read(CSV)
    assert (first.value, first.data_type, first.comment) == (0.5, "NUMERIC", "two\nlines")
    assert first.metadata == {"k": 1}
    assert (second.id, second.value, second.data_type) == ("mine", "word", "CATEGORICAL")
    assert (third.name, third.value, third.trace_id) == ("Rating", 3, "t2")


def test_the_same_file_means_the_same_scores_and_equal_rows_are_two():
    score_configs.create(settings.load(), RATING)
    assert [one.id for one in read(CSV)] == [one.id for one in read(CSV)]
    text = "name,value,trace_id\nq,1,t\nq,1,t\n"
    assert len({one.id for one in read(text)}) == 2


@pytest.mark.parametrize("name", ["scores.jsonl", ""])
def test_json_lines(name):
    lines = [
        {"name": "q", "value": True, "traceId": "t"},
        {"name": "q", "value": 2, "traceId": "t"},
    ]
    found = read("\n".join(map(json.dumps, lines)), name)
    assert [(one.value, one.data_type) for one in found] == [(1, "BOOLEAN"), (2, "NUMERIC")]


def test_a_json_list_a_byte_order_mark_and_tabs():
    assert len(read(json.dumps([{"name": "q", "value": 1, "session_id": "s"}]), "x.json")) == 1
    assert read(b"\xef\xbb\xbfname,value,trace_id\nq,1,t\n")[0].name == "q"
    assert read("name\tvalue\ttrace_id\nq\t1\tt\n", "x.tsv")[0].value == 1


def test_defaults_stand_for_what_a_row_leaves_out():
    score_configs.create(settings.load(), RATING)
    text = "value,trace_id\n4,t\n"
    assert read(text, defaults={"config": "rating"})[0].name == "Rating"
    assert read(text, defaults={"name": "n", "config": None})[0].name == "n"


def test_every_wrong_row_is_named_and_nothing_is_returned():
    said = wrong("name,value,trace_id,config\nq,1,t,\nq,,t,\n,3,t,Nobody\nq,1,,\n")
    assert said.startswith("3 of 4 scores are wrong, so nothing was written:")
    for part in ("line 3: value", "line 4: no score config 'Nobody'", "line 5: a score needs"):
        assert part in said


def test_other_faults():
    assert "line 2: the number of cells is 3, but the header has 2" in wrong("name,value\nq,1,2\n")
    assert "unknown column 'colour'" in wrong("name,value,trace_id,colour\nq,1,t,red\n")
    assert "UTF-8" in wrong(b"name,value,trace_id\n\xff,1,t\n")
    assert "it contains no scores" in wrong("name,value,trace_id\n")
    assert "is already the id of line 2" in wrong("id,name,value,trace_id\na,q,1,t\na,q,1,t\n")
    assert "item 1: a score is an object" in wrong("[1]", "x.json")
    assert "line 2 is not CSV" in wrong('name,value\n"q,1\n')
    assert "NOPE" in wrong("name,value,trace_id,dataType\nq,1,t,NOPE\n")


def test_an_unknown_config_is_asked_for_once(use):
    server = use("v3")
    wrong("value,trace_id,config\n" + "1,t,Nobody\n" * 30)
    assert len([one for one in server.requests if "score-configs" in one.path]) == 1
