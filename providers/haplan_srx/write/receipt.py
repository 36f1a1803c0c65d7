"""What a commit leaves for what follows it: the check, the confirmation, or its end when the device goes back."""

from collections.abc import Mapping

import attrs

from haplan.plugin import Tree
from haplan_srx.estate import Nodes


@attrs.frozen(kw_only=True)
class Receipt:
    """One commit that waits for its confirmation.

    Attributes:
        log: Its log text; "" if nothing had to be sent.
        nodes: Where the device is reached.
        until: When it goes back by itself, epoch seconds.
        going_back: True once nobody is to confirm it any more.
        probed: What IP monitoring asks since this commit.
        reths: Redundant interfaces that the stack has there; None where nobody wrote them down.
    """

    log: str
    nodes: Nodes
    until: float
    going_back: bool = False
    probed: tuple[str, ...] = ()
    reths: tuple[str, ...] | None = None

    def plain(self) -> dict[str, Tree]:
        """As JSON."""
        hosts = [[mac, host] for mac, host in self.nodes.hosts.items()]
        found = {"log": self.log, "cluster": self.nodes.cluster, "hosts": hosts, "until": self.until}
        found |= {"probed": list(self.probed)} if self.probed else {}
        found |= {"reths": list(self.reths)} if self.reths is not None else {}
        return {**found, "going_back": True} if self.going_back else found


def read(plain: Mapping[str, Tree]) -> Receipt:
    """From JSON."""
    hosts = {str(mac): str(host) for mac, host in plain["hosts"]}
    return Receipt(
        log=str(plain["log"]),
        nodes=Nodes(str(plain["cluster"]), hosts),
        until=float(plain["until"]),
        going_back=bool(plain.get("going_back")),
        probed=tuple(map(str, plain.get("probed") or ())),
        reths=tuple(map(str, plain["reths"])) if "reths" in plain else None,
    )
