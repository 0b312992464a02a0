"""Items of a dataset from traces: their inputs and outputs, linked to where they come from."""

import json
from hashlib import sha256
from typing import Any, Dict, Iterable, Iterator, List, Optional

from coaiapy.langfuse.datasets.datasets import item_from
from coaiapy.langfuse.datasets.files import FileItems
from coaiapy.langfuse.records.body import Body


def has_failed(trace: Body) -> bool:
    """Tell whether an observation of a trace is an error."""
    return any(one.get("level") == "ERROR" for one in trace.get("observations") or ())


def items_from(
    traces: Iterable[Body], dataset_name: str, observation: Optional[str], with_output: bool
) -> FileItems:
    """Return an item for each trace, or for each of its observations of that name, with an input.

    Its id is a hash of the dataset's name and its source, so that taking it again changes nothing.
    ``with_output`` makes the output what is expected.
    """
    items: Dict[str, Body] = {}
    places: Dict[str, str] = {}
    count = 0
    for source in _sources(traces, observation):
        if source.get("input") is None:
            continue
        count += 1
        item = _item(source, dataset_name, with_output)
        items.setdefault(item["id"], item)
        places[item["id"]] = "trace {}".format(item["sourceTraceId"])
    found: List[Body] = list(items.values())
    return FileItems(found, places, count - len(found))


def _sources(traces: Iterable[Body], observation: Optional[str]) -> Iterator[Body]:
    for trace in traces:
        if observation is None:
            yield {
                "traceId": trace["id"],
                "input": trace.get("input"),
                "output": trace.get("output"),
            }
            continue
        for one in trace.get("observations") or ():
            if one.get("name") == observation:
                yield dict(one, traceId=trace["id"], observationId=one["id"])


def _item(source: Body, dataset_name: str, with_output: bool) -> Any:
    observation_id = source.get("observationId")
    text = json.dumps([dataset_name, source["traceId"], observation_id])
    return item_from(
        {
            "id": sha256(text.encode("utf-8", "replace")).hexdigest()[:32],
            "input": source["input"],
            "expectedOutput": source.get("output") if with_output else None,
            "sourceTraceId": source["traceId"],
            "sourceObservationId": observation_id,
        }
    )
