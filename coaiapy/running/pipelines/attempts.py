"""One attempt at the command of a step: started aside of the terminal, and what it has written."""

import json
import os
import tempfile
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional

from coaiapy.running import child
from coaiapy.running.child import Plan
from coaiapy.running.relay import Relay, pipe
from coaiapy.running.supervisor import Running
from coaiapy.running.tail import Tail
from coaiapy.templating.commands import Command

# The most bytes of a command's output that later steps can use, and of its error output that is kept.
MOST_OUTPUT = 8 << 20
MOST_ERRORS = 64 << 10
_STDERR = 2


class Attempt(NamedTuple):
    """A command that was started, with the ends of its output and its error output."""

    running: Running
    output: Tail
    errors: Tail


class _Heard(Relay):
    """Hands what a command writes to a listener."""

    listener: Callable[[bytes], None]

    def pass_on(self, data: memoryview) -> bool:
        self.listener(bytes(data))
        return True


def start(
    command: Command,
    environment: Mapping[str, str],
    listener: Optional[Callable[[bytes], None]] = None,
) -> Attempt:
    """Start a command in a process group of its own, so that all that it starts can be ended.

    Its output is kept. Its error output is kept as well, and passed on, or given to ``listener``.
    Raises ``NotStartedError``. To be called within a ``Supervisor``, which the result's ``running``
    is then given to.
    """
    output, errors = Tail(MOST_OUTPUT), Tail(MOST_ERRORS)
    given = [_input(command.stdin)]
    (from_output, to_output), (from_errors, to_errors) = pipe(), pipe()
    given += [to_output, to_errors]
    relays = [Relay(from_output, None, output), Relay(from_errors, _STDERR, errors)]
    if listener:
        heard = _Heard(from_errors, None, errors)
        heard.listener = listener
        relays[1] = heard
    streams = (given[0], given[1], given[2])
    plan = Plan(command.words, environment, streams, command.folder, _lead_group)
    try:
        process = child.start(plan)
    except BaseException:
        for relay in relays:
            relay.close()
        raise
    finally:
        for descriptor in given:
            os.close(descriptor)
    return Attempt(Running(process, -process, relays, timeout=command.timeout), output, errors)


def _lead_group() -> None:
    os.setpgid(0, 0)


def _input(text: Optional[str]) -> int:
    """Return a descriptor that gives a text, or nothing."""
    if text is None:
        return child.above_streams(os.open(os.devnull, os.O_RDONLY))
    with tempfile.TemporaryFile() as file:
        file.write(text.encode("utf-8", "surrogateescape"))
        file.seek(0)
        return child.above_streams(os.dup(file.fileno()))


def environment_of(*layers: Mapping[str, Optional[str]]) -> Dict[str, str]:
    """Return the environment of this process, with each layer put over it; ``None`` removes."""
    environment: Dict[str, Optional[str]] = dict(os.environ)
    for layer in layers:
        environment.update(layer)
    return {name: value for name, value in environment.items() if value is not None}


def read_output(tail: Tail, form: str) -> Any:
    """Return what a command has written, as ``output`` of its step says.

    Raises ``ValueError`` if it is not that. A text loses the line ends at its end, as in a shell.
    """
    if form == "none":
        return None
    if tail.is_cut and form != "text":
        raise ValueError("its output has more than {} bytes".format(MOST_OUTPUT))
    text = tail.value().decode("utf-8", "replace")
    if form == "lines":
        return text.splitlines()
    if form == "text":
        return text.rstrip("\r\n")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError("its output is not JSON: {}".format(error)) from error


def _refuse_constant(name: str) -> Any:
    raise ValueError("{} is not a JSON number".format(name))
