"""What a pair has of its own beside what it carries: out-of-band addresses, and how it fails over."""

from collections.abc import Sequence

import attrs

from haplan.design.addresses import whole
from haplan.plugin import (
    Flag,
    ListOf,
    Location,
    Taking,
    Tree,
    Value,
    Whole,
    address_with_length,
    helper,
    here,
    host,
    prefix,
)

DELAY, HOLD = 21600, 1800
"""Most seconds of a delay before a group goes back, and between two moves of one (vendor YANG, Junos 24.4R1)."""


@attrs.frozen(eq=False, kw_only=True)
class OutOfBand:
    """Management addresses of a pair; made by `out_of_band`."""

    node0: Tree
    node1: Tree
    gateway: Tree
    shared: Tree
    reach: Tree
    location: Location

    def plain(self, taking: Taking, at: str) -> Tree:
        """As the backends read it."""
        mine = attrs.evolve(taking, location=self.location)
        taken: dict[str, Tree] = {
            name: address_with_length().take(getattr(self, name), f"{at}.{name}", mine) for name in ("node0", "node1")
        }
        if self.shared is not None:
            taken["shared"] = address_with_length().take(self.shared, f"{at}.shared", mine)
        if self.gateway is not None:
            taken["gateway"] = host().take(self.gateway, f"{at}.gateway", mine)
            taken["reach"] = ListOf(prefix(), least=1).take(self.reach, f"{at}.reach", mine)
        elif self.reach:
            taken["reach"] = mine.wrong(f"{at}.reach", "what is reached beyond needs gateway=")
        return whole(taken)


@helper
def out_of_band(
    *,
    node0: Value[str],
    node1: Value[str],
    gateway: Value[str] | None = None,
    reach: Sequence[Value[str]] = (),
    shared: Value[str] | None = None,
) -> OutOfBand:
    """Addresses of the management ports, one a node, each with its length.

    `shared` is one more, of the node that leads. `gateway` leads to `reach`, the networks of those who manage the pair:
    a node that does not lead runs no routing, and answers by that alone.
    """
    return OutOfBand(node0=node0, node1=node1, gateway=gateway, shared=shared, reach=reach, location=here())


@attrs.frozen(eq=False, kw_only=True)
class Failover:
    """How a pair fails over; made by `failover`."""

    preempt: Tree
    delay: Tree
    hold_down: Tree
    heartbeat: Tree
    misses: Tree
    recover: Tree
    location: Location

    def plain(self, taking: Taking, at: str) -> Tree:
        """As the backends read it."""
        mine = attrs.evolve(taking, location=self.location)
        kinds = {
            "delay": Whole(1, DELAY),
            "hold_down": Whole(0, HOLD),
            "heartbeat": Whole(1000, 2000),
            "misses": Whole(3, 8),
        }
        taken: dict[str, Tree] = {
            name: Flag().take(getattr(self, name), f"{at}.{name}", mine) for name in ("preempt", "recover")
        }
        for name, kind in kinds.items():
            if getattr(self, name) is not None:
                taken[name] = kind.take(getattr(self, name), f"{at}.{name}", mine)
        if self.delay is not None and self.preempt is not True:
            taken["delay"] = mine.wrong(f"{at}.delay", "it says how long to wait before going back: with preempt=True")
        return whole(taken)


@helper
def failover(
    *,
    preempt: bool = False,
    delay: int | None = None,
    hold_down: int | None = None,
    heartbeat: int | None = None,
    misses: int | None = None,
    recover: bool = False,
) -> Failover:
    """How a pair fails over, where that is not to be as usual.

    `preempt`: what failed over goes back by itself, `delay` seconds after its node is well. `hold_down`: seconds
    between two moves of one group. `heartbeat` and `misses`: milliseconds between two heartbeats, and how many are
    missed before the other node counts as gone. `recover`: the disabled node restarts by itself when the control link
    is back.
    """
    return Failover(
        preempt=preempt, delay=delay, hold_down=hold_down, heartbeat=heartbeat, misses=misses, recover=recover,
        location=here(),
    )  # fmt: skip
