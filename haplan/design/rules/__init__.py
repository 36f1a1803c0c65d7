"""The design rules: one module a group, one function a rule and moment. ``haplan rules ID`` prints what they say."""

from haplan.design.rules import (
    backends,
    change,
    elsewhere,
    firmware,
    lan,
    lifecycle,
    links,
    live,
    overlay,
    pair,
    plan_pair,
    policy,
    ports,
    prefixes,
    promises,
    shadowing,
    site,
    steering,
    subnets,
    traffic,
    wan,
)
from haplan.plugin import Rule


def all_rules() -> list[Rule]:
    """All rules, by id."""
    books = (
        pair.registry,
        ports.registry,
        links.registry,
        lan.registry,
        wan.registry,
        subnets.registry,
        overlay.registry,
        steering.registry,
        policy.registry,
        prefixes.registry,
        shadowing.registry,
        traffic.registry,
        promises.registry,
        site.registry,
        lifecycle.registry,
        change.registry,
        live.registry,
        firmware.registry,
        backends.registry,
    )
    found = [rule for registry in books for rule in registry.rules()]
    return sorted([*found, *elsewhere.rules()], key=lambda rule: rule.id)


__all__ = ["all_rules", "plan_pair"]
