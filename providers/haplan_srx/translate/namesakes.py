"""Entries of others that are called as haplan calls its own: what is theirs would become part of ours.

A policy gets another meaning by its second match, an application by another term, although no line of it changes. So
not only what is overwritten counts, but that there is one of that name at all.
"""

from collections.abc import Iterator

from haplan_srx.translate.statements import Configuration, Live, Path, Statement, tag

NAMED: frozenset[tuple[str, str]] = frozenset({
    ("security", "policy"), ("security", "rule-set"), ("security", "address"), ("security", "address-set"),
    ("security", "proposal"), ("security", "gateway"), ("security", "vpn"), ("security", "ids-option"),
    ("applications", "application"), ("applications", "application-set"), ("firewall", "filter"),
    ("routing-instances", "instance"), ("routing-options", "rib-groups"), ("policy-options", "policy-statement"),
    ("services", "probe"), ("services", "policy"), ("access", "pool"), ("system", "group"),
    ("forwarding-options", "group"), ("forwarding-options", "server-group"),
})  # fmt: skip
"""Top of the configuration and list of what has a name that somebody chose, unlike ports and routes."""
TUNNELS: Path = ("interfaces", ("interface", "st0"))
OWN_WORDS = "extra"
"""Attribute whose statements somebody wrote out: what they go into was looked at."""


def namesakes(wanted: Configuration, owned: Configuration, live: Live) -> Iterator[Path]:
    """Entries that are new for haplan, that a device has already, and that are another thing there."""
    there = dict.fromkeys(top for one in wanted.statements.values() if (top := _entry(one)))
    for top in there:
        if live.has(top) and top not in owned.prefixes and not _same(top, wanted, live):
            yield top


def _entry(one: Statement) -> Path:
    """The outermost entry with a name that a statement is in; () where it is in none."""
    if one.field[:1] == (OWN_WORDS,):
        return ()
    return next((one.path[:depth] for depth in range(1, len(one.path) + 1) if is_named(one.path[:depth])), ())


def is_named(path: Path) -> bool:
    """True for an entry of a list whose names, or numbers, somebody chose."""
    step = path[-1]
    if path[:2] == TUNNELS:
        return len(path) == 3 and tag(step) == "unit"
    if path[:1] == ("interfaces",):
        return len(path) == 2 and str(step[1]).startswith("reth")
    return isinstance(step, tuple) and len(step) == 2 and (tag(path[0]), step[0]) in NAMED


def _same(top: Path, wanted: Configuration, live: Live) -> bool:
    """True where all that stands there is what haplan says there."""
    return all(_as_said(path, values, wanted, live) for path, values in live.below(top))


def _as_said(path: Path, values: tuple[str, ...], wanted: Configuration, live: Live) -> bool:
    one = wanted.statements.get(path)
    if one is None:
        return not values and path in wanted.prefixes
    if one.secret:
        return not live.differs(path, one.values[0])
    return set(values) <= set(one.values)
