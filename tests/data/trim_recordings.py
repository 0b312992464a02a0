"""Trim recordings of real Langfuse servers to what the tests need of them.

    python tests/data/trim_recordings.py FOLDER

FOLDER holds JSON files of servers, each with `exchanges` (name, request, response) and perhaps
`version`; a file `v3-more.json` goes on with the server of `v3.json`. Written next to this script, in langfuse/, under the same names: the requests whole,
and of the answers the status, the content type and the body's shape (see
langfuse_server/shapes.py). Refusals and per-event results are kept word for word.
"""

import json
import pathlib
import sys
from typing import Any, Dict, List

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from langfuse_server.shapes import shape_of  # noqa: E402

REQUEST_KEYS = ("method", "path", "query", "headers", "auth", "body")


def trimmed(exchange: Dict[str, Any]) -> Dict[str, Any]:
    request, response = exchange["request"], exchange["response"]
    kept = {"name": exchange["name"], "status": response["status"]}
    kept["content_type"] = response["content_type"]
    kept["request"] = {key: request[key] for key in REQUEST_KEYS if request[key]}
    is_html = "html" in (response["content_type"] or "")
    if not is_html and (response["status"] >= 400 or response["status"] == 207):
        kept["body"] = response["body"]
    else:
        kept["shape"] = shape_of(response["body"])
    return kept


def write(recording: Dict[str, Any], target: pathlib.Path) -> None:
    """One line per exchange, so that a change of a recording shows where it is."""
    lines: List[str] = [json.dumps(trimmed(one)) for one in recording["exchanges"]]
    head = '{"version": %s, "exchanges": [\n' % json.dumps(recording.get("version"))
    target.write_text(head + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def main(folder: str) -> None:
    for source in sorted(pathlib.Path(folder).glob("*.json")):
        recording = json.loads(source.read_text(encoding="utf-8"))
        write(recording, HERE / "langfuse" / source.name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/data/trim_recordings.py FOLDER")
    main(sys.argv[1])
