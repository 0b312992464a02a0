"""The critical path of a trace: what determined when it ended."""

from typing import Dict, List, NamedTuple, Sequence


class Window(NamedTuple):
    """A part of the time axis, in milliseconds."""

    start: int
    end: int


def critical_path(
    windows: Sequence[Window], children: Sequence[List[int]], roots: List[int]
) -> Dict[int, Window]:
    """Return the observations on the critical path, by index, with the time for which they are.

    The path goes back from the end of the trace: at every moment it is in the observation that, of
    those begun before, ended last, and inside of it in its children by the same rule; where that
    observation began, it goes on with the others.

    ``windows`` has the time of each observation together with all that is below it, ``children``
    the indexes of those directly below it. The time needed is that of sorting them.
    """
    found: Dict[int, Window] = {}
    if not roots:
        return found
    start = min(windows[index].start for index in roots)
    waiting = [(roots, Window(start, max(windows[index].end for index in roots)))]
    while waiting:
        siblings, (start, moment) = waiting.pop()
        for index in sorted(siblings, key=lambda one: windows[one].end, reverse=True):
            own = windows[index]
            if own.end <= start or moment <= start:
                break
            if own.start < min(own.end, moment):
                on_path = Window(max(own.start, start), min(own.end, moment))
                found[index] = on_path
                waiting.append((children[index], on_path))
                moment = on_path.start
    return found
