"""A provider behind the wall: every verb of the contract goes through `haplan.wall.call`.

What `behind` gives stands in for the provider's class wherever the engine asks for it, so that nobody holds the class
itself. Which verbs there are, and what each gives, is read from the contract: a new verb cannot be forgotten.
"""

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from types import NoneType
from typing import Any, ClassVar

import attrs

from haplan.contracts import Context, Provider, Query, Target, Task
from haplan.errors import REPORT, HaplanError, ProviderError
from haplan.model.document import Document
from haplan.model.plan import Change
from haplan.model.schema import TypeInfo
from haplan.model.state import Intent
from haplan.wall.answers import CHECKS
from haplan.wall.call import Call, through, trace
from haplan.wall.shapes import Misfit, fit

VERBS = tuple(name for name, thing in vars(Provider).items() if name[0] != "_" and callable(getattr(Provider, name)))
"""What a provider can be asked."""
REQUIRED = ("open", "identity", "read", "write")
"""Verbs without a default."""
SENDING = ("write", "confirm", "revert")
"""Verbs that change something: of one that breaks, nobody knows what it sent."""
SECONDS = ("poll_seconds", "write_seconds")
"""Numbers that a provider may set as it goes."""
_SOME = 3


class Behind(Provider):
    """A provider behind the wall; a class that `behind` makes has the verbs that the provider has.

    Threads: any; of the numbers of seconds the last is kept.

    Attributes:
        of: The plugin's class.
        inner: Its object.
        key: What the stack calls it; errors name it by that.
        log: Takes a line for ``--log``: whatever it raises leaves its trace there.
    """

    of: ClassVar[type[Provider]]

    def __init__(self, inner: Any, key: str, log: Callable[[str], None] = lambda line: None) -> None:
        self.inner = inner
        self.key = key
        self.log = log
        self._seconds: dict[str, float] = {}
        for name in SECONDS:
            if self._number(name) is None:
                raise ProviderError(f"provider {key!r}: {name} is no number of seconds; {REPORT}")

    def _number(self, name: str) -> float | None:
        """What the provider says now, or the last number it said."""
        try:
            value = getattr(self.inner, name)
        except Exception:  # a property is the plugin's code
            value = None
        if type(value) in (int, float) and isfinite(value) and value >= 0:
            self._seconds[name] = value
        return self._seconds.get(name)


def behind(cls: type[Provider], types: Mapping[str, TypeInfo] | None = None) -> type[Provider]:
    """A provider's class behind the wall; `types` says what the resources are that it speaks of.

    Raises:
        Misfit: What it says of itself is not of its shape.
    """
    types = {} if types is None else types  # the types of all plugins are asked for only where one is looked up
    own = {name: _asking(cls, name, types) for name in VERBS if name in REQUIRED or _is_own(cls, name)}
    numbers = {name: property(partial(_now, name=name)) for name in SECONDS}
    return type(cls.__name__, (Behind,), {"of": cls, "__doc__": cls.__doc__, **_told(cls), **numbers, **own})


def _now(self: Behind, name: str) -> float | None:
    return self._number(name)


def _told(cls: type[Provider]) -> dict[str, Any]:
    """What a provider's class says of itself."""
    hints = typing.get_type_hints(Provider)
    names = [name for name in hints if name[0] != "_" and name not in SECONDS]
    lacking = [name for name in names if not hasattr(cls, name)]
    if lacking:
        raise Misfit(f"{cls.__name__} without {', '.join(lacking)}", "a Provider")
    found = {}
    for name in names:
        try:
            found[name] = fit(hints[name])(getattr(cls, name))
        except Misfit as wrong:
            raise wrong.under(cls.__name__, name) from None
    if not attrs.has(found["config"]):
        raise Misfit(found["config"].__name__, "an attrs class").under(cls.__name__, "config")
    return found


def _is_own(cls: type[Provider], verb: str) -> bool:
    """False if the class has the contract's default of it."""
    default = inspect.getattr_static(Provider, verb)
    return inspect.getattr_static(cls, verb, default) is not default


def _asking(cls: type[Provider], verb: str, types: Mapping[str, TypeInfo]) -> Any:
    """The verb of a class behind the wall."""
    given = typing.get_type_hints(getattr(Provider, verb))["return"]
    check = CHECKS.get(verb) or (lambda found, *asked: found if given is NoneType else fit(given)(found))

    def asked(key: str, of: Any, *asked: Any) -> Any:
        error = partial(ProviderError, lost=verb in SENDING)
        call = Call(who=f"provider {key!r}", verb=verb, about=about(asked), error=error, types=types, key=key)
        return through(call, lambda: getattr(of, verb)(*asked), lambda found: check(found, call, *asked))

    def traced(log: Callable[[str], None], key: str, of: Any, *given: Any) -> Any:
        try:
            return asked(key, of, *given)
        except HaplanError as error:
            for line in trace(error, " ".join(word for word in (f"provider {key!r}", verb, about(given)) if word)):
                log(line)
            raise

    def of_object(self: Behind, *given: Any) -> Any:
        return traced(self.log, self.key, self.inner, *given)

    def of_class(mine: type[Behind], *given: Any) -> Any:
        return asked(mine.name, mine.of, *given)

    def of_open(mine: type[Behind], settings: Any, context: Context) -> Behind:
        key = context.key or mine.name
        return mine(traced(context.log, key, mine.of, settings, context), key, context.log)

    if verb == "open":
        return classmethod(of_open)
    on_class = isinstance(inspect.getattr_static(Provider, verb), classmethod)
    return classmethod(of_class) if on_class else of_object


def about(given: Sequence[Any]) -> str:
    """What a call is about, from what it is given: an address, a document or a type."""
    for one in given:
        match one:
            case Task():
                return str(one.transaction.document)
            case Change():
                return one.key
            case Intent():
                return one.address
            case Query():
                return _some([target.address for target in one.targets])
            case Document() | str():
                return str(one)
            case [Target(), *_]:
                return _some([target.address for target in one])
            case [Task(), *_]:
                return _some([str(task.transaction.document) for task in one])
    return ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SOME} more" if names[_SOME:] else ""
    return ", ".join(names[:_SOME]) + more
