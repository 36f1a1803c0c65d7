"""After a write has settled: does what it reached still talk to what it is to talk to? (HA180, HA181)

What was down before the write is told and blames nobody; what went down is red, and so is a pair that was formed or
pushed again, or the whole of what a write reached, without any path. What was down before is noted in the receipt, so
that another process can compare.
"""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from haplan.plugin import Finding, Severity, Task
from haplan_mist.estate import Estate
from haplan_mist.read.alive import Alive, OverlayPath, alive

LONGEST = 180.0
"""Seconds that paths are given to come up once the configuration is taken."""
OLD = 60.0
"""Seconds that a list may be old to say what was down before a write, or that all is up."""
YOUNG = 5.0
"""Seconds that a list may be old to say that something is down."""


@attrs.frozen(kw_only=True)
class Broken:
    """One thing that is down: what tells it apart, the rule, words, and of a site without any path the keys of all, and
    whether any device is there to serve one of them."""

    key: str
    rule: str
    text: str
    site: str
    paths: tuple[str, ...] = ()
    served: bool = False


def down_before(estate: Estate, heads: Sequence[str]) -> list[str]:
    """Keys of what is down at these devices now."""
    broken = _broken(_looked(estate, heads, OLD), heads) if heads else ()
    return sorted({key for one in broken for key in (one.key, *one.paths)})


def findings(estate: Estate, task: Task, heads: Sequence[str], before: Sequence[str]) -> Iterator[Finding]:
    """What is down at the devices that a write reached."""
    broken = list(_broken(_looked(estate, heads, OLD), heads)) if heads else []
    if any(one.key not in before for one in broken):
        broken = list(_broken(_looked(estate, heads, YOUNG), heads))
    change, formed = task.parts[0].change, task.transaction.document.kind == "cluster"
    cut_off = [one for one in broken if one.paths]
    alone = bool(cut_off) and len(cut_off) == len(_overlay_heads(estate, heads))
    for one in broken:
        new = one.key not in before or (bool(one.paths) and (formed or (alone and one.served)))
        severity: Severity = "error" if new else "warning"
        said = one.text if new else f"{one.text}, as before this write"
        yield Finding(
            rule=one.rule, severity=severity, address=change.address, message=f"{one.site}: {said}",
            location=change.location, hint="look at both ends; `haplan drift` tells how it is now",
        )  # fmt: skip


def _overlay_heads(estate: Estate, heads: Sequence[str]) -> list[str]:
    """Those of these devices that are there and take part in the overlay."""
    now = alive(estate)
    return [head for head in heads if now.lives(head) and now.paths([head])]


def coming(estate: Estate, heads: Sequence[str], before: Iterable[str]) -> list[OverlayPath]:
    """The paths that are down and have both their ends: they may be up in a moment."""
    now = _looked(estate, heads, YOUNG * 4)
    known = set(before)
    return [one for one in now.down(now.paths(heads)) if now.could_be_up(one) and one.key not in known]


def _looked(estate: Estate, heads: Sequence[str], max_age: float) -> Alive:
    """What is alive, no older than that."""
    for kind in ("sites", "inventory", "gatewaytemplates", "deviceprofiles"):
        estate.items(kind)
    kinds = alive(estate).searches(heads) - {"alarms"}
    for kind in sorted({*kinds, "stats"} if kinds else ()):
        estate.items(kind, max_age)
    return alive(estate)


def _broken(now: Alive, heads: Sequence[str]) -> Iterator[Broken]:
    for head in heads:
        if not now.lives(head):
            continue
        site = now.lists.name_of("sites", now.devices.site_id(head)) or head
        yield from _paths(now, head, site)
        for text in now.bgp_down(head):
            yield Broken(key=f"{head} bgp {text}", rule="HA181", text=f"BGP neighbour {text}", site=site)
        for text in now.tunnels_down(head):
            yield Broken(key=f"{head} tunnel {text}", rule="HA180", text=f"tunnel {text} is down", site=site)


def _paths(now: Alive, head: str, site: str) -> Iterator[Broken]:
    """A hub answers for the spokes that are there, a spoke for all that it is to reach."""
    wanted = [one for one in now.paths([head]) if one.spoke == head or now.could_be_up(one)]
    down = now.down(wanted)
    if down and len(down) == len(wanted):
        text = f"none of its overlay paths is up: {', '.join(now.title(one, head) for one in down)}"
        served = any(map(now.could_be_up, down))
        keys = tuple(one.key for one in down)
        yield Broken(key=f"{head} cut off", rule="HA180", text=text, site=site, paths=keys, served=served)
        return
    for one in down:
        text = f"overlay path {now.title(one, head)} is down"
        yield Broken(key=one.key, rule="HA180", text=text, site=site)
