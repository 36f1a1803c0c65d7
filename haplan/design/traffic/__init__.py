"""Traffic: who reaches what, by which path, and what becomes of that when one thing fails. Pure functions over a
design.

Modelled: networks on LANs of pairs, their policies and steering as each family reads them (SRX by pairs of zones, SSR
by the most specific destination, SSR in the Mist cloud in both ways, since its documentation says both), the overlay
up to the LAN of a hub, and every single failure of a node, circuit, LAN port, link of a pair and hub. The answers are
about new flows.

Not modelled, and said where it matters: what routing protocols learn, what a named tunnel leads to, traffic that a hub
passes on to the internet or to another spoke, translated destinations, and how much fits through a path.
"""

from haplan.design.traffic.answer import traffic
from haplan.design.traffic.edges import Picture, picture

__all__ = ["Picture", "picture", "traffic"]
