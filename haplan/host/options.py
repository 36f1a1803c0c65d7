"""What a command was given, and time as it is."""

import time
from pathlib import Path

import attrs


@attrs.frozen
class Options:
    """What a command was given.

    Attributes:
        environment: Own state, own variables; ``lab`` with `lab`.
        state: URL of the state; "" is ``.haplan/<environment>/state.db`` beside the stack.
        lab: Providers are served by their simulators.
        variables: ``name=value`` each.
        variable_files: TOML or JSON files.
        targets, excludes, replaces: Addresses or globs.
        destroy: Everything goes.
        to: Id of a run to go back to.
        refresh_only: Look, change nothing.
        refresh: False trusts the state.
        check_on_device: The backends check what is planned, and leave nothing behind.
        parallelism: Most writes at once.
        lock_timeout: Seconds to wait for the lock.
        log: File for each request, redacted.
    """

    environment: str = "default"
    state: str = ""
    lab: bool = False
    variables: tuple[str, ...] = ()
    variable_files: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    destroy: bool = False
    to: str = ""
    refresh_only: bool = False
    refresh: bool = True
    check_on_device: bool = False
    parallelism: int = 10
    lock_timeout: float = 0.0
    log: Path | None = None


class RealClock:
    """Time as it is."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)
