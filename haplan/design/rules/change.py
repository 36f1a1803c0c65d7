"""Carrying out a change: HA164, HA166, HA169, HA171."""

from collections.abc import Iterator

from haplan.design.rules.index import DesignIndex
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import PlanView, is_mapping

registry = Registry()


@registry.plan(
    "HA166", "warning", "A change of the interface that a box is managed over may lock everybody out",
    why="Once it is wrong, no later change reaches the box: somebody has to go there.", source="ours", confidence="M",
    types=("site", "network", "hub_profile", "wan_edge_template", "cluster"),
)  # fmt: skip
def over_its_own_way(view: PlanView) -> Iterator[Found]:
    for change in view.changes:
        touched = [str(one) for one in view.facts.get(change.address, {}).get("management", ())]
        if touched:
            more = f" and {len(touched) - 3} more" if touched[3:] else ""
            text = f"this change touches what boxes are managed over: {', '.join(touched[:3])}{more}"
            hint = "have a second way in, or somebody on site, before it is applied"
            yield Found(address=change.address, message=text, location=change.location, hint=hint)


@registry.validate(
    "HA164", "warning", "A device takes back what the cloud does not confirm, after 1 to 30 minutes",
    why="A timer that is too short takes back what was good; one that is too long leaves a site cut off for as long.",
    source="API", types=("site",),
)  # fmt: skip
def revert_timer(design: DesignIndex) -> Iterator[Found]:
    for site in design.of("site"):
        given = site.extra.get("gateway_mgmt")
        minutes = given.get("config_revert_timer") if is_mapping(given) else None
        if minutes is None:
            continue
        good = isinstance(minutes, int) and not isinstance(minutes, bool) and 1 <= minutes <= 30
        text = f"{site.name}: unconfirmed changes roll back after {minutes} min"
        text = text if good else f"{site.name}: config_revert_timer is 1 to 30 minutes, found {minutes}"
        yield Found(
            address=site.address, message=text, location=str(site.location), severity="info" if good else "error"
        )


@registry.plan(
    "HA169", "warning", "The calls of a plan fit into what is left of the hour",
    why="Mist answers 5000 calls an hour for each token; what is over waits for the next full hour.",
    source="TOK", types=(),
)  # fmt: skip
def budget(view: PlanView) -> Iterator[Found]:
    for calls in view.calls:
        if calls.left is not None and calls.expected > calls.left:
            text = f"{calls.expected} calls planned, {calls.left} left this hour"
            hint = f"{calls.provider} waits when they are used up; apply later, or in parts with --target"
            yield Found(address="", message=text, hint=hint)


@registry.plan(
    "HA171", "warning", "A write takes nothing of others along unseen",
    why="Who has set something beside what the stack says misses it after the write: the plan names what goes.",
    source="EVT, TFP #94", confidence="M", types=("hub_profile", "wan_edge_template"),
)  # fmt: skip
def taken_along(view: PlanView) -> Iterator[Found]:
    """Said by the provider, which has the document before it and after."""
    return iter(())


__all__ = ["registry"]
