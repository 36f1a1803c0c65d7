"""What can be said of a stack before a device is asked."""

from collections.abc import Iterable, Iterator, Mapping

from haplan.design import haplan_types as everything
from haplan.design.resources import of_stack
from haplan.plugin import Block, Finding, Rule, Stack, Tree, ValidateView, explained
from haplan_srx.translate.extra import said, wrong
from haplan_srx.translate.recorded import Picture, unknown
from haplan_srx.translate.statements import Trouble

SAYABLE, FOUND, ANSWERED, UNASKED, WATCHED = "SRX001", "SRX002", "SRX003", "SRX004", "SRX005"


def _pictures(stack: Stack) -> Iterator[Picture]:
    """The design of each provider ``srx`` of a stack."""
    for key, block in stack.providers.items():
        if block.name == "srx":
            slots: Mapping[str, Tree] = block.settings.get("slots") or {}
            yield Picture(of_stack(stack, key).values(), overrides=slots)


def sayable(view: ValidateView) -> Iterator[Finding]:
    """What of the stack cannot be said on a device, and why."""
    told = {one for block in view.stack.blocks.values() for one in _of_extra(block)}
    for picture in _pictures(view.stack):
        for troubles in _troubles(picture):
            for one in troubles:
                if one not in told:
                    told.add(one)
                    where = view.stack.blocks.get(one.origin)
                    yield Finding(
                        rule=SAYABLE,
                        severity="error",
                        address=one.origin,
                        message=one.text,
                        location=str(where.location) if where else "",
                    )


def _of_extra(block: Block) -> Iterator[Trouble]:
    """What is told of vendor keys by the rule about those (EXTRA)."""
    if block.extra:
        yield from (Trouble(block.address, said(text)) for text in wrong(block.type, block.extra))


def _troubles(picture: Picture) -> Iterator[Iterable[Trouble]]:
    """What cannot be said on each device; where all can, what the device would refuse."""
    from haplan_srx.refusals import Refusals  # the models of a device: one does without them until there is a stack

    refusals = Refusals()
    for cluster in picture.design.of("cluster"):
        pair, found = picture.design.whole(cluster.address), picture.translation(cluster.address)
        if pair is None or found is None:
            continue
        whole = not found.troubles and pair.slots is not None and not unknown(pair)
        yield refusals.of(picture, cluster.address, pair.slots) if whole and pair.slots else found.troubles


def different_ids(view: ValidateView) -> Iterator[Finding]:
    """Two pairs of one site with one cluster id."""
    first: dict[tuple[str, str, int], Block] = {}
    for block in view.of("cluster"):
        id_ = block.values.get("cluster_id")
        if isinstance(id_, int):
            other = first.setdefault((block.provider, str(block.values.get("site")), id_), block)
            if other is not block:
                text = f"cluster-id {id_} also used by {other.label}; reth MAC addresses would collide"
                yield Finding.at(block, "HA050", text, "warning")


RULES = (
    Rule(
        id=SAYABLE, severity="error", moments=("V",), types=everything, title="An SRX can be told what the stack says",
        why="Steering goes by routes and filters here, without licences; what needs application identification, "
        "weights or ports that a model does not have cannot be configured. What can be said is held against the "
        "vendor's models, statements, values and the constraints of a commit: what a device would refuse shows before "
        "it restarts. The message says what and why.",
        source="the translation of this provider; vendor YANG, Junos 24.4R1", confidence="H", check=sayable,
    ),
    Rule(
        id=FOUND, severity="error", moments=("P",), types=("cluster",),
        title="The boxes are those of the stack, and can be made a pair",
        why="Checked before anything is sent: model, release and MAC address of both boxes, a cluster id that is there "
        "already, and that neither is reached through a port that becomes management or control link.",
        source="Junos documentation, chassis cluster; Mist API description", confidence="H", check=explained,
    ),
    Rule(
        id=ANSWERED, severity="error", moments=("C",), types=everything,
        title="The hosts that are to answer a device after a change do",
        why="A change can leave a pair well and still cut it off from what it serves. The provider's probes=[…] names "
        "hosts that each device pings over the new session, from its main routing table; a commit after which one is "
        "silent is not confirmed, and the device goes back by itself.",
        source="vendor YANG, Junos 24.4R1: ping; no reply was captured", confidence="M", check=explained,
    ),
    Rule(
        id=UNASKED, severity="error", moments=("P",), types=everything,
        title="What others made on a device and what works there does not go unasked",
        why="A pair may be configured by hand before haplan comes, or beside it. What takes away an interface, the "
        "membership of a zone or a default route of others is refused unless the cluster's overwrite=[…] names the "
        "statement, as the refusal prints it; so is an entry of theirs that is called as one of "
        "haplan's. What else is overwritten stands in the plan; destroy gives it back.",
        source="what a commit of Junos does to what is there", confidence="H", check=explained,
        override="overwrite=[…] of the cluster",
    ),
    Rule(
        id=WATCHED, severity="info", moments=("P", "C"), types=everything,
        title="Somebody notices when the provider behind a static WAN is dead",
        why="A static route stays while the line is up. Probes ping the gateway of a static WAN, or the hosts that its "
        "probes=[…] names, out of that WAN; while none of them answers its routes are taken out. WANs that were made "
        "before haplan did so stay as they are until probes= is said. Needs Junos 20.3 or later.",
        source="vendor YANG, Junos 24.4R1; Juniper: IP monitoring, withdraw", confidence="M", check=explained,
        override="probes=False on the WAN",
    ),
    Rule(
        id="HA050", severity="warning", moments=("V",), types=("cluster",),
        title="SRX clusters on one layer-2 segment have different cluster ids",
        why="The MAC address of a redundant interface is made of the cluster id and the index of the interface: two "
        "pairs with one id on one segment have the same.",
        source="configrouter.com note on how SRX reth MAC addresses are derived", confidence="M", check=different_ids,
    ),
)  # fmt: skip
