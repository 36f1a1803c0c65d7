"""A provider that is thrown away and opened anew between any two calls, as another process would do it.

    class TestPond(ProviderContract):
        ...

tests it so; `forgetful` makes a class of it, to put in the place of a provider's own in whole applies.
"""

import inspect
from collections.abc import Callable
from typing import Any

from haplan.contracts import Context, Provider

VERBS = tuple(
    name for name, thing in vars(Provider).items() if name[0] != "_" and inspect.isfunction(thing) and name != "close"
)
"""What an object can be asked."""


def forgetful(cls: type[Provider]) -> type[Provider]:
    """The class, whose objects open another one for each call and let it go."""

    def open_(mine: type[Provider], settings: Any, context: Context) -> Provider:
        return anew(lambda: cls.open(settings, context))

    return type(cls.__name__, (_class(cls),), {"open": classmethod(open_)})


def anew(opened: Callable[[], Provider]) -> Provider:
    """A provider that is opened by this for each call."""
    first = opened()
    made: Provider = object.__new__(_class(type(first)))
    for name, value in {"_opened": opened, "write_seconds": first.write_seconds}.items():
        object.__setattr__(made, name, value)  # a provider may be frozen
    first.close()
    return made


def _class(cls: type[Provider]) -> type[Provider]:
    """What the class has as its own, asked of an object that lives for that call."""
    own = {name: _asking(name) for name in VERBS if getattr(cls, name) is not getattr(Provider, name)}
    return type(cls.__name__, (cls,), {**own, "close": lambda self: None, "write_seconds": 0.0})


def _asking(name: str) -> Callable[..., Any]:
    def asked(self: Any, *given: object) -> Any:
        one = self._opened()
        try:
            return getattr(one, name)(*given)
        finally:
            one.close()

    return asked
