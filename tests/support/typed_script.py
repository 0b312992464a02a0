"""A typed script as users write it; ``make lint`` checks it with mypy's strictest options."""

from typing import Any, Dict, List

import coaiapy


def record(user: str, answers: List[str]) -> Dict[str, Any]:
    """Make a trace from a template, add the answers, and read the trace back."""
    run = coaiapy.create_pipeline("simple-trace", {"trace_name": "Interview"}, user_id=user)
    trace_id: str = run["id"]
    for answer in answers:
        step = coaiapy.add_observation(
            trace_id, "Answer", type="GENERATION", output=answer, usage={"output": len(answer)}
        )
        coaiapy.tash("last answer", step["id"])
    coaiapy.patch_output(trace_id, {"answers": len(answers)})
    return coaiapy.get_trace(trace_id)


def last_answer() -> str:
    """Return the id of the observation of the last answer, or an empty text."""
    try:
        return coaiapy.fetch("last answer").decode("utf-8")
    except coaiapy.NotFoundError:
        return ""


@coaiapy.observe
def draft(question: str) -> str:
    """Answer a question, which is recorded as a step with a step in it."""
    with coaiapy.observe("Model", type="GENERATION", model="m") as step:
        step.output = question.upper()
        step.usage = {"input": len(question), "output": len(question)}
    return question.upper()


@coaiapy.observe("Words", type="TOOL")
def words(text: str) -> List[str]:
    """Return the words of a text, which is recorded too."""
    return text.split()


def observed(question: str) -> str:
    """Answer a question in a trace of its own, and return the id of the trace."""
    with coaiapy.trace("Interview", user_id="jill") as run:
        answer: str = draft(question)
        run.output = answer
    trace_id: str = run.id
    return trace_id


def send() -> int:
    """Send what waits, and return an exit code."""
    try:
        waiting: int = coaiapy.flush(timeout=5)
    except coaiapy.CoaiaError as error:
        code: coaiapy.ExitCode = error.exit_code
        return int(code)
    return coaiapy.main(["fuse", "outbox", "status"]) if waiting else 0


def figures(user: str) -> List[float]:
    """Return how many observations of a user failed, and whether the last two traces differ."""
    errors = [row["errorRate"] for row in coaiapy.trace_stats("user", user_id=user)]
    found = coaiapy.search_traces("Interview", user_id=user, limit=2)
    if len(found) == 2:
        errors.append(len(coaiapy.diff_traces(found[0]["id"], found[1]["id"])["steps"]))
    return errors
