"""Definitions for schedulers of other machines: a workflow of GitHub, a CronJob of Kubernetes."""

import json
import os
import re
from shlex import quote
from typing import List

from coaiapy.errors import UsageError
from coaiapy.running.pipelines.schedules.job import Job, check_travels, remote_words, repository

# Names of Kubernetes' jobs have up to 52 characters of these.
_LONGEST_NAME = 52
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_KEYS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "LANGFUSE_HOST")


def github(job: Job) -> str:
    """Return a workflow of GitHub Actions."""
    check_travels(job)
    top = repository(job.folder)
    if top is None:
        raise UsageError(
            "this folder is in no git repository, so that no workflow can check it out: use "
            "another --format"
        )
    command = " ".join(map(quote, remote_words(job)))
    lines = [
        "# .github/workflows/coaia-{}.yml".format(job.name),
        "name: " + _text("coaia pipeline {}".format(job.name)),
        "on:",
        "  schedule:",
        "    - cron: {}  # in UTC".format(_text(job.cron.text)),
        "  workflow_dispatch:",
        "permissions:",
        "  contents: read",
        "jobs:",
        "  pipeline:",
        "    runs-on: ubuntu-latest",
        "    steps:",
        "      - uses: actions/checkout@v4",
        "      - uses: actions/setup-python@v5",
        "        with:",
        '          python-version: "3.x"',
        "      - run: pip install coaiapy",
        "      - run: " + _text(command.replace("${{", "${{ '${{' }}")),
    ]
    inside = os.path.relpath(job.folder, top)
    if inside != os.curdir:
        lines.append("        working-directory: " + _text(inside))
    lines.append("        env:")
    lines += ["          {0}: ${{{{ secrets.{0} }}}}".format(key) for key in _KEYS]
    return "\n".join(lines) + "\n"


def kubernetes(job: Job) -> str:
    """Return a CronJob, which gets its settings from the secret ``coaia``."""
    check_travels(job)
    if not job.image:
        raise UsageError("name the container image that has coaiapy and the project: --image IMAGE")
    words = [word.replace("$(", "$$(") for word in remote_words(job)]
    name = "coaia-" + _NOT_IN_NAMES.sub("-", job.name.lower()).strip("-")
    lines = [
        "# kubectl create secret generic coaia --from-env-file=.env, then: kubectl apply -f FILE",
        "apiVersion: batch/v1",
        "kind: CronJob",
        "metadata:",
        "  name: " + _text(name[:_LONGEST_NAME].rstrip("-")),
        "spec:",
        "  schedule: {}  # in the time zone of the cluster, unless timeZone says another".format(
            _text(job.cron.text)
        ),
        "  concurrencyPolicy: Forbid",
        "  jobTemplate:",
        "    spec:",
        "      backoffLimit: 0",
        "      template:",
        "        spec:",
        "          restartPolicy: Never",
        "          containers:",
        "            - name: coaia",
        "              image: " + _text(job.image),
        "              command: [{}]".format(_text(words[0])),
        "              args:",
    ]
    lines += _items(words[1:], "                ")
    lines += [
        "              envFrom:",
        "                - secretRef:",
        "                    name: coaia",
    ]
    return "\n".join(lines) + "\n"


def _items(words: List[str], indent: str) -> List[str]:
    return ["{}- {}".format(indent, _text(word)) for word in words]


def _text(text: str) -> str:
    """Return a text for YAML, in double quotes, with escapes for what cannot be printed."""
    return "".join(map(_printable, json.dumps(text, ensure_ascii=False)))


def _printable(character: str) -> str:
    if character.isprintable() or character == " ":
        return character
    return "\\U{:08x}".format(ord(character))
