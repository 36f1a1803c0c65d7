"""Before both boxes of a router are others: the old ones stay until the new ones are there and equal."""

from collections.abc import Iterator

from haplan.design.clusters import refreshes
from haplan.plugin import Change, ProviderError, Task
from haplan_ssr.estate import Estate
from haplan_ssr.read import health
from haplan_ssr.read.facts import AWAY
from haplan_ssr.translate import clean


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
