"""The old boxes of a hardware refresh: what haplan configured comes off them, and they leave their cluster.

The new boxes are a pair by then, and are configured afterwards, so that no address is there twice. Boxes that do not
answer were taken away, and are left alone.
"""

from collections.abc import Mapping

from haplan.plugin import Document, Part, ProviderError, Task, Written
from haplan_srx.device.rpcs import Box
from haplan_srx.estate import Estate, Nodes, outgoing
from haplan_srx.private import Private, kept_in
from haplan_srx.translate.difference import Difference, difference
from haplan_srx.translate.documents import device
from haplan_srx.translate.log import CommitLog
from haplan_srx.translate.recorded import recorded
from haplan_srx.translate.statements import Configuration, Live
from haplan_srx.write.steps import Step
from haplan_srx.write.writer import Writer, load


def write(task: Task, writer: Writer) -> Written:
    """Let them go: node1 leaves first, as where a pair is dissolved.

    Raises:
        ProviderError: A box answers, and does not do it.
    """
    estate, io = writer.estate, writer.io
    part = next(part for part in task.parts if part.change.type == "cluster")
    name, address = part.change.name, part.change.address
    hosts = _hosts(part)
    nothing = Private(retiring=(), kept={task.transaction.document: {}}).plain()
    gone = Written(private={address: nothing}, settling=False)
    try:
        box = estate.primary(Nodes(outgoing(name), hosts))
    except ProviderError as error:
        io.progress(f"{error}; taken as gone")
        return gone
    _take_off(box, task, writer)
    for mac, host in reversed(list(hosts.items())):
        if _answers(estate, host):
            io.about_to(Step.LEAVE, address, {"mac": mac}, idempotent=True)
            estate.box(host).leave()
        estate.forget(host)
    return gone


def _hosts(part: Part) -> dict[str, str]:
    """MAC → host, node0 first."""
    noted = [part.row.private] if part.row is not None else []
    found = (Private.of(private).retiring for private in (*noted, part.change.private))
    return dict(next((listed for listed in found if listed is not None), ()))


def _answers(estate: Estate, host: str) -> bool:
    """True if a box is there and in a cluster."""
    try:
        return estate.box(host).status() is not None
    except ProviderError:
        return False


def _take_off(box: Box, task: Task, writer: Writer) -> None:
    """One commit, for good: nobody is to reach these boxes over what they had."""
    part = next(part for part in task.parts if part.change.type == "cluster")
    try:
        found = _left(task, part.change.address, device(part.change.name), writer.overrides, box.configuration())
        if found.edits:
            log = str(CommitLog(writer.io.run, task.transaction.id, task.transaction.document))
            if load(box, found, writer.secret, writer.io.evidence):
                writer.io.about_to(Step.TAKE_OFF, part.change.address, {"log": log}, idempotent=True)
                box.commit(log)
    finally:
        box.put_away()


def _left(task: Task, address: str, document: Document, overrides: Mapping[str, int], live: Live) -> Difference:
    """The edits that take off what was said there, and bring back what stood there before."""
    picture = recorded(task.recorded, overrides)
    if picture.untold:
        picture = picture.told({address: live}, {})
    kept = {**kept_in(task.recorded.values(), document), **kept_in(task.recorded.values(), task.transaction.document)}
    return difference(Configuration(), picture.owned(address), live, kept)
