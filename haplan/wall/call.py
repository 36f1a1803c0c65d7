"""A call into a plugin: what it raises is named, and what it gives is looked at before anybody uses it."""

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import attrs

from haplan.errors import REPORT, HaplanError, PluginError, said
from haplan.model.schema import TypeInfo
from haplan.wall.shapes import Misfit

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Call:
    """One call, for people.

    Attributes:
        who: Whose code it is, such as ``provider 'mist'``.
        verb: What is asked of it, such as ``read``.
        about: Address or document that it is about, or "".
        error: Makes the error of a text.
        types: Resource types, for what is said of resources.
        key: Of the provider that `who` names, or "".
    """

    who: str
    verb: str
    about: str = ""
    error: Callable[[str], HaplanError] = PluginError
    types: Mapping[str, TypeInfo] = attrs.field(factory=dict)
    key: str = ""

    def wrong(self, text: str) -> HaplanError:
        """The error that says what went wrong in it."""
        about = f" of {self.about}" if self.about else ""
        error = self.error(f"{self.who}: {self.verb}{about} {text}; {REPORT}")
        error.names = self.key
        return error


def through(call: Call, ask: Callable[[], Any], fit: Callable[[Any], T]) -> T:
    """Ask a plugin.

    Args:
        call: What is asked.
        ask: Asks.
        fit: Gives the answer as the engine takes it; raises `Misfit` where it is not of its shape.

    Raises:
        HaplanError: What the plugin raised itself, where it speaks the engine's errors; else one that names the call.
    """
    try:
        return fit(ask())
    except HaplanError:
        raise
    except Misfit as wrong:
        raise call.wrong(f"gave {wrong}") from None
    except BaseException as error:  # whatever a plugin raises: SystemExit and a cancelled task too
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        raise call.wrong(f"broke: {said(error)}") from error


def trace(error: HaplanError, where: str = "") -> Iterator[str]:
    """What ``--log`` has of an error: where, what it says, and where a plugin's own code broke its traceback."""
    yield f"{where}: {error}" if where else str(error)
    if error.__cause__ is not None:
        for text in traceback.format_exception(error.__cause__):
            yield from text.rstrip("\n").split("\n")
