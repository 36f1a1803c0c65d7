"""What the simulator has to know of each model: where node1's ports are, which ports change their role in a cluster.

Source: the slot table of Juniper's "node interfaces on SRX" and the Mist API description of HA ports; SRX2300, 4120,
4300 and 5400 are as haplan forms them, which nobody saw on one. A device of a model without a row is refused.
"""

import re
from typing import Any

import attrs

PORT = re.compile(r"(?P<kind>[a-z]+)-(?P<slot>\d+)/(?P<rest>\d+/\d+)")


@attrs.frozen(kw_only=True)
class Model:
    """One model.

    Attributes:
        name: As the device says it, lower case in `product-model`.
        offset: Added to the first number of node1's ports.
        fxp0: The port that becomes fxp0 in a cluster, or "" if there is a dedicated one.
        fxp1: The port that becomes the control link, or "".
        control: Name of the control link in a cluster.
        reached: The port over which a box is reached before it is clustered, unless the lab says otherwise.
    """

    name: str
    offset: int
    fxp0: str = ""
    fxp1: str = ""
    control: str = "em0"
    reached: str = "fxp0"

    @property
    def changed(self) -> tuple[str, ...]:
        """Ports that no configuration reaches once the box is clustered."""
        return tuple(port for port in (self.fxp0, self.fxp1) if port)

    def on_node(self, port: str, node: int) -> str:
        """A port as the cluster names it."""
        found = PORT.fullmatch(port)
        if found is None or node == 0:
            return port
        return f"{found['kind']}-{int(found['slot']) + self.offset}/{found['rest']}"

    def node_of(self, port: str) -> int:
        """Which node a port of the cluster is on."""
        found = PORT.fullmatch(port)
        return 1 if found is not None and int(found["slot"]) >= self.offset else 0


def _branch(name: str, offset: int, **more: Any) -> Model:
    """A model whose port ge-0/0/1 becomes the control link."""
    return Model(name=name, offset=offset, fxp1="ge-0/0/1", control="fxp1", **more)


def _small(name: str, offset: int, **more: Any) -> Model:
    """One that has no dedicated fxp0 either."""
    return _branch(name, offset, fxp0="ge-0/0/0", reached="ge-0/0/6", **more)


MODELS = {
    model.name: model
    for model in (
        _small("SRX300", 1),
        _small("SRX320", 3),
        _branch("SRX340", 5),
        _branch("SRX345", 5),
        _branch("SRX380", 5),
        _small("SRX550M", 9),
        Model(name="SRX1500", offset=7),
        Model(name="SRX1600", offset=7),
        Model(name="SRX2300", offset=7),
        Model(name="SRX4100", offset=7),
        Model(name="SRX4120", offset=7),
        Model(name="SRX4200", offset=7),
        Model(name="SRX4300", offset=7),
        Model(name="SRX4600", offset=7),
        Model(name="SRX5400", offset=3),
        Model(name="SRX5600", offset=6),
        Model(name="SRX5800", offset=12),
        Model(name="VSRX", offset=7),
    )
}


def find(name: str) -> Model:
    """The model of that name.

    Raises:
        ValueError: The simulator does not know it.
    """
    try:
        return MODELS[name.upper().split("-")[0]]
    except KeyError:
        raise ValueError(f"model: the simulator does not know {name!r}; it knows {', '.join(MODELS)}") from None
