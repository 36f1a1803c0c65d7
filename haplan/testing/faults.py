"""Faults: a provider that answers one question wrongly, put between the engine and any provider of a test.

    for fault in faults():
        cls = standing_in(opened, [fault], about="pond_fish.one")

Which questions there are, and in how many ways each can be answered wrongly, is read from the contract and from what
it says of the answer: a new verb, or a new field of an answer, brings its own faults.
"""

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from haplan.contracts import Context, Provider, Query, Target, Task
from haplan.model.plan import Change
from haplan.model.state import Intent
from haplan.wall.provider import SECONDS, VERBS

STRANGER = "stranger"
"""What a fault names that nobody asked about."""
DEEP = 4
"""How far into an answer it is spoilt."""
LEFT_OUT = "an entry left out"
FINE = frozenset((field, LEFT_OUT) for field in ("seen", "receipt", "private", "memory"))
"""What is no fault: what is not there is left out, and what the provider keeps for itself is its own affair."""
Spoil = Callable[[Any, frozenset[str]], Any]
"""An answer, and the names in it that the fault is about → what is given instead."""


@attrs.frozen(kw_only=True)
class Fault:
    """One way in which one verb goes wrong.

    Attributes:
        verb: Which.
        name: How, for people.
        depth: How far inside the answer.
        spoil: Makes the wrong answer of the right one, or raises.
        asks: False if it goes wrong before the provider does anything.
    """

    verb: str
    name: str
    depth: int
    spoil: Spoil
    asks: bool = True

    def __str__(self) -> str:
        return f"{self.verb}: {self.name}"


def faults(depth: int = DEEP) -> list[Fault]:
    """All of them, found by looking at the contract."""
    found = []
    for verb in VERBS:
        found += [
            Fault(verb=verb, name=f"raises {type(one).__name__}", depth=0, spoil=_raising(one), asks=False)
            for one in _ERRORS
        ]
        found.append(Fault(verb=verb, name="raises when all is done", depth=0, spoil=_raising(KeyError("oops"))))
        given = typing.get_type_hints(getattr(Provider, verb))["return"]
        if given is not NoneType:
            found += [
                Fault(verb=verb, name=name, depth=at, spoil=spoil) for name, at, spoil in ways(given) if at <= depth
            ]
    return found


_ERRORS: Sequence[BaseException] = (KeyError("oops"), SystemExit(3))


def _raising(error: BaseException) -> Spoil:
    def spoil(answer: object, names: frozenset[str]) -> object:
        raise error

    return spoil


# --- Wrong answers ----------------------------------------------------------------------------------------------------


def ways(kind: Any, depth: int = 0) -> Iterator[tuple[str, int, Spoil]]:
    """The ways in which an answer of a kind can be wrong: what is said of it, how deep it is, what makes it."""
    alternatives = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    kind = next(one for one in alternatives if one is not NoneType)
    if NoneType not in alternatives and kind is not Any:
        yield "None", depth, lambda answer, names: None
    if kind is not object:
        yield "an object that nobody knows", depth, lambda answer, names: object()
    if depth > DEEP:
        return
    origin = get_origin(kind)
    if origin in (dict, Mapping):
        yield from _ways_of_mapping(get_args(kind), depth + 1)
    elif origin in (tuple, list, Sequence):
        yield "none of it", depth + 1, lambda answer, names: type(answer)()
        yield from (_in_sequence(*way) for way in ways(get_args(kind)[0], depth + 1))
    elif origin is Literal or kind in (str, float, int):
        other = 7 if kind is str else "soon"
        yield f"{other!r} instead", depth, lambda answer, names: other
    elif attrs.has(kind):
        yield from _ways_of_noun(kind, depth + 1)


def _ways_of_mapping(kinds: tuple[object, ...], depth: int) -> Iterator[tuple[str, int, Spoil]]:
    yield LEFT_OUT, depth, lambda answer, names: _without(answer, _chosen(answer, names))
    yield "a stranger in it", depth, lambda answer, names: {**answer, STRANGER: next(iter(answer.values()), {})}
    yield "a number for a name", depth, lambda answer, names: {**answer, 7: next(iter(answer.values()), {})}
    yield from (_in_mapping(*way) for way in ways(kinds[1], depth))


def _chosen(answer: Mapping[object, object], names: frozenset[str]) -> Sequence[object]:
    """The entries that a fault is about; in a mapping that is of no addresses, the first."""
    here = [key for key in answer if key in names]
    addresses = any("." in str(key) for key in answer)
    return here or ([] if addresses else list(answer)[:1])


def _without(answer: Mapping[object, object], keys: Sequence[object]) -> dict[object, object]:
    return {key: value for key, value in answer.items() if key not in keys}


def _in_mapping(name: str, depth: int, spoil: Spoil) -> tuple[str, int, Spoil]:
    def inside(answer: Any, names: frozenset[str]) -> object:
        keys = _chosen(answer, names)
        return {key: spoil(value, names) if key in keys else value for key, value in answer.items()}

    return f"an entry is {name}", depth, inside


def _in_sequence(name: str, depth: int, spoil: Spoil) -> tuple[str, int, Spoil]:
    return f"one is {name}", depth, lambda answer, names: [spoil(one, names) for one in answer] or [spoil("", names)]


def _ways_of_noun(kind: type, depth: int) -> Iterator[tuple[str, int, Spoil]]:
    hints = typing.get_type_hints(kind)
    for field in attrs.fields(kind):
        for name, deeper, spoil in ways(hints[field.name], depth):
            if (field.name, name) not in FINE:
                yield _in_field(field.name, name, deeper, spoil)


def _in_field(field: str, name: str, depth: int, spoil: Spoil) -> tuple[str, int, Spoil]:
    def inside(answer: Any, names: frozenset[str]) -> object:
        return attrs.evolve(answer, **{field: spoil(getattr(answer, field), names)})

    return f"{field}: {name}", depth, inside


# --- The stand-in -----------------------------------------------------------------------------------------------------


def standing_in(
    opened: Callable[[], Provider],
    wrong: Sequence[Fault],
    about: str,
    fired: Callable[[Fault], None] = lambda fault: None,
) -> type[Provider]:
    """A provider's class whose objects ask one that `opened` gives, but for the faults; of one verb, for the first.

    Args:
        about: The address that the faults are about: what is asked about others alone is answered well.
        fired: Is called each time that a fault answers.
    """
    first = opened()
    first.close()
    return _standing(type(first), NoSettings, lambda settings, context: opened(), _Wrong(wrong, about, fired))


def standing_for(
    cls: type[Provider], wrong: Sequence[Fault], about: str, fired: Callable[[Fault], None] = lambda fault: None
) -> type[Provider]:
    """The same of a provider that is opened as ever, by its settings."""
    return _standing(cls, cls.config, cls.open, _Wrong(wrong, about, fired))


class _Wrong:
    """What is answered wrongly.

    Threads: any; it does not change.
    """

    def __init__(self, faults: Sequence[Fault], about: str, fired: Callable[[Fault], None]) -> None:
        self.by_verb = {fault.verb: fault for fault in reversed(faults)}
        self._about, self._fired = about, fired

    def ask(self, verb: str, real: Callable[..., Any], given: tuple[object, ...]) -> Any:
        fault = self.by_verb.get(verb)
        if fault is None or not concerns(given, self._about):
            return real(*given)
        self._fired(fault)
        answer = real(*given) if fault.asks else None
        return fault.spoil(answer, _names(given, self._about))


def _standing(cls: type[Provider], config: type, opening: Callable[..., Provider], wrong: _Wrong) -> type[Provider]:
    def open_(mine: type[Provider], settings: Any, context: Context) -> Provider:
        def made(*given: object) -> Provider:
            inner, outer = opening(*given), object.__new__(mine)
            more = {name: getattr(inner, name) for name in SECONDS}
            for name, value in {"_inner": inner, **more}.items():
                object.__setattr__(outer, name, value)  # a provider may be frozen
            return outer

        return wrong.ask("open", made, (settings, context))  # type: ignore[no-any-return]  # what the fault makes of it

    asked = [verb for verb in VERBS if verb != "open" and (verb in wrong.by_verb or _has(cls, verb))]
    own = {verb: _asking(cls, verb, wrong.ask) for verb in asked}
    return type(cls.__name__, (cls,), {"config": config, **own, "open": classmethod(open_)})


@attrs.frozen
class NoSettings:
    """What `standing_in` opens knows its estate already."""


def _has(cls: type[Provider], verb: str) -> bool:
    """False if the provider has the contract's default."""
    return inspect.getattr_static(cls, verb) is not inspect.getattr_static(Provider, verb)


def _asking(cls: type[Provider], verb: str, ask: Callable[..., Any]) -> Any:
    if isinstance(inspect.getattr_static(Provider, verb), classmethod):
        return classmethod(lambda mine, *given: ask(verb, getattr(cls, verb), given))
    return lambda self, *given: ask(verb, getattr(self._inner, verb), given)


def concerns(given: Sequence[object], address: str) -> bool:
    """True if a call is about an address, or about no address at all."""
    asked = [name for one in given for name in _asked(one)]
    return not asked or address in asked


def _asked(one: object) -> list[str]:
    match one:
        case Task():
            return [part.change.address for part in one.parts]
        case Change() | Intent() | Target():
            return [one.address]
        case Query():
            return [target.address for target in one.targets]
        case [*many]:
            return [name for each in many for name in _asked(each)]
    return []


def _names(given: Sequence[object], address: str) -> frozenset[str]:
    """What an answer calls what a fault is about: its address, and the transactions that carry it."""
    tasks = [task for many in given if isinstance(many, Sequence) for task in many if isinstance(task, Task)]
    mine = {task.transaction.id for task in tasks if address in _asked(task)}
    return frozenset({address, *mine})
