"""What a write takes from others, statement by statement: pure, from what was read.

Some of it is worse than the rest: an interface, the membership of a zone, or a default route that works, and what is
called as haplan calls something of its own.
"""

from collections.abc import Iterator, Mapping

import attrs

from haplan_srx.translate.difference import Difference
from haplan_srx.translate.namesakes import namesakes
from haplan_srx.translate.statements import Configuration, Live, Path, tag
from haplan_srx.translate.words import said

ZONES: Path = ("security", "zones")
ROUTES: Path = ("routing-options", "static")
DEFAULTS = frozenset({"0.0.0.0/0", "::/0"})


@attrs.frozen(kw_only=True)
class Loss:
    """A statement of others that changes or goes.

    Attributes:
        text: The statement.
        instead: What stands there then, or "".
        origin: Address of the resource that wants it so, or "".
        effect: What works no longer, or "": then it is only said.
    """

    text: str
    instead: str
    origin: str
    effect: str

    def __str__(self) -> str:
        change = f"{self.text} → {self.instead or 'gone'}"
        return f"{change}: {self.effect}" if self.effect else change


def losses(wanted: Configuration, found: Difference, live: Live, owned: Configuration) -> tuple[Loss, ...]:
    """What a difference takes from others."""
    told: dict[str, Loss] = {}
    for path in namesakes(wanted, owned, live):
        text = said(path)
        effect = "there is one of that name already, and it would be another one"
        told[text] = Loss(text=text, instead="one with what the stack says", origin=origin(wanted, path), effect=effect)
    for path, values in found.overwritten.items():
        if not _stays(path, values, wanted):
            one = _loss(path, values, wanted, live)
            told.setdefault(one.text, one)
    for path in found.activated:
        text = said(path)
        told.setdefault(text, Loss(text=f"inactive: {text}", instead=text, origin=origin(wanted, path), effect=""))
    return tuple(told.values())


def texts(overwritten: Mapping[Path, tuple[str, ...]]) -> frozenset[str]:
    """What was taken from others once, as its losses said it."""
    return frozenset(said(_entry(path), values if _entry(path) == path else ()) for path, values in overwritten.items())


def origin(wanted: Configuration, path: Path) -> str:
    """Who says what stands at a path, or the nearest to it."""
    for depth in range(len(path), 0, -1):
        for one in wanted.statements.values():
            if one.path[:depth] == path[:depth]:
                return one.origin
    return ""


def _stays(path: Path, values: tuple[str, ...], wanted: Configuration) -> bool:
    """True if it is there afterwards as before: haplan wants the same, or beside it."""
    one = wanted.statements.get(path)
    if one is None:
        return path in wanted.prefixes
    return not one.secret and (one.shared or one.holds(values) or set(values) == set(one.values))


def _loss(path: Path, values: tuple[str, ...], wanted: Configuration, live: Live) -> Loss:
    top = _entry(path)
    text = said(path, values) if top == path else said(top)
    effect = "" if live.off(path) else _effect(top, values, wanted, live)
    return Loss(text=text, instead=_instead(top, wanted), origin=origin(wanted, path), effect=effect)


def _entry(path: Path) -> Path:
    """The entry that a statement is part of, where people know that by name."""
    if path[:2] == ZONES and len(path) > 3 and tag(path[3]) == "interfaces":
        return path[:4]
    if path[0] == "interfaces":
        at = next((depth for depth, step in enumerate(path) if depth > 2 and tag(step) in ("address", "dhcp")), None)
        return path if at is None else path[: at + 1]
    if path[:2] == ROUTES and len(path) > 4:
        return path[:4]
    return path


def _instead(top: Path, wanted: Configuration) -> str:
    one = wanted.statements.get(top)
    if one is not None:
        return "(another secret)" if one.secret else said(top, one.values, len(top) - 1)
    if top[:2] == ZONES and len(top) == 4:
        zone = next((path[2] for path in wanted.prefixes if path[:2] == ZONES and path[3:4] == top[3:]), None)
        return said((zone,)) if zone is not None else ""
    return ", ".join(dict.fromkeys(said(path[: len(top)], start=len(top) - 1) for path in _beside(top, wanted)))


def _beside(top: Path, wanted: Configuration) -> Iterator[Path]:
    """What haplan has in place of an entry: others of its kind, and of those that it may not stand beside."""
    kinds = wanted.sole.get(top[:-1], frozenset()) | {tag(top[-1])}
    depth = len(top)
    yield from (path for path in wanted.statements
                if len(path) >= depth and path[: depth - 1] == top[:-1] and tag(path[depth - 1]) in kinds)  # fmt: skip


def _effect(top: Path, values: tuple[str, ...], wanted: Configuration, live: Live) -> str:
    if top[0] == "interfaces" and len(top) > 2:
        return _of_interface(top, values, live)
    if top[:2] == ZONES and len(top) == 4:
        return f"{top[3][1]} leaves zone {top[2][1]}"
    default = top[:2] == ROUTES and len(top) > 3 and top[2][1] in DEFAULTS
    if default and tag(top[3]) in ("next-hop", "qualified-next-hop"):
        hops = values if isinstance(top[3], str) else (top[3][1],)
        lost = [hop for hop in hops if hop not in _hops(top[:3], wanted)]
        return f"the default route by {', '.join(lost)} goes" if lost else ""
    return ""


def _hops(route: Path, wanted: Configuration) -> set[str]:
    found: set[str] = set()
    for path, one in wanted.statements.items():
        if path[:3] == route and len(path) > 3:
            found |= {path[3][1]} if isinstance(path[3], tuple) else set(one.values)
    return found


def _of_interface(top: Path, values: tuple[str, ...], live: Live) -> str:
    device = top[1][1]
    if tag(top[-1]) == "parent":
        return f"{device} leaves {', '.join(values)}"
    if tag(top[2]) != "unit" or live.has((*top[:2], "disable")) or live.has((*top[:3], "disable")):
        return ""
    return f"{device}.{top[2][1]} loses it" if tag(top[-1]) != "description" else ""
