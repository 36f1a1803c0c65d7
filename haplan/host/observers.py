"""Who is told what happens: progress, records, plugins. Nobody of them is told a secret, or cuts a run short."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from haplan.contracts import Clock, Observer
from haplan.errors import PluginError
from haplan.host.redaction import Redactor
from haplan.model.event import Event
from haplan.wall.call import said


class Observers:
    """The observers of one session.

    Args:
        given: Of whoever opened the session.
        plugins: Of the plugins, by name.
        redact: Takes the secrets out of what is told.
        clock: Gives the session's clock.
    """

    def __init__(
        self,
        given: Sequence[Observer],
        plugins: Mapping[str, Observer],
        redact: Redactor,
        clock: Callable[[], Clock],
    ) -> None:
        told = {f"plugin {name!r}": observer for name, observer in plugins.items()}
        self._observers = [*((type(one).__name__, one) for one in given), *told.items()]
        self._redact = redact
        self._clock = clock

    def tell(self, kind: str, text: str = "", **more: Any) -> None:
        """Tell them."""
        self.observe(Event(kind, self._clock().now(), text=text, **more))

    def observe(self, event: Event) -> None:
        """Pass an event on, without secrets. Who breaks at it is told nothing more: no run is cut short by that."""
        event = self._redact.tree(event)
        for told in list(self._observers):
            name, observer = told
            try:
                observer(event)
            except Exception as error:  # the code of a plugin, or an output that takes nothing more: named
                self._observers.remove(told)
                why = said(error.__cause__ if isinstance(error, PluginError) and error.__cause__ else error)
                self.tell("warning", f"{name} is told nothing more of this run: {why}")
