"""A session: one stack in one environment, with its plugins, its state and the providers it needs.

It is what the engine's story is told with; it knows files, environment variables, clocks and signals, so that the steps
need not.
"""

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs

from haplan import __version__
from haplan.contracts import Clock, Context, Lab, LabRequest, Observer, Provider, StateBackend, Target
from haplan.errors import HaplanError, PluginError
from haplan.host import records
from haplan.host.options import Options as Options
from haplan.host.options import RealClock
from haplan.host.redaction import Redactor
from haplan.host.secrets import Secrets
from haplan.host.variables import Ask, Variables
from haplan.model import value as model
from haplan.model.event import Event
from haplan.model.plan import Change, Plan
from haplan.model.schema import TypeInfo
from haplan.model.stack import Block, ProviderBlock, Stack, Variable
from haplan.model.state import Holder, Run, State
from haplan.plugins import Plugins, load_plugins
from haplan.state.lease import LEASE
from haplan.state.location import shown
from haplan.steps.approve import plain
from haplan.steps.load import find

LAB = "lab"
INTERRUPTED = 7
"""The exit code of a run that was interrupted."""


class Session:
    """One stack in one environment. A context manager: leaving it closes what it opened."""

    def __init__(
        self,
        file: Path,
        options: Options,
        plugins: Plugins,
        observers: Sequence[Observer],
        ask: Ask | None,
        environ: Mapping[str, str],
        clock: Clock | None,
        plan: Plan | None,
    ) -> None:
        self.file = file
        self.root = file.parent
        self.name = file.parent.name if file.name == "stack.py" else file.stem
        self.options = attrs.evolve(options, environment=LAB) if options.lab else options
        self.folder = self.root / ".haplan" / self.options.environment
        self.plugins = plugins
        self.environ = environ
        self.variable = Variables(self.root, self.options, environ, ask)
        told = {f"plugin {name!r}": observer for name, observer in plugins.observers.items()}
        self._observers = [*((type(one).__name__, one) for one in observers), *told.items()]
        self.redact = Redactor()
        self.secrets = Secrets(plugins, self.variable, environ, self.redact, lab=self.options.lab)
        self._own_clock = clock
        self._given_plan = plan
        self._labs: dict[str, Lab] = {}
        self._providers: dict[str, Provider] = {}
        self._log: Any = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.redact.error(error)
        self.close()

    def close(self) -> None:
        """Let go of connections, simulators and the state."""
        for provider in self._providers.values():
            provider.close()
        for lab in self._labs.values():
            lab.stop()
        if "backend" in self.__dict__:
            self.backend.close()
        if self._log is not None:
            self._log.close()
        self._providers, self._labs, self._log = {}, {}, None

    # --- Time, state, types ---

    @property
    def clock(self) -> Clock:
        """The lab's clock where a simulator runs, else real time."""
        if self._own_clock is not None:
            return self._own_clock
        return next((lab.clock for lab in self._labs.values()), RealClock())

    @property
    def wall(self) -> Clock:
        """The clock of locks: real time, unless a test gives its own; a simulated hour must not end a lease."""
        return self._own_clock or RealClock()

    @property
    def command(self) -> str:
        """What a plan of this session is for."""
        options = self.options
        said = {"refresh": options.refresh_only, "destroy": options.destroy, "rollback": options.to}
        return next((name for name, meant in said.items() if meant), "apply")

    @property
    def targets(self) -> dict[str, tuple[str, ...]]:
        """What the plan is limited to, as given."""
        found = {name: getattr(self.options, name) for name in ("targets", "excludes", "replaces")}
        return {**found, **({"to": (self.options.to,)} if self.options.to else {})}

    @property
    def state_url(self) -> str:
        """Where state is kept; may hold a password, see `haplan.state.location.shown`.

        ``{env}`` in a given URL is the environment. Without that, `HAPLAN_STATE` is not taken for the lab's state.
        """
        given, usual = self.options.state, self.environ.get("HAPLAN_STATE", "")
        if self.options.lab and "{env}" not in usual:
            usual = ""
        given, usual = (url.replace("{env}", self.options.environment) for url in (given, usual))
        if given == shown(usual):  # from a plan file, which keeps no password
            given = usual
        return given or usual or f"sqlite:///{self.folder / 'state.db'}"

    @cached_property
    def backend(self) -> StateBackend:
        """The state backend, opened; nothing is written by opening it."""
        scheme = self.state_url.partition("://")[0] if "://" in self.state_url else "sqlite"
        if scheme not in self.plugins.state_backends:
            known = ", ".join(sorted(self.plugins.state_backends)) or "none"
            broken = "".join(f"; plugin {name!r} is broken: {why}" for name, why in self.plugins.broken.items())
            raise PluginError(f"no state backend for {scheme!r} is installed; there are: {known}{broken}")
        return self.plugins.state_backends[scheme](self.state_url, self.wall)

    @cached_property
    def types(self) -> Mapping[str, TypeInfo]:
        """Resource types by name."""
        return self.plugins.types

    def tell(self, kind: str, text: str = "", **more: Any) -> None:
        """Tell the observers."""
        self.observe(Event(kind, self.clock.now(), text=text, **more))

    def observe(self, event: Event) -> None:
        """Pass an event on, without secrets. Who breaks at it is told nothing more: no run is cut short by that."""
        event = self.redact.tree(event)
        for told in list(self._observers):
            name, observer = told
            try:
                observer(event)
            except Exception as error:  # the code of a plugin, or an output that takes nothing more: named
                self._observers.remove(told)
                self.tell("warning", f"{name} is told nothing more of this run: {type(error).__name__}: {error}")

    # --- Providers ---

    def check_providers(self, stack: Stack) -> None:
        """Whether the providers and types that a stack names are installed and have the settings it gives; offline.

        Raises:
            HaplanError: One line for each that is not.
        """
        blocks = stack.blocks.values()
        unknown = [name for name in dict.fromkeys(block.type for block in blocks) if name not in self.types]
        firsts = [next(block for block in blocks if block.type == name) for name in unknown]
        what = "no plugin that is installed brings the type"
        lines = [f"{block.location}: {block.address}: {what} {block.type}" for block in firsts]
        for block in stack.providers.values():
            try:
                _settings(self.plugins.provider(block.name), block.settings, block)
            except PluginError as error:
                lines.append(f"{block.location}: {error}")
            except HaplanError as error:
                lines.append(str(error))
        if lines:
            raise HaplanError("\n".join(lines))

    def open_providers(self, stack: Stack, wanted: Mapping[str, Sequence[Target]]) -> dict[str, Provider]:
        """The providers that the resources need, by key."""
        return {key: self._provider(key, stack) for key in wanted}

    def providers_of(self, plan: Plan) -> dict[str, Provider]:
        """The providers that a plan needs, opened from what the plan says of them."""
        blocks = {}
        for key in dict.fromkeys([*(t.provider for t in plan.transactions), *plan.identities]):
            name, _, alias = key.partition(".")
            blocks[key] = ProviderBlock(name, alias, model.decode(dict(plan.settings.get(key, {}))), None)
        return {key: self._providers.get(key) or self._open(block, ()) for key, block in blocks.items()}

    def _provider(self, key: str, stack: Stack) -> Provider:
        if key in self._providers:
            return self._providers[key]
        name, _, alias = key.partition(".")
        block = stack.providers.get(key) or ProviderBlock(name, alias, {}, None)
        return self._open(block, tuple(b for b in stack.blocks.values() if b.provider == key))

    def _open(self, block: ProviderBlock, blocks: tuple[Block, ...]) -> Provider:
        cls = self.plugins.provider(block.name)
        settings, environ = dict(block.settings), self.environ
        if self.options.lab and block.name != "haplan":
            settings, environ = {**settings, **self.start_lab(block.key, cls, blocks).settings}, {}
        context = Context(
            self.clock, environ, self.secrets.reveal, self._write_log, lambda text: self.tell("note", text)
        )
        self._providers[block.key] = cls.open(_settings(cls, settings, block), context)
        return self._providers[block.key]

    def start_lab(
        self, key: str, cls: type[Provider], blocks: tuple[Block, ...], *, port: int = 0, tls: bool = False
    ) -> Lab:
        """The simulator of a provider, started once."""
        if key not in self._labs:
            definition = self.root / "lab.toml"
            request = LabRequest(
                self.root / ".haplan" / LAB, definition if definition.is_file() else None, blocks, port, tls
            )
            self._labs[key] = cls.lab(request)
        return self._labs[key]

    def _write_log(self, line: str) -> None:
        if self.options.log is None:
            return
        if self._log is None:
            try:
                self._log = self.options.log.open("a", encoding="utf-8")
            except OSError as error:
                raise HaplanError(f"--log {self.options.log}: {error.strerror}") from None
        self._log.write(self.redact.text(line) + "\n")
        self._log.flush()

    # --- What goes into plans ---

    def shown_variable(self, variable: Variable, state: State) -> model.Tree:
        """A variable as a plan keeps it: a sensitive one by fingerprint."""
        if not variable.sensitive:
            return variable.value
        return self.secrets.fingerprint(state)(model.Secret(model.of_variable(variable.name, variable.kind)))

    def settings_without_secrets(self, stack: Stack) -> dict[str, Mapping[str, Any]]:
        """Provider settings as a plan keeps them: secrets by where they come from."""
        return {key: plain(block.settings) for key, block in stack.providers.items()}

    def plugin_versions(self, providers: Iterable[str], changes: Iterable[Change]) -> dict[str, str]:
        """The plugins that carrying out a plan needs, haplan's own apart."""
        needed = self.plugins.needed({key.partition(".")[0] for key in providers}, {change.type for change in changes})
        return {name: version for name, version in needed.items() if name != "builtin"}

    def notes(self, state: State) -> tuple[str, ...]:
        """Lines for people about the state: who is writing it now, what a dead run left."""
        holder = self.backend.holder()
        alive = holder is not None and holder.until > self.backend.now()
        if holder is not None and alive:
            return (f"{holder.who} writes this state now ({holder.what}, lock {holder.id}); its part may still change",)
        left = sorted(state.unsettled())
        return (
            (f"an earlier run ended in the middle of: {', '.join(left)}; this plan goes on from what is true",)
            if left
            else ()
        )

    def made(self) -> dict[str, Any]:
        """What stands beside a plan's body: how, where and by whom it was made."""
        return {
            "at": time.time(),
            "by": who(),
            "haplan": __version__,
            "file": str(self.file),
            "state": shown(self.state_url),
            "lab": self.options.lab,
        }

    # --- Runs ---

    @contextlib.contextmanager
    def locked(self, what: str) -> Iterator[Holder]:
        """Hold the lock for a ``with`` block; `what` says for what, for people who find it held.

        Raises:
            Locked: Somebody else holds it, longer than ``--lock-timeout``.
        """
        now = self.wall.now()
        wanted = Holder(secrets.token_hex(4), who(), socket.gethostname(), os.getpid(), what, now, now + LEASE)
        holder = self._wait_for_lock(wanted)
        try:
            if self.backend.migrated:
                self.tell("note", f"the state of an older haplan was migrated; a copy of it is {self.backend.migrated}")
            yield holder
        finally:
            self._give_back(holder)

    def _give_back(self, holder: Holder) -> None:
        try:
            self.backend.unlock(holder.id)
        except HaplanError as error:  # it must not stand in the place of what went wrong before
            self.tell("warning", f"{error}; it is free again when its lease has run out")

    def _wait_for_lock(self, wanted: Holder) -> Holder:
        from haplan.errors import Locked

        until, told = time.monotonic() + self.options.lock_timeout, False
        while True:
            try:
                return self.backend.lock(wanted)
            except Locked as error:
                if time.monotonic() >= until:
                    raise
                if not told:
                    waiting = f"waiting for the lock: {str(error).partition(';')[0]}"
                    self.tell("phase", waiting, data={"expected_seconds": self.options.lock_timeout})
                told = True
                time.sleep(0.2)

    def begin(self, command: str, digest: str = "") -> Run:
        """Open a run. Lock first."""
        return self.backend.begin(self.run(command, digest))

    def run(self, command: str, digest: str = "") -> Run:
        """A run that begins now, with an id of its own; not opened yet."""
        now = self.clock.now()
        day = time.strftime("%Y-%m-%d", time.gmtime(now))
        return Run(f"{day}-{secrets.token_hex(4)}", 0, digest, now, who(), command)

    def end(self, run: Run, exit_code: int) -> None:
        """Close a run."""
        result = {0: "done", INTERRUPTED: "interrupted"}.get(exit_code, "failed")
        self.backend.end(attrs.evolve(run, ended=self.clock.now(), result=result))

    def record(self, run: Run, plan: Plan, kept: bytes) -> AbstractContextManager[Callable[[Event], None]]:
        """Keep the run's record beside the state: the plan file of which it carries out `plan`, and the events."""
        return records.recorded(self.folder, run, plan, kept, self.clock, self.observe, self.redact.tree)

    def interruptible(self) -> AbstractContextManager[threading.Event]:
        """Ctrl-C once sets the flag: nothing new is started. Twice raises KeyboardInterrupt."""
        return records.interruptible(self.tell)


def who() -> str:
    """user@host, for people to read."""
    import getpass

    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return f"{os.getuid()}@{socket.gethostname()}"


def _settings(cls: type[Provider], given: Mapping[str, Any], block: ProviderBlock) -> Any:
    from haplan.language.record import nearest

    known = [field.name for field in attrs.fields(cls.config)]
    for name in given:
        if name not in known:
            where = f"{block.location}: " if block.location else ""
            raise HaplanError(f"{where}provider {block.key!r}: unknown setting {name!r}{nearest(name, known)}")
    return cls.config(**given)


def open_session(
    place: str | Path,
    options: Options | None = None,
    *,
    observers: Sequence[Observer] = (),
    ask: Ask | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    plugins: Plugins | None = None,
    plan: Plan | None = None,
) -> Session:
    """Open a session for a stack.

    Args:
        place: A folder or file.
        ask: Asks a person for the value of a variable, see `haplan.host.variables.Ask`; None without a terminal.
        environ: Environment variables; the process's own by default.
        clock: Time; by default real, or the simulators'.
        plan: A plan that was read from a file: then the stack's file need not exist.
    """
    environ = dict(os.environ) if environ is None else environ
    file = Path(place) if plan is not None else find(place)
    return Session(file, options or Options(), plugins or load_plugins(environ), observers, ask, environ, clock, plan)
