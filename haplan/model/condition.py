"""Conditions: what has to hold before a resource is written, or after. Data, judged once their values are known."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Literal

import attrs

from haplan.model.compare import is_empty, same
from haplan.model.value import Ref, Secret, Text, Tree, Unknown, leaves, partly, references, resolve

Kind = Literal["equals", "one_of", "matches", "known", "all_of", "said"]


@attrs.frozen(kw_only=True)
class Condition:
    """One condition.

    Attributes:
        kind: ``equals`` (two values), ``one_of`` (a value and a list), ``matches`` (a text and a regular expression),
            ``known`` (a value that is there), ``all_of`` (`parts`), ``said`` (True or False, worked out by the stack).
        values: What is compared; references until they are known.
        parts: The conditions of ``all_of``.
        text: How it reads, for people.
        location: ``file:line``.
    """

    kind: Kind
    values: Tree = ()
    parts: tuple["Condition", ...] = ()
    text: str = ""
    location: str = ""


attrs.resolve_types(Condition)  # it holds itself


def holds(condition: Condition) -> bool | None:
    """True or False; None where a value is not known yet."""
    if condition.kind == "all_of":
        found = [holds(part) for part in condition.parts]
        return False if False in found else None if None in found else True
    if any(isinstance(leaf, Ref | Text | Unknown) for _, leaf in leaves(condition.values)):
        return None
    match condition.kind, condition.values:
        case "equals", (one, other):
            return same(one, other)
        case "one_of", (one, options):
            return any(same(one, option) for option in options or ())
        case "matches", (text, pattern):
            return isinstance(text, str) and re.search(pattern, text) is not None
        case "known", (value,):
            return not is_empty(value)
        case _, (said,):
            return bool(said)
    return False


def with_known(condition: Condition, known: Mapping[str, Mapping[str, Tree]]) -> Condition:
    """The condition with each reference replaced whose value is known; the others stay."""
    return _mapped(condition, lambda tree: partly(tree, known))


def settled(condition: Condition, known: Callable[[Ref], Tree]) -> Condition:
    """The condition with every reference replaced by what `known` says of it."""
    return _mapped(condition, lambda tree: resolve(tree, known))


def needs(condition: Condition) -> tuple[Ref, ...]:
    """What it refers to."""
    found = tuple(references(condition.values))
    return found + tuple(ref for part in condition.parts for ref in needs(part))


def complaint(condition: Condition) -> str:
    """Why it does not hold, in one line: the part that does not, and what was found."""
    if condition.kind == "all_of":
        broken = next((part for part in condition.parts if holds(part) is not True), condition)
        return complaint(broken) if broken is not condition else condition.text
    if holds(condition) is None:
        return f"{condition.text}: not known"
    got = "" if condition.kind == "said" else f", got {shown(condition.values[0])}"
    return f"{condition.text}: does not hold{got}"


def shown(tree: Tree) -> str:
    """A value as a condition reads: references by name, secrets not at all."""
    if isinstance(tree, Ref):
        return str(tree)
    if isinstance(tree, Text):
        return "".join(part if isinstance(part, str) else _part(part) for part in tree.parts)
    if any(isinstance(leaf, Secret) for _, leaf in leaves(tree)):
        return "(sensitive)"
    if isinstance(tree, list | tuple):
        return "[" + ", ".join(map(shown, tree)) + "]"
    return json.dumps(tree, ensure_ascii=False, default=str)


def _part(part: Ref | Secret) -> str:
    return f"{{{part}}}" if isinstance(part, Ref) else shown(part)


def _mapped(condition: Condition, change: Callable[[Tree], Tree]) -> Condition:
    parts = tuple(_mapped(part, change) for part in condition.parts)
    return attrs.evolve(condition, values=tuple(map(change, condition.values)), parts=parts)
