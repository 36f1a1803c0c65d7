"""What a write reaches, and so what it is waited for: devices that are pushed to, or a pair that forms."""

from haplan.plugin import Task
from haplan_mist.estate import Estate
from haplan_mist.private import Private
from haplan_mist.read import clusters, reach
from haplan_mist.read.running import has_failed
from haplan_mist.settle import Wait
from haplan_mist.translate import documents
from haplan_mist.write.steps import Step
from haplan_mist.write.writer import FRESH, Sent, resumes

SILENT = frozenset({"name", "address", "country_code", "timezone", "notes", "latlng", "sitegroup_ids"})
"""Keys whose change reaches no device."""


def to_push_again(estate: Estate, task: Task) -> frozenset[str]:
    """Devices that did not take what an earlier run wrote into this document: they are to be pushed again."""
    document = task.transaction.document
    if not resumes(task):
        return frozenset()
    macs = reach.devices_of(estate, document, lists=estate.items)
    if document.kind == "cluster":
        macs = sorted((task.parts[0].change.after or {}).get("nodes") or {})
    stats = estate.items("stats", FRESH)
    return frozenset(mac for mac in macs if has_failed(stats.get(mac)))


def reached(estate: Estate, task: Task) -> list[str]:
    """The devices that a document is part of the configuration of, before it is written."""
    document = task.transaction.document
    if document.kind != "cluster":
        return reach.devices_of(estate, document, lists=estate.items)
    nodes = sorted((task.parts[0].change.before or {}).get("nodes") or {})
    estate.items("inventory")
    return sorted({pair[0] for pair in map(clusters.boxes(estate).pair_of, nodes) if pair})


def after(estate: Estate, task: Task, sent: Sent) -> Wait:
    """What is waited for after a write."""
    document = task.transaction.document
    if document.kind == "cluster":
        return _pair(estate, task, sent)
    if not sent.keys - SILENT:
        return Wait()
    return Wait(macs=tuple(reach.devices_of(estate, document, sent.id, estate.items)))


def _pair(estate: Estate, task: Task, sent: Sent) -> Wait:
    part = task.parts[0]
    if part.change.action in documents.GOING:
        return Wait()
    written = sent.written.private
    nodes = Private.of(written[part.change.address]).nodes if part.change.address in written else ()
    estate.items("inventory")
    estate.items("stats", FRESH)
    if {Step.FORM, Step.REPLACE_NODE, Step.PUSH_AGAIN} & sent.keys:
        return Wait(pair=nodes, address=part.change.address)
    if resumes(task) or not clusters.boxes(estate).formed(nodes):
        return Wait(pair=nodes, address=part.change.address, fresh=False)
    return Wait(macs=nodes[:1]) if {Step.PROFILE, Step.DEVICE} & sent.keys else Wait()
