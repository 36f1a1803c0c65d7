"""What a plugin opens for the engine, behind the wall: state backends and simulators.

What they can be asked, and what each gives, is read from the contract's protocol.
"""

import typing
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from types import FunctionType, NoneType
from typing import Any, ClassVar, cast

from haplan.contracts import Lab, StateBackend
from haplan.errors import REPORT, HaplanError, ProviderError, StateError, StateNotSaved
from haplan.model.state import Intent, State, Update
from haplan.state import recovery
from haplan.wall.call import Call, through
from haplan.wall.shapes import fit, unlike


class Around:
    """Something of a plugin behind the wall; the classes that `_class` makes have what its protocol has.

    Attributes:
        inner: The plugin's own object.
        who: What it is called in errors.
    """

    errors: ClassVar[Mapping[str, Callable[[str], HaplanError]]] = {"": ProviderError}
    """Verb → error; "" is for the others."""
    checks: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    def __init__(self, inner: Any, who: str) -> None:
        self.inner = inner
        self.who = who

    def _asked(self, verb: str, ask: Callable[[], Any], given: Any) -> Any:
        check = self.checks.get(verb) or ((lambda found: found) if given is NoneType else fit(given))
        return through(Call(who=self.who, verb=verb, error=self.errors.get(verb, self.errors[""])), ask, check)


@lru_cache(100)
def _class(base: type[Around], protocol: Any) -> type[Around]:
    """A class with everything that a protocol has, each of it asked for through the wall."""
    hints = typing.get_type_hints(protocol)
    made: dict[str, Any] = {name: property(partial(_looked, name=name, given=hints[name])) for name in hints}
    for name, thing in vars(protocol).items():
        if name[0] == "_" or name in vars(base):
            continue
        if isinstance(thing, property):
            given = typing.get_type_hints(thing.fget)["return"]
            made[name] = property(partial(_looked, name=name, given=given))
        elif isinstance(thing, FunctionType):
            made[name] = _method(name, typing.get_type_hints(thing)["return"])
    return type(protocol.__name__, (base,), made)


def _looked(self: Around, name: str, given: Any) -> Any:
    return self._asked(name, lambda: getattr(self.inner, name), given)


def _method(name: str, given: Any) -> Any:
    def asked(self: Around, *args: Any, **more: Any) -> Any:
        return self._asked(name, lambda: getattr(self.inner, name)(*args, **more), given)

    return asked


# --- Simulators -------------------------------------------------------------------------------------------------------


def lab(found: Any, who: str) -> Lab:
    """A simulator that a provider started, behind the wall."""
    return cast(Lab, _class(Around, Lab)(fit(Lab)(found), who))


# --- State backends ---------------------------------------------------------------------------------------------------


def _state(found: Any) -> State:
    """A state: of the right nouns. What is in them came out of files, and was looked at there."""
    if not isinstance(found, State):
        raise unlike(found, "a State")
    return found


class _Backend(Around):
    """A state backend. What it cannot save goes to a recovery file, also where it did not see to that itself.

    Threads: one, as the state backend behind it.
    """

    errors: ClassVar[Mapping[str, Callable[[str], HaplanError]]] = {
        "": StateError,
        "end": StateNotSaved,
        "journal": StateNotSaved,
        "settle_intents": StateNotSaved,
    }
    checks: ClassVar[Mapping[str, Callable[[Any], Any]]] = {"load": _state, "as_of": _state, "look": _state}
    lineage = ""
    place = ""

    def load(self) -> State:
        state = cast(State, self._asked("load", self.inner.load, State))
        self.lineage = state.lineage
        return state

    def look(self, addresses: Sequence[str]) -> State:
        part = getattr(self.inner, "look", None)  # not every state backend gives parts
        return self.load() if part is None else cast(State, self._asked("look", lambda: part(addresses), State))

    def siblings(self) -> Sequence[str]:
        listed = getattr(self.inner, "siblings", None)  # not every state backend tells
        return () if listed is None else cast(Sequence[str], self._asked("siblings", listed, Sequence[str]))

    def save(self, update: Update) -> None:
        def kept(text: str) -> HaplanError:
            return recovery.not_saved(self.place, Path.cwd(), "state", self.lineage, update, text)

        through(Call(who=self.who, verb="save", error=kept), lambda: self.inner.save(update), lambda found: None)

    def journal(self, intents: Sequence[Intent]) -> list[Intent]:
        made = cast(list[Intent], self._asked("journal", lambda: self.inner.journal(intents), list[Intent]))
        if len(made) != len(intents):
            raise StateNotSaved(f"{self.who}: journal gave {len(made)} intents for {len(intents)}; {REPORT}")
        return made


def backend(found: Any, who: str, place: str) -> StateBackend:
    """A state backend that a plugin opened, behind the wall; `place` is its URL without a password."""
    made = _class(_Backend, StateBackend)(fit(StateBackend)(found), who)
    cast(_Backend, made).place = place
    return cast(StateBackend, made)
