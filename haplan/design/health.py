"""How pairs are, from what a backend tells of them (`Provider.facts`): green, red, or unknown where nobody told.

The backend says in `looked` what it looked at: name of a check → ``seen``, or ``none`` where there is nothing of it to
be up. What is not in there was not looked at, and is unknown: that nothing is down is only known of what was seen.
"""

from collections.abc import Iterator, Mapping

from haplan.plugin import Check, PlanView, Row, Tree, is_mapping

Facts = Mapping[str, Tree]

TOLD: tuple[tuple[str, str, str, str], ...] = (
    ("HA177", "links between the nodes", "links", "links_down"),
    ("HA180", "overlay paths", "paths", "paths_down"),
    ("HA180", "tunnels", "tunnels", "tunnels_down"),
    ("HA181", "BGP neighbours", "bgp", "bgp_down"),
    ("HA184", "redundancy groups", "groups", "groups_failing"),
    ("HA186", "alarms", "alarms", "alarms"),
)
"""Rule, what is looked at, its name in `looked`, and the fact with what of it is not well."""
NOT_TOLD = "the backend does not tell it when it is asked how its pairs are"


def checks(view: PlanView) -> list[Check]:
    """The checks of every pair that is recorded, or wanted and not there yet."""
    rows = {row.address: row for (_, deposed), row in view.state.rows.items() if row.type == "cluster" and not deposed}
    blocks = view.stack.blocks.values() if view.stack is not None else ()
    wanted = [block.address for block in blocks if block.type == "cluster" and not block.data]
    found = [one for address in dict.fromkeys([*wanted, *rows]) for one in _of_pair(view, address, rows.get(address))]
    return sorted(found, key=lambda one: (one.address, one.rule, one.title))


def _of_pair(view: PlanView, address: str, row: Row | None) -> Iterator[Check]:
    facts = view.facts.get(address) or {}
    pair = [str(mac) for mac in facts.get("pair") or ()]
    nodes = facts.get("nodes")
    known: Mapping[str, Tree] = nodes if is_mapping(nodes) else {}
    if row is None or row.status in ("pending", "incomplete"):
        yield Check(address=address, rule="HA175", title="the pair", colour="unknown", text="it is not formed yet")
        return
    if not facts:
        yield Check(address=address, rule="HA175", title="the pair", colour="unknown", text="it was not reached")
        return
    if len(pair) != 2:
        text = "its boxes are in no pair"
        yield Check(address=address, rule="HA175", title="the pair", colour="red", text=text, down=(text,))
        return
    yield Check(address=address, rule="HA175", title="the pair", colour="green", text="two nodes")
    yield _nodes(address, pair, known)
    yield _firmware(address, pair, known)
    yield _runs(address, facts)
    looked = facts.get("looked")
    for rule, title, name, fact in TOLD:
        yield from _told(address, rule, title, facts.get(fact), (looked if is_mapping(looked) else {}).get(name))


def _nodes(address: str, pair: list[str], known: Mapping[str, Tree]) -> Check:
    states = {f"node{at} {mac}": (known.get(mac) or {}).get("connected") for at, mac in enumerate(pair)}
    down = tuple(f"{node} is offline" for node, there in states.items() if there is False)
    quiet = [node for node, there in states.items() if there is None]
    if down:
        return Check(address=address, rule="HA176", title="nodes", colour="red", text=", ".join(down), down=down)
    if quiet:
        text = f"nothing is told of {' and '.join(quiet)}"
        return Check(address=address, rule="HA176", title="nodes", colour="unknown", text=text)
    return Check(address=address, rule="HA176", title="nodes", colour="green", text="both are there")


def _firmware(address: str, pair: list[str], known: Mapping[str, Tree]) -> Check:
    versions = [str((known.get(mac) or {}).get("firmware") or "") for mac in pair]
    said = ", ".join(f"{mac} {version}" for mac, version in zip(pair, versions, strict=True))
    if "" in versions:
        text = "not told of both nodes"
        return Check(address=address, rule="HA183", title="firmware", colour="unknown", text=text)
    if len(set(versions)) > 1:
        return Check(address=address, rule="HA183", title="firmware", colour="red", text=said, down=("it differs",))
    return Check(address=address, rule="HA183", title="firmware", colour="green", text=versions[0])


def _runs(address: str, facts: Facts) -> Check:
    amiss = facts.get("amiss")
    if amiss is None:
        return Check(address=address, rule="HA162", title="configuration", colour="unknown", text=NOT_TOLD)
    down = tuple(map(str, amiss))
    text = "; ".join(down) or "it runs what is written"
    return Check(
        address=address, rule="HA162", title="configuration", colour="red" if down else "green", text=text, down=down
    )


def _told(address: str, rule: str, title: str, said: Tree, looked: Tree) -> Iterator[Check]:
    down = tuple(map(_words, said or ()))
    if down:
        yield Check(address=address, rule=rule, title=title, colour="red", text=", ".join(down), down=down)
    elif looked == "seen":
        yield Check(address=address, rule=rule, title=title, colour="green", text="nothing is down")
    elif looked != "none":
        yield Check(address=address, rule=rule, title=title, colour="unknown", text=NOT_TOLD)


def _words(one: Tree) -> str:
    """An alarm is its type, not its time: that is another one each time it is raised."""
    return str(one[0]) if isinstance(one, list | tuple) else str(one)


__all__ = ["checks"]
