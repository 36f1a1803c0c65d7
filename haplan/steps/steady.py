"""Steady: a stack that is loaded twice wants the same twice, else no plan says what the next one will; nor does it ask
what time it is: what comes of that may be the same twice in a row, and another tomorrow."""

import datetime
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from haplan.model.finding import Finding
from haplan.model.stack import Block, Stack
from haplan.model.value import encode

RULE = "UNSTEADY"
_OF_TIME = frozenset({"time", "time_ns", "localtime", "gmtime", "ctime", "strftime"})
_OF_DATES = frozenset({"now", "utcnow", "today"})


_HANDLES = re.compile(
    r"\b(?:time|time_ns|localtime|gmtime|ctime|strftime|now|utcnow|today|date|datetime|"
    r"getattr|vars|globals|locals|eval|exec|compile|__\w+__)\b"
)
"""Words without one of which code comes to nothing that tells the time, unless a module that it imports has that."""
_IMPORTS = re.compile(r"\bfrom\s+(\.*[\w.]*)\s+import\b|\bimport\s+([^\n;#]+)")
_TIMELESS = frozenset(
    {"haplan", "__future__", "collections", "csv", "dataclasses", "enum"}
    | {
        "functools",
        "ipaddress",
        "itertools",
        "json",
        "math",
        "pathlib",
        "re",
        "string",
        "textwrap",
        "tomllib",
        "typing",
    }
)


def unsteady(first: Stack, second: Stack) -> tuple[Finding, ...]:
    """A warning for each resource and output that was not the same when the stack was loaded again."""
    found = []
    for address in dict.fromkeys([*first.blocks, *second.blocks]):
        one, other = first.blocks.get(address), second.blocks.get(address)
        there = one or other
        if one is None or other is None:
            found.append(_finding(address, "is in the stack at one load and not at the next", there))
        elif names := ", ".join(_differing(one, other)):
            found.append(_finding(address, f"{names}: another value at each load", there))
    for name in dict.fromkeys([*first.outputs, *second.outputs]):
        sides = [encode(stack.outputs[name].value) if name in stack.outputs else None for stack in (first, second)]
        if sides[0] != sides[1]:
            found.append(_finding("", f"output {name}: another value at each load", None))
    return tuple(found)


def _differing(one: Block, other: Block) -> Iterator[str]:
    if encode(one.name) != encode(other.name):
        yield "name"
    for part in ("values", "extra"):
        sides = [encode(dict(getattr(block, part))) for block in (one, other)]
        yield from (name for name in sorted({*sides[0], *sides[1]}) if sides[0].get(name) != sides[1].get(name))


def _finding(address: str, text: str, block: Block | None) -> Finding:
    return Finding(
        rule=RULE,
        severity="warning",
        address=address,
        message=f"{text}; the stack reads the clock, chance, or something else that changes",
        location=str(block.location) if block is not None else "",
        hint="write the value down, or give it as a variable()",
    )


@contextmanager
def watched(stack: Stack) -> Iterator[list[Finding]]:
    """Gives a list that fills with a warning for each line below the folder around a stack that reads the clock
    meanwhile.

    Watches this thread alone, and lets a profiler that is at work go on afterwards. That makes each call dear: code
    that has no word for a clock, and imports nothing that may, is not watched.
    """
    root = Path(stack.root)
    found: dict[str, Finding] = {}
    listed: list[Finding] = []
    if not any(_may_ask(root.parent / file) for file in stack.inputs):
        yield listed
        return
    before, around = sys.getprofile(), f"{root.parent}/"

    def is_ours(file: str) -> bool:
        return file.startswith(around) and "/site-packages/" not in file

    def look(frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and (name := _clock(called)) and is_ours(frame.f_code.co_filename):
            file = Path(frame.f_code.co_filename)
            where = f"{file.relative_to(root) if file.is_relative_to(root) else file.name}:{frame.f_lineno}"
            found.setdefault(where, _of_clock(name, where))

    sys.setprofile(look)
    try:
        yield listed
    finally:
        sys.setprofile(before)
        listed += found.values()


def _may_ask(file: Path) -> bool:
    """True unless the text of a file of the stack shows that it never asks what time it is."""
    try:
        text = unicodedata.normalize("NFKC", file.read_text(encoding="utf-8"))  # as Python reads names
    except (OSError, UnicodeDecodeError):
        return True
    if _HANDLES.search(text):
        return True
    imported = [
        name.strip() for one in _IMPORTS.finditer(text) for name in ([one[1]] if one[2] is None else one[2].split(","))
    ]
    return any(not one.startswith(".") and re.split(r"[.\s]", one)[0] not in _TIMELESS for one in imported)


def _clock(called: object) -> str:
    """What a function of the library that is called is called in a stack, if it tells the time; else ""."""
    name, of = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    if name in _OF_DATES and isinstance(of, type) and issubclass(of, datetime.date):
        return f"{of.__name__}.{name}()"
    return f"time.{name}()" if name in _OF_TIME and getattr(called, "__module__", "") == "time" else ""


def _of_clock(name: str, where: str) -> Finding:
    return Finding(
        rule=RULE,
        severity="warning",
        address="",
        message=f"the stack reads the clock: {name}; what comes of it is another value at another time",
        location=where,
        hint="write the value down, or give it as a variable()",
    )
