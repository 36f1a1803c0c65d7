"""Before a write, what the conductor knows of the boxes: those that are to take over are there and equal, and those
that get a change run one version."""

from collections.abc import Iterable, Iterator

from haplan.design.clusters import refreshes
from haplan.plugin import Change, ProviderError, Task
from haplan_ssr.estate import Estate
from haplan_ssr.read import health
from haplan_ssr.read.facts import AWAY, RUNNING, UNTOLD
from haplan_ssr.translate import Translation, clean


def refuse_unready(estate: Estate, task: Task) -> None:
    """Refuse a hardware refresh whose boxes the conductor does not reach, or that run different software.

    Raises:
        ProviderError: Naming the box, and what is the matter with it; nothing was sent.
    """
    coming = [part.change for part in task.parts if part.change.type == "cluster"]
    coming = [change for change in coming if refreshes(change.before, change.after)]
    if not coming:
        return
    assets = health.by_id(estate.client.assets())
    for change in coming:
        wrong = list(_unready(change, assets))
        if wrong:
            said = "; ".join(wrong)
            raise ProviderError(f"{change.address}: {said}; the old boxes stay: mend that, then apply again")


def _unready(change: Change, assets: health.Assets) -> Iterator[str]:
    versions: dict[str, str] = {}
    for mac, said in ((change.after or {}).get("nodes") or {}).items():
        asset = assets.get(str(said.get("asset_id") or ""))
        if asset is None:
            yield f"the conductor has never seen {mac}"
        elif asset.status == AWAY:
            yield f"{mac} is not connected"
        elif asset.router not in ("", clean(change.name)):
            yield f"{mac} is a node of router {asset.router}"
        elif asset.version:
            versions[mac] = asset.version
    if len(set(versions.values())) > 1:
        yield f"they run different software: {', '.join(f'{mac} {one}' for mac, one in versions.items())}"


def refuse_unwell(estate: Estate, task: Task, before: Translation, after: Translation, routers: Iterable[str]) -> None:
    """Refuse a change of a pair whose nodes run two versions, or one of whose nodes is in the middle of something.

    A node that is new is set up by the change; one that is away gets its part when it is back. A pair that was not yet
    formed is gone on with.

    Raises:
        ProviderError: Naming router and node; nothing was sent.
    """
    formed = {address for address, row in task.recorded.items() if row.type == "cluster" and row.status == "ok"}
    pairs = [one for one in health.expected(before, after, routers) if one.address in formed]
    assets = health.by_id(estate.client.assets()) if pairs else {}
    wrong = [text for one in pairs for text in _unwell(one, assets)]
    if wrong:
        raise ProviderError(f"{'; '.join(wrong)}; nothing was sent: bring that to its end, then apply again")


def _unwell(one: health.Expected, assets: health.Assets) -> Iterator[str]:
    boxes = {node: assets[id_] for node, id_ in one.assets.items() if id_ in assets and node not in one.fresh}
    versions = sorted({box.version for box in boxes.values()} - {""})
    if len(versions) > 1:
        yield f"HA146: {one.name}: nodes run different software ({', '.join(versions)})"
    for node, box in sorted(boxes.items()):
        if box.status not in (RUNNING, AWAY):
            yield f"{one.name}: {node} is {box.status or UNTOLD}, neither running nor away"
