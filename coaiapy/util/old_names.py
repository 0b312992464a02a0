"""Keyword names of earlier releases, which scripts still use."""

import functools
from typing import Any, Callable, Optional, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def with_old_names(**new_names: Optional[str]) -> Callable[[Function], Function]:
    """Decorate a function so that it also takes the given keyword names.

    Each is the old name of a parameter: ``with_old_names(tlid_str="tlid")``. One that is ``None`` had
    a meaning only in the earlier release, and is accepted without effect. ``old_names`` of the
    function are these names.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def called(*args: Any, **named: Any) -> Any:
            for old, new in new_names.items():
                if old in named:
                    value = named.pop(old)
                    if new is not None:
                        if new in named:
                            raise TypeError("{} and {} are the same: give one".format(old, new))
                        named[new] = value
            return function(*args, **named)

        named_as_before: Any = called
        named_as_before.old_names = frozenset(new_names)
        return cast(Function, named_as_before)

    return decorate
