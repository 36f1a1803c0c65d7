"""Who made a plan of what, where its state is, whom it reaches, and where its secrets come from."""

from collections.abc import Iterator

import attrs

from haplan.model.origin import Destination
from haplan.model.plan import Plan
from haplan.model.sources import commands
from haplan.model.value import Tree, decode
from haplan.report import words
from haplan.report.lines import Line, Lines, line

MOST = 4
"""So many hosts of a provider are named unless nothing is folded."""


@attrs.frozen
class Made:
    """What is said of a plan file beside the plan.

    Attributes:
        at: When it was made, epoch seconds; 0 if that is not known.
        digest: Its fingerprint.
        current: Whether it is still current, in words.
        fresh: It is.
    """

    at: float
    digest: str
    current: str
    fresh: bool


def origin_lines(plan: Plan, made: Made | None = None, *, full: bool = False) -> Lines:
    """What a plan reaches; with `made` also when it was made, by whom, of what and where, and whether it is current."""
    lines = [*_made(plan, made)] if made is not None else []
    return [*lines, *_sent_to(plan, full=full), *_secrets(plan)]


def made_json(plan: Plan, made: float) -> dict[str, Tree]:
    """The same of its making, for machines."""
    origin = plan.origin
    return {
        "when": words.stamp(made), "who": origin.author, "commit": origin.commit, "clean": origin.clean,
        "file": origin.file, "state": origin.state, "lab": origin.lab, "haplan": origin.haplan,
    }  # fmt: skip


def destinations_json(plan: Plan) -> list[dict[str, Tree]]:
    """The same of its hosts, for machines."""
    return [attrs.asdict(one) for one in plan.destinations]


def _made(plan: Plan, made: Made) -> Iterator[Line]:
    origin = plan.origin
    said = [f"made by {origin.author}" + (f" on {words.moment(made.at)}" if made.at else ""), origin.file]
    clean = "clean" if origin.clean else "not clean"
    said.append(f"commit {origin.commit[:12]}, {clean}" if origin.commit else "of no commit")
    yield line(" · ".join(said))
    yield line(f"digest {made.digest}")
    yield line((made.current, "" if made.fresh else "warning"))
    yield line(f"state {origin.state}" + (" · on simulators" if origin.lab else ""))
    for key, settings in plan.settings.items():
        if settings:
            yield line(f"{key} settings: {words.entries(decode(dict(settings)))}")


def _sent_to(plan: Plan, *, full: bool) -> Iterator[Line]:
    for key in dict.fromkeys(one.provider for one in plan.destinations):
        groups: dict[Destination, list[str]] = {}
        for one in plan.destinations:
            if one.provider == key:
                groups.setdefault(attrs.evolve(one, host="", name=""), []).append(one.host)
        said = [_group(alike, hosts, full=full) for alike, hosts in groups.items()]
        risky = any(not one.verify or one.accept_new for one in groups)
        yield line((f"{key} sends to {'; '.join(said)}", "warning" if risky else ""))


def _group(alike: Destination, hosts: list[str], *, full: bool) -> str:
    count = f"{len(hosts)} hosts: " if len(hosts) > 1 else ""
    return count + words.some(hosts, len(hosts) if full else MOST) + str(alike)


def _secrets(plan: Plan) -> Iterator[Line]:
    if plan.sources:
        style = "warning" if commands(plan.sources) else ""
        yield line((f"secrets from {', '.join(plan.sources)}", style))
