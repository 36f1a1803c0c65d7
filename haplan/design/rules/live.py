"""Pairs that run, at plan: HA125, HA162, HA176 to HA186 and what HA006 says of them, changed by the plan or not.

What a backend tells of its devices (`Provider.facts`) is looked at for every pair of the plan, also by ``haplan drift``
and ``haplan import``: nothing here says that a change is wrong, so none of it is more than a warning.
"""

from collections.abc import Iterator, Mapping

from haplan.design.rules.plan_pair import Facts, clusters, living
from haplan.design.rules.plan_pair import label as label_of
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import Action, PlanView, Tree, moment

registry = Registry()
_CLUSTER = ("cluster",)


def _nodes(facts: Facts) -> Mapping[str, Facts]:
    found = facts.get("nodes")
    return found if isinstance(found, Mapping) else {}


def _node(facts: Facts, mac: str) -> str:
    """``node1 02005e100c31``."""
    pair = [str(one) for one in facts.get("pair") or ()]
    return f"node{pair.index(mac)} {mac}" if mac in pair else mac


@registry.plan(
    "HA162", "warning", "A device runs what is written for it",
    why="The answer to a write only says that it was stored: a device that refuses it goes on with what it had before.",
    source="SEED, EVT, TFP #94", types=_CLUSTER,
)  # fmt: skip
def refuses(view: PlanView) -> Iterator[Found]:
    for address, label, facts, location in living(view):
        row = view.state.row(address)
        if row is None or row.status != "ok":  # of what is recorded the drift says so
            for text in facts.get("amiss") or ():
                hint = "mend what it refuses; the plan after that offers to push it again"
                yield Found(address=address, message=f"{label}: {text}", location=location, hint=hint)


@registry.plan(
    "HA125", "info", "A site with an HA template holds its pair alone",
    why="Every gateway of the site gets the site's template: one that is no pair gets redundant interfaces and links "
        "that it cannot have.",
    source="API", confidence="M", types=_CLUSTER,
)  # fmt: skip
def alone(view: PlanView) -> Iterator[Found]:
    for address, label, facts, location in living(view):
        others = [_stranger(one) for one in facts.get("others") or ()]
        if others:
            text = f"{label}: its site also holds {', '.join(others)}; the site's template reaches them too"
            hint = "unassign what is not used, or give it a site of its own"
            yield Found(address=address, message=text, location=location, hint=hint, severity="warning")


def _stranger(one: Mapping[str, Tree]) -> str:
    kind = {"pair": "a node of another pair", "standalone": "a standalone gateway"}.get(str(one.get("kind")), "a spare")
    called = f"{one['name']} ({one.get('mac')})" if one.get("name") else str(one.get("mac"))
    return f"{called}, {kind}"


@registry.plan(
    "HA176", "error", "Both nodes of a pair are there",
    why="A pair with one node works until that one goes: nobody notices before.",
    source="SEED, CCFAIL", types=_CLUSTER,
)  # fmt: skip
def both_there(view: PlanView) -> Iterator[Found]:
    for address, label, facts, location in living(view):
        for mac, fact in _nodes(facts).items():
            if fact.get("known", True) and fact.get("connected") is False and mac in (facts.get("pair") or ()):
                since = float(fact.get("since") or 0)
                when = f" since {moment(since)}" if since else ""
                text = f"{label}: {_node(facts, mac)} is offline{when}"
                yield Found(address=address, message=text, location=location, severity="warning")


@registry.plan(
    "HA124", "warning", "Nothing is set on a device itself that its template says",
    why="What is set on the device wins: the template's value has no effect there, and a change of it neither.",
    source="TFP, POL", confidence="M", types=_CLUSTER,
)  # fmt: skip
def overridden(view: PlanView) -> Iterator[Found]:
    forming = [
        (c.address, label_of(c), facts, c.location) for c, facts in clusters(view, Action.CREATE, Action.REPLACE)
    ]
    for address, name, facts, location in (*living(view), *forming):
        own = [str(one) for one in facts.get("overrides") or ()]
        if own:
            text = f"{name}: its device overrides {', '.join(own)}; what the template says there has no effect"
            hint = "take it off the device, or write it into the template"
            yield Found(address=address, message=text, location=location, hint=hint)


@registry.plan(
    "HA177", "error", "The links between the nodes are up",
    why="Without the fabric a pair cannot fail over with its sessions; without the control link each node is alone.",
    source="SEED, API, EVT", types=_CLUSTER,
)  # fmt: skip
def links(view: PlanView) -> Iterator[Found]:
    yield from _as_said(view, "links_down")


@registry.plan(
    "HA180", "error", "Every path of the overlay is up, and every tunnel",
    why="What is configured and not up carries nothing: a site with none of its paths is cut off.",
    source="SEED, API", types=("cluster", "wan_edge_template", "hub_profile", "overlay"),
)  # fmt: skip
def paths_up(view: PlanView) -> Iterator[Found]:
    for address, label, facts, location in living(view):
        down = [str(one) for one in facts.get("paths_down") or ()]
        if down:
            what = "none of its overlay paths is up" if facts.get("cut_off") else f"{len(down)} overlay paths are down"
            what = what if len(down) > 1 or facts.get("cut_off") else "an overlay path is down"
            text = f"{label}: {what}: {', '.join(down)}"
            yield Found(address=address, message=text, location=location, severity="warning")
    yield from _as_said(view, "tunnels_down", "tunnel {} is down")


@registry.plan(
    "HA181", "error", "Every BGP neighbour is established",
    why="Without its neighbour a site does not learn the way, or does not tell its own.", source="SEED",
    types=_CLUSTER,
)  # fmt: skip
def neighbours(view: PlanView) -> Iterator[Found]:
    yield from _as_said(view, "bgp_down", "BGP neighbour {}")


@registry.plan(
    "HA184", "warning", "No redundancy group sees a failure",
    why="A group that monitors a dead port does not fail over to the node with it.", source="CCFAIL", confidence="M",
    types=_CLUSTER,
)  # fmt: skip
def groups(view: PlanView) -> Iterator[Found]:
    yield from _as_said(view, "groups_failing")


@registry.plan(
    "HA186", "warning", "No alarm of the pair is open", why="The cloud has noticed something, and nobody looked.",
    source="EVT", confidence="M", types=_CLUSTER,
)  # fmt: skip
def alarms(view: PlanView) -> Iterator[Found]:
    for address, label, facts, location in living(view):
        for type_, since in facts.get("alarms") or ():
            text = f"{label}: alarm {type_} is open since {moment(float(since))}"
            yield Found(address=address, message=text, location=location)


def _as_said(view: PlanView, name: str, words: str = "{}") -> Iterator[Found]:
    """One warning for each text of a fact: what is at hand is said, and stops nothing."""
    for address, label, facts, location in living(view):
        for text in facts.get(name) or ():
            said = f"{label}: {words.format(text)}"
            yield Found(address=address, message=said, location=location, severity="warning")


__all__ = ["registry"]
