"""Past: what each run changed, by comparing what was recorded before it with what was recorded after it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import attrs

from haplan.model.state import Row, Run, State
from haplan.state.versions import moved

Verb = Literal["recorded", "changed", "moved", "forgotten"]


@attrs.frozen
class Entry:
    """What a run did to the record of one resource.

    Attributes:
        verb: ``recorded`` where there was none before, ``forgotten`` where there is none after.
        before: The row before, or None.
        after: The row after, or None.
    """

    verb: Verb
    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """The row after; before, where there is none."""
        row = self.after or self.before
        assert row is not None
        return row


@attrs.frozen
class Chapter:
    """One run with what it changed.

    Attributes:
        run: The run.
        entries: Resources; None where the history of what was before was pruned.
        outputs: Names of outputs with a sign: ``+``, ``~`` or ``-``.
    """

    run: Run
    entries: tuple[Entry, ...] | None
    outputs: Mapping[str, str] = attrs.field(factory=dict)


def chapter(run: Run, before: State | None, after: State) -> Chapter:
    """What a run changed, from the states before and after it."""
    if before is None:
        return Chapter(run, None)
    return Chapter(run, compare(before, after), dict(_outputs(before, after)))


def compare(before: State, after: State) -> tuple[Entry, ...]:
    """What changed between two states, by address."""
    gone = {key: row for key, row in before.rows.items() if key not in after.rows}
    came = {new: old for old, new in moved(before.rows, after.rows).items()}
    found: list[Entry] = []
    for key, row in after.rows.items():
        old = before.rows.get(key)
        if old is None:
            old = gone.pop(came[key]) if key in came else None
            found.append(Entry("recorded" if old is None else "moved", old, row))
        elif not _same(old, row):
            found.append(Entry("changed", old, row))
    found += [Entry("forgotten", row, None) for row in gone.values()]
    return tuple(sorted(found, key=lambda entry: (entry.row.address, entry.row.deposed)))


def _same(one: Row, other: Row) -> bool:
    """True if two rows say the same; when, from which line and with what private notes does not matter."""
    if one == other:
        return True
    return attrs.evolve(one, serial=0, seq=0, source="", hash="", private={}, schema_version=0) == attrs.evolve(
        other, serial=0, seq=0, source="", hash="", private={}, schema_version=0
    )


def of(address: str, chapters: Sequence[Chapter]) -> list[Chapter]:
    """The chapters in which an address takes part, back through the names that it had before."""
    found: list[Chapter] = []
    name = address
    for chapter in reversed(chapters):
        entries = tuple(_about(name, chapter.entries or ()))
        if entries:
            found.append(attrs.evolve(chapter, entries=entries, outputs={}))
        name = next((e.before.address for e in entries if e.verb == "moved" and e.before and e.after), name)
    return found[::-1]


def _about(address: str, entries: Sequence[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if address in {row.address for row in (entry.before, entry.after) if row is not None}:
            yield entry


def _outputs(before: State, after: State) -> Iterator[tuple[str, str]]:
    for name in sorted({*before.outputs, *after.outputs}):
        old, new = before.outputs.get(name), after.outputs.get(name)
        if old != new:
            yield name, "+" if old is None else "-" if new is None else "~"
