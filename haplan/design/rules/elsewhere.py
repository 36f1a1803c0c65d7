"""What the catalogue says and no function here looks at: what a provider sees after a write, what the engine keeps by
its own way of working, and what nobody can check.

Nothing of the catalogue is simply absent: ``haplan rules ID`` says of each where it is kept, or why it is not.
"""

from collections.abc import Iterator
from typing import Literal

from haplan.design.rules.registry import spelled
from haplan.plugin import Kept, Moment, Rule, Severity, explained

Confidence = Literal["H", "M", "L"]
Entry = tuple[str, Severity, tuple[Moment, ...], Confidence, str, str, str, str]
"""Id, severity, moments, confidence, source, title, what goes wrong without it, and where it is kept or why not."""

AFTER: tuple[Entry, ...] = (
    ("HA154", "warning", ("C",), "H", "CCFAIL", "No redundancy group is left in a manual failover",
     "A group that was moved by hand does not fail over by itself before that is reset.",
     "SRX: the status of the cluster over the new session (haplan_srx.verify)"),
    ("HA175", "error", ("C",), "H", "SEED", "The cluster is one device with two nodes and two serial numbers",
     "A box that is missing there is not in the pair, whatever the answer to the call was.",
     "Mist: statistics of the pair (haplan_mist.verify); SRX: a new session (haplan_srx.verify)"),
    ("HA178", "error", ("C",), "H", "SEED", "node0 and node1 are the boxes that were planned",
     "With the numbers the other way round every port name is on the wrong box.",
     "Mist: statistics of the pair (haplan_mist.verify)"),
    ("HA179", "error", ("C",), "H", "SEED", "A device says that it runs what was written, after it was written",
     "An answer to the write only says that it was stored.",
     "Mist: events of the device, none older than the write (haplan_mist.pushes)"),
    ("HA182", "error", ("C",), "H", "SEED, SSRDOC", "Both members of a redundant interface are up, one of them active",
     "With one member down the interface dies with the other node.",
     "SRX: interfaces of the cluster (haplan_srx.verify); SSR: redundancy state (haplan_ssr.read.health)"),
    ("HA183", "error", ("C",), "H", "SEED", "Both nodes still run the same firmware after a change",
     "Nodes of different software do not fail over to each other.",
     "Mist (haplan_mist.verify), SRX (haplan_srx.verify), SSR (haplan_ssr.read.health)"),
    ("HA185", "warning", ("C",), "H", "CCFAIL", "No SRX node is disabled after a loss of the control link",
     "It is ineligible for 180 s, then disabled: it comes back by a restart only.",
     "SRX: the status of the cluster over the new session (haplan_srx.verify)"),
)  # fmt: skip
"""Seen by the providers after a write."""

HELD: tuple[Entry, ...] = (
    ("HA048", "error", ("V",), "H", "TFP #94, TFP #122", "A field of one usage is not on an interface of another",
     "A device refuses a WAN's field on a LAN port, or takes it and does something else.",
     "wan(…), lan(…) and ha_fabric(…) take the fields of their usage only (haplan.design.interfaces); vendor keys are "
     "judged by usage: EXTRA (haplan_mist.translate.keys)"),
    ("HA051", "error", ("V",), "H", "SSRDOC", "A shared MAC address of an SSR pair is on one interface of each node",
     "Two pairs with one address on a segment answer for each other.",
     "the configuration is held against the vendor's rules before it is sent: SSR010 (haplan_ssr.model.documented)"),
    ("HA130", "error", ("V", "P"), "H", "SEED", "What a step needs comes before it",
     "A pair that is formed before its template is there comes up without WAN, LAN and links.",
     "references, the order of the design and its gates (haplan.design.order, haplan.steps.order)"),
    ("HA133", "error", ("A",), "H", "SEED, API", "Waiting for a pair is bounded, and nothing is sent twice meanwhile",
     "A second call into a pair that forms tears it apart.",
     "progress at 15 min, given up at 35 unless timeouts= says otherwise; the next run looks first "
     "(haplan.design.settling, haplan.steps.reconcile)"),
    ("HA139", "info", ("P",), "M", "API", "A refused replacement is told in the vendor's words",
     "Nobody here knows how long that period is.", "what the backend answers is told as it is (haplan_mist.client)"),
    ("HA142", "error", ("P",), "H", "TFP #23", "A device that leaves a stack stays claimed",
     "Who unclaims a device loses it to whoever claims it next.",
     "no provider has a call that unclaims (haplan_mist.write.clusters)"),
    ("HA145", "info", ("P",), "H", "TFP", "The swap of the nodes of a pair is not used",
     "Newer descriptions of the API do not have it.", "no provider has that call (haplan_mist.write.clusters)"),
    ("HA155", "error", ("A",), "H", "SEED, KB17947", "A pair is not written to twice at once",
     "Both nodes in the middle of a change carry nothing.",
     "a pair is one document, with one transaction at a time, and the two boxes of a pair that forms are one step "
     "(haplan.steps.apply.schedule)"),
    ("HA156", "error", ("P",), "H", "SEED", "Two hubs that serve the same spokes are not disturbed together",
     "Every spoke would be cut off from both.",
     "hubs that are formed or dissolved stand in a chain of gates; other writes to hubs are not kept apart yet "
     "(haplan.design.order)"),
    ("HA157", "error", ("A",), "H", "CHG, EVT", "What was changed since the plan is not overwritten",
     "Somebody's change would be lost that nobody saw.",
     "every document is read again and compared before its write (haplan.steps.apply.refusals)"),
    ("HA158", "error", ("A",), "H", "CHG", "What was approved is what runs",
     "A yes to one plan would be taken for a yes to another.",
     "a plan file has a digest and is refused when a byte differs (haplan.steps.approve); where a policy asks for it, "
     "signers other than who made it are counted (haplan.steps.authorise)"),
    ("HA160", "warning", ("P",), "H", "CHG", "What cannot be undone quickly says so",
     "Who approves has to know that there is no way back.",
     "each change carries its impact, one-way where that is so (haplan.report.changes)"),
    ("HA161", "warning", ("P",), "M", "EVT", "One write for a document, and one push for a device",
     "Each save makes the device commit; the fourth within the quarter of an hour waits for the first.",
     "changes of one document go in one transaction; where two are needed the plan says why (haplan.steps.stages)"),
    ("HA163", "warning", ("C",), "M", "EVT", "A device that does not confirm within 10 minutes stops what waits for it",
     "What was queued and not committed is not a success.",
     "connected and unconfirmed for 10 min is failed, away is pending (haplan.design.settling)"),
    ("HA165", "error", ("A",), "M", "TFP", "A commit is confirmed only after a look over a new session",
     "A change that cuts the way to the box takes itself back when nobody confirms it.",
     "SRX: confirmed commits (haplan_srx.write.confirming)"),
    ("HA167", "error", ("A",), "H", "SSRDOC", "Nobody else edits the conductor's configuration meanwhile",
     "Two sessions that edit at once lose one of both.",
     "a candidate with edits of others is neither committed nor thrown away: the write is refused "
     "(haplan_ssr.write.writer)"),
    ("HA168", "error", ("A",), "H", "TFP #229", "What was created is written down before anything else can fail",
     "It would be there, and nobody would know.", "the journal comes before the call (haplan.steps.apply.journal)"),
    ("HA172", "error", ("V", "P"), "H", "CHG", "No secret stands in a plan, a state or a report",
     "Whoever reads them could use it.",
     "secrets are references, and a redactor looks at the rest (haplan.host.redaction)"),
)  # fmt: skip
"""Kept by the way haplan works."""

NOWHERE: tuple[Entry, ...] = (
    ("HA015", "warning", ("P",), "H", "CCFORM", "Both SRX nodes carry the same licences",
     "A feature may stop after a failover.", "no backend's answers that are read tell licences: compare them by hand"),
    ("HA016", "warning", ("P",), "M", "JVDEX", "An SRX has the AppID licence that Mist needs",
     "Policies by application do nothing without it.", "the inventory does not tell licences: look in the portal"),
    ("HA017", "warning", ("P",), "M", "CCFORM", "Modular SRX have the same cards in the same slots",
     "The ports of one node have no counterpart on the other.",
     "no model of the port catalogue is modular, and cards are not read: compare them by hand"),
    ("HA147", "error", ("P",), "H", "API", "An upgrade never takes both nodes at once",
     "The default strategy of the API restarts both.",
     "haplan starts no upgrade, and does not see the strategy of one that others start; HA152 tells of upgrades at the "
     "first contact"),
    ("HA151", "info", ("P",), "H", "SSRDOC", "On SSR the node without the routing process is upgraded first",
     "The other order moves the traffic twice.",
     "neither assets nor statistics tell which node has it; haplan starts no upgrade"),
    ("HA153", "warning", ("A",), "H", "CCFAIL", "Between two failovers of the control plane lie 300 seconds",
     "The second finds the first not finished.", "haplan starts no failover yet"),
    ("HA159", "error", ("A",), "H", "CHG", "What disturbs is begun inside its window, with time to undo it",
     "A change that has to be taken back would run into the day.", "a plan has no window yet"),
    ("HA170", "info", ("P",), "H", "TOK", "The API token is in use",
     "The cloud removes tokens that were not used for 90 days.",
     "planning itself uses the token: it is never idle here"),
    ("HA187", "error", ("C",), "H", "CHG", "Nothing that was up before a change is down after it",
     "A change is done when its site works as before.",
     "only on Mist, and of paths, tunnels and BGP neighbours (HA180, HA181); a snapshot of the rest before each "
     "write is not taken yet"),
    ("HA188", "warning", ("C",), "H", "SEED", "Traffic leaves as its policy says",
     "A policy that is taken and does something else is not noticed.",
     "sessions and service paths of devices are not read; `haplan traffic` says it of the design"),
    ("HA189", "warning", ("C",), "M", "SSRDOC", "Both nodes have the time of a time server",
     "The pair keeps series in step by it.", "no answer that is read tells it of a node; SSR012 asks for time servers"),
    ("HA190", "info", ("C",), "M", "SEED, CHG", "A pair was seen to fail over",
     "Redundancy that nobody tried is a hope.", "haplan carries out no failover test yet"),
)  # fmt: skip
"""Checked nowhere, and why."""


KINDS: tuple[tuple[tuple[Entry, ...], Kept], ...] = ((AFTER, "provider"), (HELD, "engine"), (NOWHERE, "nowhere"))


def rules() -> Iterator[Rule]:
    """All of them."""
    for entries, kept in KINDS:
        for id_, severity, moments, confidence, source, title, why, where in entries:
            yield Rule(
                id=id_, severity=severity, moments=moments, types=(), title=title, why=why, source=spelled(source),
                confidence=confidence, check=explained, kept=kept, where=where,
            )  # fmt: skip
