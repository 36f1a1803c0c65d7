"""Pairs that run, at plan: HA125, HA162, HA176 and what HA006 says of them, changed by the plan or not.

What a backend tells of its devices (`Provider.facts`) is looked at for every pair of the plan, also by ``haplan drift``
and ``haplan import``: nothing here says that a change is wrong, so none of it is more than a warning.
"""

from collections.abc import Iterator, Mapping

from haplan.design.rules.plan_pair import Facts, living
from haplan.design.rules.registry import Found, Registry
from haplan.plugin import PlanView, Tree, moment

registry = Registry()
_CLUSTER = ("cluster",)


def _nodes(facts: Facts) -> Mapping[str, Facts]:
    found = facts.get("nodes")
    return found if isinstance(found, Mapping) else {}


def _node(facts: Facts, mac: str) -> str:
    """``node1 02005e100c31``."""
    pair = [str(one) for one in facts.get("pair") or ()]
    return f"node{pair.index(mac)} {mac}" if mac in pair else mac


registry.says(
    "HA162", "warning", "A device runs what is written for it",
    why="The answer to a write only says that it was stored: a device that refuses it goes on with what it had before.",
    source="SEED, EVT, TFP #94", types=_CLUSTER,
)  # fmt: skip


@registry.plan("HA162")
def refuses(view: PlanView) -> Iterator[Found]:
    for address, label, facts, location in living(view):
        row = view.state.row(address)
        if row is None or row.status != "ok":  # of what is recorded the drift says so
            for text in facts.get("amiss") or ():
                hint = "mend what it refuses; the plan after that offers to push it again"
                yield Found(address=address, message=f"{label}: {text}", location=location, hint=hint)


registry.says(
    "HA125", "info", "A site with an HA template holds its pair alone",
    why="Every gateway of the site gets the site's template: one that is no pair gets redundant interfaces and links "
        "that it cannot have.",
    source="API", confidence="M", types=_CLUSTER,
)  # fmt: skip


@registry.plan("HA125")
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


registry.says(
    "HA176", "error", "Both nodes of a pair are there",
    why="A pair with one node works until that one goes: nobody notices before.",
    source="SEED, CCFAIL", types=_CLUSTER,
)  # fmt: skip


@registry.plan("HA176")
def both_there(view: PlanView) -> Iterator[Found]:
    for address, label, facts, location in living(view):
        for mac, fact in _nodes(facts).items():
            if fact.get("known", True) and fact.get("connected") is False and mac in (facts.get("pair") or ()):
                since = float(fact.get("since") or 0)
                when = f" since {moment(since)}" if since else ""
                text = f"{label}: {_node(facts, mac)} is offline{when}"
                yield Found(address=address, message=text, location=location, severity="warning")


__all__ = ["registry"]
