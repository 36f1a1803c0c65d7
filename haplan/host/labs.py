"""The simulators that stand in for the estates with ``--lab``."""

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from haplan.contracts import Clock, Lab, LabRequest, Provider
from haplan.errors import HaplanError
from haplan.host.options import LAB
from haplan.model.stack import Block, Stack


class Labs:
    """The simulators of one session, each started once.

    Threads: one, the session's; it starts them before providers are at work, which ask for the time in theirs.

    Args:
        root: The stack's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: dict[str, Lab] = {}
        self._clock = LabsClock()

    @property
    def clock(self) -> Clock | None:
        """The clock of the simulated estates; None while none runs."""
        return self._clock if self._running else None

    def start(
        self, key: str, cls: type[Provider], blocks: tuple[Block, ...], *, keys: Sequence[str] = (), port: int = 0,
        tls: bool = False,
    ) -> Lab:  # fmt: skip
        """The simulator of a provider.

        Args:
            key: Of the provider; each alias has an estate of its own, in a folder of its own.
            blocks: The stack's resources for it.
            keys: All providers of the stack.
        """
        if key not in self._running:
            folder, definition = self._root / ".haplan" / LAB, self._root / "lab.toml"
            request = LabRequest(
                folder=folder / quote(key, safe="") if "." in key else folder,
                definition=definition if definition.is_file() else None,
                blocks=blocks,
                port=port,
                tls=tls,
                key=key,
                keys=tuple(keys),
            )
            self._running[key] = cls.lab(request)
            self._clock.join(self._running[key].clock)
        return self._running[key]

    def closers(self) -> list[Callable[[], None]]:
        """What ends them, one each; their estate stays."""
        running, self._running = self._running, {}
        return [lab.stop for lab in running.values()]


A_YEAR = 366 * 24 * 3600.0
"""Seconds that a run on simulators may wait in all: an end to a loop that has none, where waiting takes no time."""


class LabsClock:
    """One time for all simulators of a session: what is slept passes for each of them.

    Threads: any ask for the time and let it pass; the session's adds simulators, before providers are at work.
    """

    def __init__(self) -> None:
        self._clocks: list[Clock] = []
        self._begun = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clocks[0].now()

    def sleep(self, seconds: float) -> None:
        """Let time pass for everybody.

        Raises:
            HaplanError: A year of it has passed in this run: something is waited for that never comes.
        """
        until = self.now() + seconds
        if until > self._begun + A_YEAR:
            raise HaplanError(
                "a year of simulated time has passed in this run: something is waited for that never comes"
            )
        for clock in self._clocks:
            clock.sleep(max(0.0, until - clock.now()))

    def join(self, clock: Clock) -> None:
        """Another one: who is behind catches up."""
        self._clocks.append(clock)
        latest = max(one.now() for one in self._clocks)
        for one in self._clocks:
            behind = latest - one.now()
            if behind > APART:
                one.sleep(behind)
        self._begun = latest


APART = 1.0
"""Seconds that clocks may be apart, so that what was just read of one is not set right in another."""


def blocks_of(stack: Stack, key: str) -> tuple[Block, ...]:
    """A stack's resources for one provider."""
    return tuple(block for block in stack.blocks.values() if block.provider == key)
