"""A session: one stack in one environment, with its plugins, its state and the providers it needs.

It is what the engine's story is told with; it and its room know files, environment variables and clocks, so that the
steps need not. This file opens and closes; what is done in a session stands beside it.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs

from haplan.contracts import Clock, Context, Observer, StateBackend, SteadyClock
from haplan.host.backend import open_backend, state_url
from haplan.host.clock import RealClock
from haplan.host.closing import let_go
from haplan.host.environments import question
from haplan.host.labs import Labs
from haplan.host.log import Log
from haplan.host.observers import Observers
from haplan.host.options import LAB, Options
from haplan.host.providers import Providers
from haplan.host.redaction import Redactor
from haplan.host.secrets import Secrets
from haplan.host.variables import Ask, Confirm, Variables
from haplan.model.schema import TypeInfo
from haplan.plugins import Plugins, load_plugins
from haplan.steps.load import find


class Session:
    """One stack in one environment. A context manager: leaving it closes what it opened.

    Threads: one; many sessions may be at work side by side. Those of an apply have what providers are opened with.

    Attributes:
        file, root, name: The stack's file, the folder of that, and its name.
        options: How it was opened.
        folder: Of the environment, ``.haplan/<environment>`` beside the stack.
        variable: Gives the values of variables.
        secrets, redact: Find secrets, and take them out of what is said.
        labs, providers: The simulators, and the providers.
        environ, confirm: Environment variables; how a person is asked for a yes.
        tell, observe, observed_by, catch_up: See `haplan.host.observers.Observers`.
    """

    def __init__(
        self,
        file: Path,
        options: Options,
        plugins: Plugins,
        *,
        observers: Sequence[Observer] = (),
        ask: Ask | None = None,
        confirm: Confirm | None = None,
        environ: Mapping[str, str],
        clock: Clock | None = None,
    ) -> None:
        self.file, self.root = file, file.parent
        self.name = file.parent.name if file.name == "stack.py" else file.stem
        self.options = attrs.evolve(options, environment=LAB) if options.lab else options
        self.folder = self.root / ".haplan" / self.options.environment
        self.plugins = plugins
        self.variable = Variables(self.root, self.options, environ, ask)
        self.redact, self.labs = Redactor(), Labs(self.root)
        self.secrets = Secrets(plugins, self.variable, environ, self.redact, lab=self.options.lab)
        self.providers = Providers(plugins, self._context, self.labs if self.options.lab else None)
        told = Observers(given=observers, plugins=plugins.observers, redact=self.redact,
                         clock=lambda: self.clock, log=lambda line: self._log.write(line))  # fmt: skip
        self.tell, self.observe, self.observed_by = told.tell, told.observe, told.also
        self.catch_up, self._note = told.catch_up, told.note
        self._log: Log = Log(self.options.log, self.redact, told.warn)
        self.environ, self.confirm, self._own_clock, self._steady = environ, confirm, clock, SteadyClock()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.redact.error(error)
        self._log.trace(error)
        self.close()

    def close(self) -> None:
        """Let go of connections, simulators and the state."""
        self.catch_up()
        backend = [self.backend.close] if "backend" in self.__dict__ else []
        let_go([*self.providers.closers(), *self.labs.closers(), *backend, self._log.close], self.tell)

    @property
    def clock(self) -> Clock:
        """The lab's clock where a simulator runs, else time as it passes."""
        return self._own_clock or self.labs.clock or self._steady

    @property
    def wall(self) -> Clock:
        """By which a run keeps its lease: real time, unless a test gives its own; no simulated hour may end one."""
        return self._own_clock or self._steady

    @property
    def state_url(self) -> str:
        """Where state is kept; see `haplan.host.backend.state_url`."""
        return state_url(self.options, self.folder, self.environ)

    @cached_property
    def backend(self) -> StateBackend:
        """The state backend, opened; nothing is written by opening it."""
        return open_backend(self.plugins, self.state_url, self._own_clock or RealClock())

    @cached_property
    def types(self) -> Mapping[str, TypeInfo]:
        """Resource types by name."""
        return self.plugins.types

    def _context(self) -> Context:
        known = Context(clock=self.clock, environ=self.environ, secret=self.secrets.reveal, log=self._log.write)
        return attrs.evolve(known, tell=self._note, fingerprint=self.secrets.mark)


def open_session(
    place: str | Path,
    options: Options | None = None,
    *,
    observers: Sequence[Observer] = (),
    ask: Ask | None = None,
    confirm: Confirm | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    plugins: Plugins | None = None,
    exists: bool = True,
) -> Session:
    """Open a session for a stack.

    Args:
        place: A folder or file.
        ask: Asks a person for the value of a variable, see `haplan.host.variables.Ask`; None without a terminal.
        confirm: Asks a person about hosts that a plan file names and nobody here knows; None without a terminal.
        environ: Environment variables; the process's own by default.
        clock: Time; by default real, or the simulators'.
        exists: False for a plan that is there already: neither file nor environment are questioned.
    """
    environ = dict(os.environ) if environ is None else environ
    file = find(place) if exists else Path(place)
    told: Any = {"observers": observers, "ask": ask, "confirm": confirm, "clock": clock}
    session = Session(file, options or Options(), plugins or load_plugins(environ), environ=environ, **told)
    if exists:
        question(session.root, session.options, environ, session.tell, session.plugins, session.wall)
    return session
