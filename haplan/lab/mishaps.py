"""What goes wrong in a lab on purpose: entries with a turn, counted in the estate.

All processes that serve an estate share the counters, and they survive a restart as long as the entry stays. An entry
is an attrs class with at least `nth` (first match that goes wrong) and `times` (how many from there on, 0 = all).
"""

import json
from collections.abc import Callable, Mapping, Sequence

import attrs

from haplan.lab.estate import Tx
from haplan.plugin import Tree, sorted_json

_written = sorted_json()

TABLE = """
create table if not exists mishaps (
    seq integer primary key, sort text not null, source text not null, spec text not null, seen integer not null)
"""


def replace_mishaps(tx: Tx, sort: str, source: str, entries: Sequence[Tree]) -> bool:
    """Make these the mishaps of one sort and source; an entry that stays keeps its counter. True if any changed."""
    old = tx.all("select spec, seen from mishaps where sort = ? and source = ? order by seq", sort, source)
    counters: dict[str, list[int]] = {}
    for spec, seen in old:
        counters.setdefault(spec, []).append(seen)
    new = [_written(attrs.asdict(entry)) for entry in entries]
    if new == [spec for spec, _ in old]:
        return False
    tx.run("delete from mishaps where sort = ? and source = ?", sort, source)
    for spec in new:
        seen = counters[spec].pop(0) if counters.get(spec) else 0
        tx.run("insert into mishaps (sort, source, spec, seen) values (?, ?, ?, ?)", sort, source, spec, seen)
    return True


def add_mishaps(tx: Tx, sort: str, source: str, entries: Sequence[Tree]) -> None:
    """Add to the mishaps of one sort and source."""
    for entry in entries:
        spec = _written(attrs.asdict(entry))
        tx.run("insert into mishaps (sort, source, spec, seen) values (?, ?, ?, 0)", sort, source, spec)


def list_mishaps(tx: Tx) -> list[dict[str, Tree]]:
    """All of them, with their counters."""
    rows = tx.all("select * from mishaps order by seq")
    return [{"sort": r["sort"], "source": r["source"], "seen": r["seen"], **json.loads(r["spec"])} for r in rows]


def next_mishap(tx: Tx, sort: str, matches: Callable[[Mapping[str, Tree]], bool]) -> dict[str, Tree] | None:
    """The first entry that matches and whose turn it is; every match is counted."""
    chosen: dict[str, Tree] | None = None
    for row in tx.all("select seq, spec, seen from mishaps where sort = ? order by seq", sort):
        spec: dict[str, Tree] = json.loads(row["spec"])
        if not matches(spec):
            continue
        tx.run("update mishaps set seen = seen + 1 where seq = ?", row["seq"])
        nth = row["seen"] + 1
        last = float("inf") if spec["times"] == 0 else spec["nth"] + spec["times"] - 1
        if chosen is None and spec["nth"] <= nth <= last:
            chosen = spec
    return chosen
