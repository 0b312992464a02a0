"""One script of all that ``coaia fuse`` keeps, on every server kind and in local mode."""

import shlex
from typing import Dict, NamedTuple, Tuple

import pytest
from langfuse_server import KINDS

from coaiapy.errors import ExitCode

WHERE = sorted(KINDS) + ["local"]
PICTURE = b"\x89PNG not really a picture" * 40


class Step(NamedTuple):
    """A command, what it prints wherever it can work, and its exit code where it cannot."""

    words: str
    shown: Tuple[str, ...] = ()
    but: Dict[str, int] = {}

    def is_shown(self, result):
        """Whether ``result`` has all that is to be seen."""
        return all(text in result.out for text in self.shown)


OLD = {"v2": ExitCode.REFUSED}
NO_SERVER = {"local": ExitCode.CONFIG}
NEW_SERVER = dict(OLD, **NO_SERVER)
STEPS = [
    Step("traces create my-run -s ses -n run", ("my-run",)),
    Step("traces add-observation ob my-run -ts -n step", ("ob",)),
    Step("traces list --csv --columns id,name", ("id,name\nmy-run,run\n",)),
    Step("prompts create a/p Hello --labels production --tags x", ("1\n",), NO_SERVER),
    Step("prompts list --csv --columns name,versions", ("a/p,1\n",), NO_SERVER),
    Step("prompts get a/p --prod -e", ('"Hello"\n',), NO_SERVER),
    Step("prompts labels a/p 1 staging", (), NEW_SERVER),
    Step("prompts promote a/p --version 1 --to review --yes", (), NO_SERVER),
    Step("prompts render a/p --version 1", ("Hello\n",), NO_SERVER),
    Step("prompts diff a/p 1 review", (), NO_SERVER),
    Step("prompts pull folder", ("a/p",), NO_SERVER),
    Step("prompts check folder", (), {"local": ExitCode.STATE}),
    Step("datasets create ds", (), NO_SERVER),
    Step("datasets import ds items.jsonl", (), NO_SERVER),
    Step("dataset-items create ds -i x -e y --id c", ("c\n",), NO_SERVER),
    Step("dataset-items list ds --csv --columns id,input", ("a,q\n", "c,x\n"), NO_SERVER),
    Step("datasets export ds", ('"id": "a"', '"id": "c"'), NO_SERVER),
    Step("datasets get ds -oft", ('"role": "user", "content": "q"',), NO_SERVER),
    Step("datasets get ds -gft", ('"parts": [{"text": "q"}]',), NO_SERVER),
    Step("dataset-items delete c", (), NEW_SERVER),
    Step("datasets list --csv --columns name", ("name\nds\n",), NO_SERVER),
    Step("scores apply --trace-id my-run -n mood -v calm"),
    Step("scores apply --session-id ses -n good -v 1", (), OLD),
    Step("scores apply --observation-id ob --trace-id my-run -n step -v 2"),
    Step("scores apply --run run-1 -n accuracy -v 1", (), OLD),
    Step("scores create mine --trace-id my-run -n q -v 0.5", ("mine\n",)),
    Step("scores list --csv --columns name,value", ("mood,calm\n", "step,2\n", "q,0.5\n")),
    Step("scores get mine", ("0.5",)),
    Step("scores delete mine"),
    Step("score-configs presets install Helpfulness", ("created",)),
    Step("score-configs create Rating NUMERIC --min-value 0 --max-value 10"),
    Step("score-configs available --csv --columns name", ("Rating\n", "Helpfulness\n")),
    Step("score-configs show rating --requirements", ("takes a number from 0 to 10",)),
    Step("score-configs apply rating --trace-id my-run -v 7"),
    Step("score-configs archive Rating", (), OLD),
    Step("sessions create s2 john", ("s2\n",)),
    Step("sessions addnode s2 t2 john", ("t2\n",)),
    Step("sessions view --csv", ("t2,Child Node\n",)),
    Step("sessions list --csv --columns id", ("ses\n", "s2\n")),
    Step("comments post one --trace my-run", (), NO_SERVER),
    Step("comments post two --observation ob --wait 60", (), NO_SERVER),
    Step("comments post three --session ses", (), NO_SERVER),
    Step("comments post four --prompt a/p", (), NO_SERVER),
    Step(
        "comments list --csv --columns content,objectType",
        ("one,TRACE\n", "two,OBSERVATION\n", "three,SESSION\n", "four,PROMPT\n"),
        NO_SERVER,
    ),
    Step("media upload p.png my-run", (), NEW_SERVER),
    Step("projects --csv --columns id", ("test-project\n",), NO_SERVER),
    Step("health", ("OK",), NO_SERVER),
    Step("prompts delete a/p --yes", (), NEW_SERVER),
]


@pytest.mark.parametrize("where", WHERE)
def test_what_a_server_has_is_shown_the_same_everywhere(run, use, project, where):
    use(where)
    (project / "items.jsonl").write_text('{"id": "a", "input": "q", "expectedOutput": "r"}\n')
    (project / "p.png").write_bytes(PICTURE)
    wrong = []
    for step in STEPS:
        result = run("fuse", *shlex.split(step.words))
        refused = step.but.get(where, ExitCode.OK)
        if result.code != refused or not (_says_why if refused else step.is_shown)(result):
            wrong.append((step.words, result))
    assert not wrong, "\n".join(map(repr, wrong))


def _says_why(result):
    """One sentence and no data, but for the id of a score that the outbox keeps."""
    return result.err.count("\n") == 1 and (
        not result.out or "it stays in the outbox" in result.err
    )
