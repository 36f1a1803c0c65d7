"""Which WANs their boxes are managed over, where the provider's settings leave that open: those that are new. Pure.

A WAN that was made without it stays as it is, one that had it is put back: rows remember which is which. Rows of before
say nothing of it; there a WAN that has nothing of it never had it.
"""

from collections.abc import Iterable, Mapping

import attrs

from haplan.plugin import Row
from haplan_ssr.private import Managed, Private
from haplan_ssr.translate import Terms, Translation
from haplan_ssr.translate.routers import MANAGED, router_path
from haplan_ssr.translate.tree import Flat, Path

INTERFACE = 5
"""Steps of the path of a network interface: authority, router, node, device and itself."""
SHOWN = 3


@attrs.frozen
class Unmanaged:
    """The WANs that stay as they are.

    Attributes:
        leaves: What they would have.
    """

    leaves: frozenset[Path] = frozenset()

    def without(self, translation: Translation) -> Translation:
        """A translation that leaves them as they are."""
        if not self.leaves:
            return translation
        entries = {path: given for path, given in translation.entries.items() if path not in self.leaves}
        return attrs.evolve(translation, entries=entries)

    def notes(self) -> tuple[str, ...]:
        """A line that tells of them."""
        wans = sorted({f"{path[1][1]} {path[2][1]} {path[4][1]}" for path in self.leaves})
        if not wans:
            return ()
        more = f" and {len(wans) - SHOWN} more" if wans[SHOWN:] else ""
        one = "1 WAN is no way" if len(wans) == 1 else f"{len(wans)} WANs are no ways"
        said = f"{one} for the own traffic of their boxes ({', '.join(wans[:SHOWN])}{more}) and stay so"
        return (f'{said}: provider("ssr", management=True) makes them that, management=False says that it is meant',)


def unmanaged(terms: Terms, recorded: Translation, rows: Mapping[str, Row], live: Flat) -> Unmanaged:
    """The recorded WANs that run without what new ones get."""
    if terms.management is not None:
        return Unmanaged()
    found: dict[Path, list[Path]] = {}
    for path in recorded.entries:
        if len(path) > INTERFACE and path[INTERFACE] in MANAGED and path[:INTERFACE] in live:
            found.setdefault(path[:INTERFACE], []).append(path)
    bare = {at: paths for at, paths in found.items() if not any(path in live for path in paths)}
    marks = _Marks(recorded, rows) if bare else None
    return Unmanaged(
        frozenset(path for at, paths in bare.items() if marks and not marks.had(at, paths[0]) for path in paths)
    )


class _Marks:
    """What the rows remember.

    Threads: one; made for one comparison.
    """

    def __init__(self, recorded: Translation, rows: Mapping[str, Row]) -> None:
        self._recorded, self._rows = recorded, rows
        self._known: dict[str, tuple[int, Managed]] = {}

    def had(self, interface: Path, leaf: Path) -> bool:
        """True if an interface had it: the row that was written last and says something of it knows."""
        router = self._recorded.entries.get(router_path(interface[1][1]))
        sources = [*(router.sources[:1] if router is not None else ()), self._recorded.entries[leaf].sources[0]]
        known = [self._of(source.address) for source in sources]
        name = interface[4][1]
        said = [(serial, marks[name]) for serial, marks in known if name in marks]
        return max(said, key=lambda one: one[0])[1] if said else False

    def _of(self, address: str) -> tuple[int, Managed]:
        if address not in self._known:
            row = self._rows.get(address)
            self._known[address] = (row.serial, Private.of(row.private).managed) if row is not None else (0, {})
        return self._known[address]


def marks(after: Translation, addresses: Iterable[str]) -> dict[str, Managed]:
    """Resource → WAN → whether it is managed over, of those that all have it or all have not."""
    among, found = frozenset(addresses), dict[str, dict[str, set[bool]]]()
    for path, given in after.entries.items():
        if len(path) == INTERFACE + 1 and path[INTERFACE] == "source-nat":
            has = (*path[:INTERFACE], MANAGED[0]) in after.entries
            owners = {given.sources[0].address, after.entries[router_path(path[1][1])].sources[0].address}
            for address in owners & among:
                found.setdefault(address, {}).setdefault(path[4][1], set()).add(has)
    return {
        address: {name: has.pop() for name, has in sorted(names.items()) if len(has) == 1}
        for address, names in found.items()
    }
