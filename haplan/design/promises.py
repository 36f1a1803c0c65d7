"""Promises: what a stack asserts of its traffic. They make no resource; each is proved at validate and at plan."""

from collections.abc import Sequence
from typing import Literal

import attrs

from haplan.design.networks import Application, Network
from haplan.design.paths import Path
from haplan.design.sites import Site
from haplan.plugin import helper, mistake, promised, shown

Severity = Literal["error", "warning"]


@attrs.frozen
class FailureKind:
    """Failures of one kind; `any_single_failure` is all of them."""

    name: Literal["any", "node", "wan", "hub"]


any_single_failure = FailureKind("any")
node_failure = FailureKind("node")
wan_failure = FailureKind("wan")
hub_failure = FailureKind("hub")


@attrs.frozen(eq=False, kw_only=True)
class Promised:
    """One promise as it was made."""

    networks: tuple[Network, ...]
    applications: tuple[Application, ...]
    allowed: bool
    survives: tuple[FailureKind, ...]
    only_by: tuple[Path, ...]
    first_by: tuple[Path, ...]
    sites: tuple[Site, ...]
    severity: Severity


@helper
def promise(
    label: str,
    *,
    networks: Sequence[Network],
    applications: Sequence[Application],
    allowed: bool = True,
    survives: FailureKind | Sequence[FailureKind] = (),
    only_by: Sequence[Path] = (),
    first_by: Sequence[Path] = (),
    sites: Sequence[Site] = (),
    severity: Severity = "error",
) -> None:
    """Assert who reaches what: ``promise("guests stay out", networks=[guest], applications=[hub_lan], allowed=False)``.

    `survives` says which failures it holds under. `allowed=False`: it does not arrive in the network that holds the
    address, and is not let out where none does. `only_by` and `first_by` are the paths it may take, and begins with.
    """
    many = (survives,) if isinstance(survives, FailureKind) else survives
    lists = {"networks": (networks, Network), "applications": (applications, Application), "sites": (sites, Site),
             "survives": (many, FailureKind), "only_by": (only_by, Path), "first_by": (first_by, Path)}  # fmt: skip
    if not isinstance(label, str) or not label:
        mistake(f"promise: expected a label, got {shown(label)}")
        return
    for name, (given, kind) in lists.items():
        if not isinstance(given, list | tuple) or not all(isinstance(one, kind) for one in given):
            mistake(f"promise {label!r}: {name}: expected a list of {WHAT[name]}, got {shown(given)}")
            return
    if not networks or not applications:
        mistake(f"promise {label!r}: is about nothing: it needs networks and applications")
        return
    if severity not in ("error", "warning"):
        mistake(f'promise {label!r}: severity: expected "error" or "warning", got {shown(severity)}')
        return
    made = Promised(
        networks=tuple(networks), applications=tuple(applications), allowed=allowed is True, survives=tuple(many),
        only_by=tuple(only_by), first_by=tuple(first_by), sites=tuple(sites), severity=severity,
    )  # fmt: skip
    promised(label, made)


WHAT = {
    "networks": "networks",
    "applications": "applications",
    "sites": "sites",
    "survives": "failures such as node_failure",
    "only_by": 'paths such as edge.wan("wan0")',
    "first_by": 'paths such as edge.wan("wan0")',
}
