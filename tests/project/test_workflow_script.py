"""The whole story in one shell script: a recording becomes words, a text, speech, tags, a value.

One trace shows every step.
"""

import json
import os
import subprocess
import sys

from hearing import melody, write_wav
from tinytag import TinyTag

SCRIPT = r"""
set -eu -o pipefail
coaia() { "$PYTHON" -m coaiapy "$@"; }
eval "$(coaia pipeline create simple-trace --var trace_name="Morning memo" --export-env)"
words=$(coaia transcribe memo.wav)
coaia p dictkore "$words" -O memo.txt
coaia synthesize -F memo.txt -O memo.mp3
coaia tag memo.mp3 --title "Morning memo" --artist John
coaia tash memo -F memo.txt
coaia fuse traces trace-view "$COAIA_TRACE_ID"
coaia fuse traces trace-view "$COAIA_TRACE_ID" --json >trace.json
"""


def test_one_script_and_one_trace_of_every_step(openai, polly, project, run):
    write_wav(project / "memo.wav", melody(3, 1, 0.5))
    environment = dict(os.environ, PYTHON=sys.executable, PYTHONIOENCODING="utf-8")
    done = subprocess.run(
        ["bash", "-c", SCRIPT],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.returncode == 0, done.stderr

    text = (project / "memo.txt").read_text()
    assert "user: tone 0 tone 1 tone 2 |" in text
    assert "".join(asked["Text"] for asked in polly.requests) == text
    assert TinyTag.get("memo.mp3").title == "Morning memo"
    assert run("fetch", "memo").out == text

    trace = json.loads((project / "trace.json").read_text())
    steps = [one for one in trace["observations"] if one["name"] in STEPS]
    assert [one["name"] for one in steps] == list(STEPS)
    assert steps[0]["output"] == "tone 0 tone 1 tone 2"
    assert steps[1]["output"] + "\n" == text == steps[2]["input"]
    times = [(one["startTime"], one["endTime"]) for one in steps]
    assert all(start <= end for start, end in times)
    assert all(one[1] <= following[0] for one, following in zip(times, times[1:]))
    for name in STEPS:
        assert name in done.stdout
    print(done.stdout)


STEPS = ("transcribe", "dictkore", "synthesize", "tag", "tash")
