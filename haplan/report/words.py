"""Small words that several reports use: counts, durations, times, values, paths."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from haplan.model.document import Document, called
from haplan.model.entries import Entries
from haplan.model.moment import moment as moment
from haplan.model.value import Path, Ref, Secret, Text, Tree, Unknown, hides

UNKNOWN = "(known after apply)"
SENSITIVE = "(sensitive)"
UNSET = "unset"
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_/:-]+\Z")
_IRREGULAR = {"policy": "policies", "steering": "steering rules", "entry": "entries"}


def size(count: int) -> str:
    """Bytes for people."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} B"


def plural(count: int, word: str) -> str:
    """``1 write``, ``2 writes``, ``4 policies``."""
    word = word.replace("_", " ")
    if count == 1:
        return f"1 {'steering rule' if word == 'steering' else word}"
    return f"{count} {_IRREGULAR.get(word, word + 's')}"


def about(seconds: float) -> str:
    """A duration as an estimate: ``about 15 min``."""
    if seconds < 60:
        return "under a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 120 else f"about {minutes // 60} h {minutes % 60:02d} min"


def took(seconds: float) -> str:
    """A duration that was measured: ``4.2 s``, ``15 min 10 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def stamp(at: float) -> str:
    """A time in UTC as RFC 3339 has it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def short(location: str) -> str:
    """The innermost ``file:line`` of a location, and the row it was made from."""
    row = re.search(r" \([^()]+:\d+\)$", location)
    return location.split(", from ")[0].removesuffix(row[0] if row else "") + (row[0] if row else "")


def some(names: Iterable[str], most: int = 4) -> str:
    """A few of many names."""
    names = list(names)
    if len(names) <= most:
        return ", ".join(names)
    return ", ".join(names[: most - 1]) + f" and {len(names) - most + 1} more"


def documents(names: Iterable[str]) -> dict[str, str]:
    """The names of documents as a person calls them; see `haplan.model.document.called`."""
    return {str(document): text for document, text in called(map(Document.parse, names)).items()}


def key(step: str | int) -> str:
    """One step of a path, without what joins it to the one before."""
    if isinstance(step, int):
        return f"[{step}]"
    return step if _PLAIN_KEY.match(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def path(steps: Path) -> str:
    """``interfaces.wan0.address.ip``, ``paths[0].cost``, ``variables["odd key"]``."""
    text = ""
    for step in steps:
        word = key(step)
        text += word if word.startswith("[") or not text else f".{word}"
    return text


def value(tree: Tree) -> str:
    """A value on one line; what is secret or not known yet says so."""
    if isinstance(tree, Secret | Text) and hides(tree):
        return SENSITIVE
    if isinstance(tree, Ref | Text | Unknown):
        return UNKNOWN
    if isinstance(tree, Mapping):
        return "{" + entries(tree) + "}"
    if isinstance(tree, list | tuple):
        return "[" + ", ".join(map(value, tree)) + "]"
    return UNSET if tree is None else json.dumps(tree, ensure_ascii=False)


def entries(tree: Mapping[str, Tree]) -> str:
    """The entries of a mapping on one line, without its braces."""
    return ", ".join(f"{name}: {value(inner)}" for name, inner in listed(tree) if inner is not None)


def listed(tree: Mapping[str, Tree]) -> list[tuple[str, Tree]]:
    """What a mapping holds: in its order if it has one, else by name, so that a plan file reads as the plan did."""
    return list(tree.items()) if isinstance(tree, Entries) else sorted(tree.items())
