"""Aligns two sequences: which items of one are which of the other.

Each item is a place in the first sequence and one in the second; ``None`` stands where there is no
counterpart. Long sequences with many repetitions are aligned roughly, so that time stays in bounds.
"""

from collections import Counter
from difflib import SequenceMatcher
from typing import Hashable, Iterator, List, Optional, Sequence, Tuple

Pair = Tuple[Optional[int], Optional[int]]
# The most pairs of equal items for which the best alignment is looked for.
_MOST_PAIRS = 200000
# How far ahead a rough alignment looks for the next item that both have.
_AHEAD = 100


def aligned(first: Sequence[Hashable], second: Sequence[Hashable]) -> List[Pair]:
    """Return the pairs of places; every place occurs once, and both rise."""
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    end = 0
    while end < min(len(first), len(second)) - start and first[~end] == second[~end]:
        end += 1
    middle = first[start : len(first) - end], second[start : len(second) - end]
    pairs: List[Pair] = [(place, place) for place in range(start)]
    for one, other in _best(*middle) if _is_small(*middle) else _rough(*middle):
        pairs.append((_moved(one, start), _moved(other, start)))
    return pairs + [(len(first) - place, len(second) - place) for place in range(end, 0, -1)]


def _moved(place: Optional[int], by: int) -> Optional[int]:
    return None if place is None else place + by


def _is_small(first: Sequence[Hashable], second: Sequence[Hashable]) -> bool:
    here, there = Counter(first), Counter(second)
    return sum(here[item] * there[item] for item in here) <= _MOST_PAIRS


def _best(first: Sequence[Hashable], second: Sequence[Hashable]) -> Iterator[Pair]:
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        for pair in _between(i, i_end, j, j_end, first[i:i_end] == second[j:j_end]):
            yield pair


def _between(i: int, i_end: int, j: int, j_end: int, are_equal: bool) -> Iterator[Pair]:
    if are_equal:
        yield from zip(range(i, i_end), range(j, j_end))
    else:
        yield from ((place, None) for place in range(i, i_end))
        yield from ((None, place) for place in range(j, j_end))


def _rough(first: Sequence[Hashable], second: Sequence[Hashable]) -> Iterator[Pair]:
    i = j = 0
    while i < len(first) and j < len(second):
        if first[i] == second[j]:
            yield i, j
            i, j = i + 1, j + 1
        else:
            i_next, j_next = _next_equal(first, second, i, j)
            yield from _between(i, i_next, j, j_next, False)
            i, j = i_next, j_next
    yield from _between(i, len(first), j, len(second), False)


def _next_equal(
    first: Sequence[Hashable], second: Sequence[Hashable], i: int, j: int
) -> Tuple[int, int]:
    """Return the nearest places from ``i`` and ``j`` on that have equal items, or both ends of the view."""
    seen = {item: i + place for place, item in reversed(list(enumerate(first[i : i + _AHEAD])))}
    found = [
        (place + seen[item] - i, seen[item], j + place)
        for place, item in enumerate(second[j : j + _AHEAD])
        if item in seen
    ]
    if found:
        return min(found)[1:]
    return min(i + _AHEAD, len(first)), min(j + _AHEAD, len(second))
