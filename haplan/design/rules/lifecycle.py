"""Life cycle, at plan: HA131 to HA150."""

import re
import shlex
from collections.abc import Iterator, Mapping

from haplan.design.clusters import in_order, refreshes
from haplan.design.rules.index import DesignIndex
from haplan.design.rules.plan_pair import called, clusters, each_joining, joining, label, members, nodes, said
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import Action, Change, PlanView, Reason, Tree

registry = Registry()
_CLUSTER = ("cluster",)
UPGRADES = ("ssr", "juniper_srx")
"""Vendor keys that say how boxes are upgraded by themselves."""


@registry.plan("HA131", "warning", "Forming a pair reboots both boxes", why="Whatever they carry stops for that time.",
              source="SEED, API", types=_CLUSTER)  # fmt: skip
def reboots(view: PlanView) -> Iterator[Found]:
    for change, facts in clusters(view, Action.CREATE, Action.REPLACE):
        if facts.get("status") != "formed" or change.action is Action.REPLACE:
            text = f"{label(change)}: both nodes reboot; expect up to 15 min (30 seen)"
            yield Found(address=change.address, message=text, location=change.location)


@registry.plan("HA132", "warning", "A box in service is not converted unseen",
              why="A live standalone edge stops while it becomes half of a pair: an outage for that site.",
              source="SEED, SSRDOC", types=_CLUSTER)  # fmt: skip
def in_service(view: PlanView) -> Iterator[Found]:
    for change, mac, fact in each_joining(view):
        if fact.get("in_service") and change.action in (Action.CREATE, Action.REPLACE):
            text = f"{mac} is in service at {fact.get('site')}; conversion interrupts it"
            yield Found(address=change.address, message=text, location=change.location)


def replaced(view: PlanView) -> Iterator[tuple[Change, Mapping[str, Tree], str, str]]:
    """Living pairs with one node changed: change, facts, survivor, new one."""
    for change, facts in clusters(view, Action.UPDATE):
        before, after = nodes(change.before), nodes(change.after)
        stay, new = [mac for mac in after if mac in before], joining(change)
        if len(before) == 2 and len(stay) == 1 and len(new) == 1:
            yield change, facts, stay[0], new[0]


@registry.plan("HA134", "info", "A cluster's device id comes from node0's MAC",
              why="Links and tools that keep the id have to follow.",
              source="TFP source, API examples", types=_CLUSTER)  # fmt: skip
def id_moves(view: PlanView) -> Iterator[Found]:
    for change, _, _, _ in replaced(view):
        old, new = in_order(nodes(change.before)), in_order(nodes(change.after))
        if old and new and old[0] != new[0]:
            ids = [f"00000000-0000-0000-1000-{mac}" for mac in (old[0], new[0])]
            text = f"{label(change)}: id changes from {ids[0]} to {ids[1]} because node0 changes"
            yield Found(address=change.address, message=text, location=change.location)


@registry.plan("HA135", "error", "Changing both nodes is a hardware refresh, and is asked for by name",
              why="One box that stays keeps the site alive and holds the pair's identity: it is replaced in place. "
                  "With both, the site is without its WAN edge while the new ones form their pair.",
              source="API, TFP source", types=_CLUSTER,
              override="--replace with the address of the pair")  # fmt: skip
def both_nodes(view: PlanView) -> Iterator[Found]:
    for change, _ in clusters(view, Action.UPDATE, Action.REPLACE):
        if refreshes(change.before, change.after) and change.reason is not Reason.ASKED_FOR:
            text = f"refusing to change both nodes of {label(change)} in one plan unless that is asked for"
            way = f"ask for the hardware refresh with --replace {shlex.quote(change.address)}"
            one = "" if change.replaces else ", or change one node, apply, then the other"
            yield Found(
                address=change.address,
                message=text,
                location=change.location,
                hint=f"{way}: an outage of its own{one}",
            )


@registry.plan(
    "HA136", "error", "A replacement is the same model", why="Two models do not pair.", source="API", types=_CLUSTER
)
def same_model(view: PlanView) -> Iterator[Found]:
    for change, facts, stay, new in replaced(view):
        known = members(change, facts)
        model = str(known.get(new, {}).get("model", ""))
        wanted = str(known.get(stay, {}).get("model", "") or said(change.after, "model"))
        if model and wanted and model.upper() != wanted.upper():
            yield Found(
                address=change.address, message=f"{new} is {model}, expected {wanted}", location=change.location
            )


@registry.plan("HA137", "error", "A replacement is claimed, and unassigned or in the same site",
              why="A box in use elsewhere is not spare.", source="API", types=_CLUSTER)  # fmt: skip
def spare(view: PlanView) -> Iterator[Found]:
    for change, facts, _, new in replaced(view):
        site = str(members(change, facts).get(new, {}).get("site") or "")
        if site and site not in called(view, change):
            yield Found(
                address=change.address,
                message=f"{new} is assigned to {site}",
                location=change.location,
                hint="unassign it first",
            )


@registry.plan("HA138", "warning", "A replacement that sorts on the other side may change who is node0",
              why="Port names follow the node number; what really happens is to be confirmed on the live pair.",
              source="SEED", confidence="L", types=_CLUSTER)  # fmt: skip
def sides(view: PlanView) -> Iterator[Found]:
    for change, _, stay, _ in replaced(view):
        old, now = in_order(nodes(change.before)), in_order(nodes(change.after))
        if stay in old and stay in now and old.index(stay) != now.index(stay):
            new = next(mac for mac in now if mac != stay)
            word = "lower" if now[0] == new else "higher"
            text = f"{new} is {word} than the survivor; node numbers may swap"
            yield Found(
                address=change.address,
                message=text,
                location=change.location,
                hint=f"check that {stay} is still cabled as it is numbered",
            )


@registry.plan(
    "HA140", "error", "Deleting a cluster leaves both devices without site and configuration",
    why="It is said before the plan is approved: the approval of the plan is the yes to it.",
    source="API", types=_CLUSTER,
    override="approving the plan",
)  # fmt: skip
def dissolved(view: PlanView) -> Iterator[Found]:
    for change, _ in clusters(view, Action.DELETE):
        both = in_order(nodes(change.before)) or nodes(change.before)
        site = (change.before or {}).get("site", "?")
        who = " and ".join(both) or "its nodes"
        text = (
            f"deleting {label(change)} leaves {who} without site and configuration: "
            f"{len(both)} devices become unassigned, site {site} loses its WAN edge"
        )
        # As an error no pair could ever be dissolved; prevent_destroy is for pairs that never may be.
        yield Found(address=change.address, message=text, location=change.location, severity="warning")


@registry.plan("HA141", "error", "A device is not taken from a living cluster",
              why="The pair is dissolved first, or it stays behind with half its nodes.",
              source="TFP #67", types=_CLUSTER)  # fmt: skip
def not_from_living(view: PlanView) -> Iterator[Found]:
    owners = {mac: row.address for (_, deposed), row in view.state.rows.items() if row.type == "cluster" and not deposed
              for mac in nodes(row.values)}  # fmt: skip
    for change, _ in clusters(view, Action.CREATE, Action.UPDATE, Action.REPLACE):
        for mac in joining(change):
            other = owners.get(mac, change.address)
            if other not in (change.address, change.previous_address):
                text = f"{mac} is a member of {other}; dissolve it first"
                yield Found(address=change.address, message=text, location=change.location, hint="in a plan of its own")


@registry.plan("HA144", "warning", "A member of a formed pair is not reset",
              why="Reset to factory defaults it still believes to be half of a pair, and takes the other one along.",
              source="CCNOTE", types=_CLUSTER)  # fmt: skip
def not_reset(view: PlanView) -> Iterator[Found]:
    for change, _, stay, _ in replaced(view):
        (old,) = (mac for mac in nodes(change.before) if mac != stay)
        text = f"do not reset {old} while it is a member of {label(change)}: after this plan it is none"
        yield Found(address=change.address, message=text, location=change.location)
    for change, _ in clusters(view, Action.DELETE):
        both = " and ".join(in_order(nodes(change.before)) or nodes(change.before)) or "its nodes"
        text = f"do not reset {both} before {label(change)} is dissolved"
        yield Found(address=change.address, message=text, location=change.location)


@registry.plan("HA143", "error", "HA ports of a living cluster are not changed",
              why="Taking the fabric away disables the secondary node.", source="CCNOTE",
              types=("hub_profile", "wan_edge_template"))  # fmt: skip
def ha_ports_stay(view: PlanView) -> Iterator[Found]:
    leaving = {change.address for change, _ in clusters(view, Action.DELETE, Action.REPLACE, Action.FORGET)}
    for change in view.changes:
        attribute = {"hub_profile": "profile", "wan_edge_template": "template"}.get(change.type)
        if attribute is None or change.before is None or change.after is None:
            continue
        gone = sorted(set(_ha(change.before)) - set(_ha(change.after)))
        living = [
            row.address
            for (_, deposed), row in view.state.rows.items()
            if row.type == "cluster"
            and not deposed
            and row.values.get(attribute) == change.name
            and row.address not in leaving
        ]
        if gone and living:
            words = "fabric" if any(usage == "ha_data" for usage, _ in gone) else "sync link"
            text = f"{change.name}: removing the {words} of a live cluster disables the secondary node"
            yield Found(
                address=change.address,
                message=text,
                location=change.location,
                hint=f"living: {', '.join(sorted(living))}",
            )


OLDEST = (6, 3, 5)
"""The oldest release that conductors of 7.0.1 and later manage (vendor's upgrade considerations)."""


@registry.plan("HA150", "error", "An SSR router's version is one that its conductor manages: not above its own",
              why="A conductor manages routers of its own release and of older ones; what is newer it does not know. "
                  "From 7.0.1 on it manages none before 6.3.5.",
              source="SSRDOC", types=_CLUSTER)  # fmt: skip
def not_above_conductor(view: PlanView) -> Iterator[Found]:
    for change, mac, fact in each_joining(view):
        has, conductor = str(fact.get("firmware") or ""), str(view.facts[change.address].get("conductor") or "")
        if conductor and _release(has) > _release(conductor):
            text = f"{mac} runs {has}, which is newer than the conductor's {conductor}"
            yield Found(
                address=change.address, message=text, location=change.location, hint="upgrade the conductor first"
            )
        if has and _release(conductor) >= (7, 0, 1) and _release(has) < OLDEST:
            text = f"{mac} runs {has}, and a conductor of {conductor} manages none before 6.3.5"
            hint = "upgrade the box first, by a conductor that knows it"
            yield Found(address=change.address, message=text, location=change.location, hint=hint)


def _release(version: str) -> tuple[int, ...]:
    """``6.3.0-107.r1`` → (6, 3, 0): a build of the same release is not newer."""
    return tuple(map(int, re.findall(r"\d+", version.partition("-")[0])))


def _ha(values: Mapping[str, Tree]) -> list[tuple[str, str]]:
    interfaces = values.get("interfaces")
    faces = interfaces.values() if isinstance(interfaces, Mapping) else ()
    return [
        (str(f["usage"]), str(f.get("ports")))
        for f in faces
        if isinstance(f, Mapping) and str(f.get("usage")).startswith("ha_")
    ]


@registry.validate("HA152", "warning", "Firmware is not upgraded by itself to two versions",
              why="Upgrades at the first contact may leave the boxes of a pair on two versions: they do not pair.",
              source="API", confidence="M", types=("site", "cluster"))  # fmt: skip
def upgrades_itself(design: DesignIndex) -> Iterator[Found]:
    for pair in design.pairs:
        site = pair.site
        if site is None or site.data:
            continue
        for key in UPGRADES:
            given = site.extra.get(key)
            upgrade = given.get("auto_upgrade") if isinstance(given, Mapping) else None
            if not isinstance(upgrade, Mapping) or upgrade.get("enabled") is not True:
                continue
            if pair.model not in (upgrade.get("custom_versions") or {}):
                text = f"{pair.site_name}: auto-upgrade may split firmware of {pair.label}"
                hint = f'pin it: "custom_versions": {{"{pair.model}": "…"}}'
                yield Found(address=site.address, message=text, location=str(site.location), hint=hint)


@registry.plan("HA152")
def upgraded_by_all(view: PlanView) -> Iterator[Found]:
    """What a setting above all sites says, of pairs that are to form at sites that say nothing of it."""
    for change, facts in clusters(view, Action.CREATE):
        upgrade, model = facts.get("auto_upgrade"), said(change.after, "model")
        if isinstance(upgrade, Mapping) and not _says_it(view, change) and model not in (upgrade.get("pinned") or ()):
            text = f"{label(change)}: boxes are upgraded at their first contact everywhere; that may split its firmware"
            hint = f"pin {model or 'its model'} in the organisation's setting, or say it at the site"
            yield Found(address=change.address, message=text, location=change.location, hint=hint)


def _says_it(view: PlanView, change: Change) -> bool:
    """True if the site of a pair has a word of its own on upgrades."""
    blocks = view.stack.blocks if view.stack is not None else {}
    sites = [blocks[one] for one in change.depends_on if one in blocks and blocks[one].type == "site"]
    return any(key in site.extra for site in sites for key in UPGRADES)
