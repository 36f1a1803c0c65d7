"""Which policies are one service: a policy for one application is a side of it.

A policy that reaches an application over the overlay and the hub's policy that lets it in are one service, because
both routers must know it by one name.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from haplan.design.index import Resource
from haplan_ssr.translate.design import Design
from haplan_ssr.translate.draft import Draft
from haplan_ssr.translate.names import complaint
from haplan_ssr.translate.steering import content, paths_of

MATCHERS = ("addresses", "hostnames", "apps")


@attrs.frozen(eq=False, kw_only=True)
class Side:
    """One policy for one of its applications.

    Attributes:
        policy: The policy.
        owner: Its template or profile.
        application: What it lets through or stops.
        steering: Its steering rule, or None.
        title: The name its service would have by itself.
    """

    policy: Resource
    owner: Resource
    application: Resource
    steering: Resource | None
    title: str

    @property
    def denies(self) -> bool:
        """True if it stops what it is about."""
        return bool(self.policy.values.get("action") == "deny")

    @property
    def networks(self) -> frozenset[str]:
        """Names of the networks it is about."""
        return frozenset(map(str, self.policy.values.get("networks") or ()))

    @property
    def over(self) -> list[str]:
        """The overlay endpoints it steers to."""
        return [str(path["name"]) for path in paths_of(self.steering, "endpoint")]


@attrs.frozen(eq=False)
class Service:
    """Sides that are one service; the first one gives it its name and steering."""

    name: str
    sides: tuple[Side, ...]

    @property
    def head(self) -> Side:
        """The side with the steering."""
        return self.sides[0]


def grouped(design: Design, draft: Draft) -> list[tuple[Side, ...]]:
    """The sides of all policies, those together that are one service."""
    return _joined(list(_sides(design, draft)), design, draft)


def _sides(design: Design, draft: Draft) -> Iterator[Side]:
    for policy in design.of("policy"):
        owner = design.owner_of(policy)
        why = complaint(policy.name)
        if why:
            draft.problem("SSR001", policy.address, f"policy {why}", "give it another name=")
        if owner is None or why:
            continue
        listed = [design.named("application", name) for name in policy.values.get("applications") or ()]
        known = [one for one in listed if one is not None]
        steering = design.part("steering", owner, policy.values.get("steering"))
        for application in known:
            title = policy.name if len(listed) == 1 else f"{policy.name}-{application.name}"
            yield Side(policy=policy, owner=owner, application=application, steering=steering, title=title)


def _joined(sides: list[Side], design: Design, draft: Draft) -> list[tuple[Side, ...]]:
    """Sides that are one service: those that reach an application at a hub over the overlay, and that hub's own."""
    reaching: dict[tuple[str, frozenset[str]], list[Side]] = {}
    serving: dict[tuple[str, str], list[Side]] = {}
    for side in sides:
        if side.over:
            reaching.setdefault((side.application.address, _hubs(side, design)), []).append(side)
        else:
            serving.setdefault((side.application.address, side.owner.address), []).append(side)
    together: list[tuple[Side, ...]] = []
    for (application, hubs), heads in reaching.items():
        _refuse_two_steerings(heads, design, draft)
        served = [side for hub in sorted(hubs) for side in serving.pop((application, hub), ())]
        together.append((*heads, *served))
    return [*together, *(group for left in serving.values() for group in _alike(left, design))]


def _alike(sides: Sequence[Side], design: Design) -> list[tuple[Side, ...]]:
    """Policies of one owner for one application: those that steer alike are one service with several tenants.

    What is denied asks for no way. Two that say something of one network stay two: they are refused.
    """
    groups: list[list[Side]] = []
    for side in sorted(sides, key=lambda one: one.denies):
        fitting = (one for one in groups if (side.denies or _way(side, design) == _way(one[0], design)))
        group = next((one for one in fitting if not any(side.networks & other.networks for other in one)), None)
        if group is None:
            groups.append([side])
        else:
            group.append(side)
    return [tuple(group) for group in groups]


def _way(side: Side, design: Design) -> Any:
    return content(side.steering, design) if side.steering is not None else None


def _hubs(side: Side, design: Design) -> frozenset[str]:
    """Addresses of the hub profiles that a side reaches over the overlay."""
    return frozenset(profile.address for end in side.over for profile, _ in design.endpoints.get(end, ())[:1])


def _refuse_two_steerings(heads: Sequence[Side], design: Design, draft: Draft) -> None:
    first = heads[0]
    for other in heads[1:]:
        one, two = (content(side.steering, design) for side in (first, other) if side.steering is not None)
        if one != two:
            text = (
                f"{first.policy.name} and {other.policy.name} steer {first.application.name} differently, and a "
                f"conductor knows it as one service with one service-policy ({first.policy.address})"
            )
            draft.problem("SSR005", other.policy.address, text, "give both the same steering, or two applications")
