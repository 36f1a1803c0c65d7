"""The simulators that stand in for the estate with ``--lab``."""

from collections.abc import Callable
from pathlib import Path

from haplan.contracts import Clock, Lab, LabRequest, Provider
from haplan.host.options import LAB
from haplan.model.stack import Block


class Labs:
    """The simulators of one session, each started once.

    Threads: one, the session's; it starts them before providers are at work, which ask for the time in theirs.

    Args:
        root: The stack's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: dict[str, Lab] = {}

    @property
    def clock(self) -> Clock | None:
        """The clock of the simulated estate; None while none runs."""
        return next((lab.clock for lab in self._running.values()), None)

    def start(
        self, key: str, cls: type[Provider], blocks: tuple[Block, ...], *, port: int = 0, tls: bool = False
    ) -> Lab:
        """The simulator of a provider.

        Args:
            key: Of the provider.
            blocks: The stack's resources for it.
        """
        if key not in self._running:
            definition = self._root / "lab.toml"
            request = LabRequest(
                self._root / ".haplan" / LAB, definition if definition.is_file() else None, blocks, port, tls
            )
            self._running[key] = cls.lab(request)
        return self._running[key]

    def closers(self) -> list[Callable[[], None]]:
        """What ends them, one each; their estate stays."""
        running, self._running = self._running, {}
        return [lab.stop for lab in running.values()]
