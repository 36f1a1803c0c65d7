"""How much work something is, in calls of Python functions: the same on every machine, however busy."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls(do: Callable[[], object]) -> int:
    """How many Python functions are called while `do` runs, in this thread."""
    count = 0

    def called(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        do()
    finally:
        sys.setprofile(before)
    return count


def turns(do: Callable[[], object]) -> int:
    """How many lines of Python are carried out while `do` runs, in this thread; each turn of a loop on one line counts.

    Slower than `calls`, and sees what that does not: a list that is gone through without calling anything.
    """
    count = 0

    def traced(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        do()
    finally:
        sys.settrace(before)
    return count
