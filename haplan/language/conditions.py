"""Conditions as a stack writes them: ``lifecycle(precondition=equals(site.id, …))``.

They are data, so that they stand in the plan and are judged when their values are known. Where everything is known
already, a function does too: it is given the resource, and says True, False, or another condition.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from haplan.language.kinds import Anything, Text
from haplan.language.record import current, here
from haplan.language.refs import Ref, has_token
from haplan.language.taking import BROKEN, Broken, Taking, shown
from haplan.model import value as model
from haplan.model.condition import Condition, Kind, needs
from haplan.model.condition import shown as reads
from haplan.model.stack import Lifecycle

When = Condition | Callable[[Any], bool | Condition]
"""A condition, or a function that is given the resource and answers at once."""


def equals(value: object, other: object, *, message: str = "") -> Condition:
    """Both are the same."""
    return _condition("equals", (value, other), message, "{} is {}")


def one_of(value: object, options: Sequence[object], *, message: str = "") -> Condition:
    """The value is among the options."""
    return _condition("one_of", (value, list(options)), message, "{} is one of {}")


def matches(text: object, pattern: str, *, message: str = "") -> Condition:
    """The regular expression is found in the text."""
    try:
        if isinstance(pattern, str) and has_token(pattern):
            raise TypeError("it is known only after apply")
        re.compile(pattern)
    except (re.error, TypeError) as error:
        current("matches(…)").mistake(f"matches: {shown(pattern)} is no regular expression: {error}")
        return Condition(kind="said", values=(True,))
    return _condition("matches", (text, pattern), message, "{} matches {}")


def known(value: object, *, message: str = "") -> Condition:
    """There is a value, and it is not empty."""
    return _condition("known", (value,), message, "{} is known")


def all_of(*conditions: Condition) -> Condition:
    """All of them hold."""
    recording, parts = current("all_of(…)"), []
    for one in conditions:
        if isinstance(one, Condition):
            parts.append(one)
        else:
            recording.mistake(f"all_of: expected conditions such as equals(…), got {shown(one)}")
    return Condition(
        kind="all_of",
        values=(),
        parts=tuple(parts),
        text=" and ".join(part.text for part in parts),
        location=str(here()),
    )


def _condition(kind: Kind, values: tuple[object, ...], message: str, words: str) -> Condition:
    recording, location = current(f"{kind}(…)"), here()
    taking = Taking(recording=recording, subject=kind, location=location)
    taken = [Anything().take(value, "", taking) for value in values]
    if any(isinstance(leaf, model.Secret) for _, leaf in model.leaves(taken)):
        taking.wrong("", "a secret is not compared: nothing may tell what it is")
        taken = [BROKEN]
    if any(one is BROKEN for one in taken):
        return Condition(kind="said", values=(True,))
    said = Text().take(message, "message", taking)
    return Condition(
        kind=kind,
        values=tuple(taken),
        parts=(),
        text=reads_as(said) or words.format(*map(reads, taken)),
        location=str(location),
    )


def reads_as(message: model.Tree) -> str:
    """A message for people: references in it by name, secrets not at all."""
    return message if isinstance(message, str) else "" if message is BROKEN else reads(message)


# --- On a resource ----------------------------------------------------------------------------------------------------


def given(what: str, wanted: object) -> tuple[Any, ...]:
    """One condition or several, as `lifecycle` keeps them until the resource is there."""
    many = wanted if isinstance(wanted, list | tuple) else () if wanted is None else (wanted,)
    for one in many:
        if not isinstance(one, Condition | Broken) and not callable(one):
            text = f"lifecycle: {what}: expected a condition such as equals(…), or a function, got {shown(one)}"
            current("lifecycle(…)").mistake(text)
    return tuple(one for one in many if isinstance(one, Condition) or callable(one))


def triggers(wanted: Iterable[object]) -> tuple[model.Ref, ...]:
    """Resources and attributes that a replacement follows."""
    found = []
    for one in wanted if isinstance(wanted, list | tuple) else [wanted]:
        if isinstance(one, Ref):
            found.append(one.haplan_ref)
        elif hasattr(type(one), "haplan_type"):
            found.append(model.Ref(str(getattr(one, "haplan_address", "")), ()))
        elif one is not BROKEN:
            text = f"lifecycle: replace_triggered_by: expected a resource or an attribute of one, got {shown(one)}"
            current("lifecycle(…)").mistake(text)
    return tuple(found)


def on(resource: Any, cycle: Lifecycle, taking: Taking) -> Lifecycle:
    """The lifecycle of a resource that is there now: its functions are asked, its dependencies noted."""
    if not (cycle.triggers or cycle.precondition or cycle.postcondition):
        return cycle
    taking.via = "lifecycle"
    before, after = (
        tuple(_asked(one, resource, name, taking) for one in getattr(cycle, name))
        for name in ("precondition", "postcondition")
    )
    for ref in (*cycle.triggers, *(ref for one in (*before, *after) for ref in needs(one))):
        if not ref.derived:
            taking.refer(ref.address)
    return attrs.evolve(cycle, precondition=before, postcondition=after)


def _asked(one: Any, resource: Any, name: str, taking: Taking) -> Condition:
    if isinstance(one, Condition):
        return one
    answer = one(resource)
    if isinstance(answer, Condition):
        return answer
    if not isinstance(answer, bool):
        taking.wrong(f"lifecycle.{name}", f"its function gave {shown(answer)}, expected True, False or a condition")
    return Condition(
        kind="said", values=(answer is True,), parts=(), text=f"what {_name(one)} says", location=str(taking.location)
    )


def _name(function: Any) -> str:
    name = getattr(function, "__name__", "")
    return f"{name}(…)" if name.isidentifier() else "its function"


def with_derived(cycle: Lifecycle, known_: Callable[[model.Tree], model.Tree]) -> Lifecycle:
    """The lifecycle with what is worked out from the stack in its conditions."""
    before, after = (
        tuple(_known(one, known_) for one in conditions) for conditions in (cycle.precondition, cycle.postcondition)
    )
    return attrs.evolve(cycle, precondition=before, postcondition=after)


def _known(one: Condition, known_: Callable[[model.Tree], model.Tree]) -> Condition:
    parts = tuple(_known(part, known_) for part in one.parts)
    return attrs.evolve(one, values=tuple(map(known_, one.values)), parts=parts)
