"""Starting the simulator for a stack: from its ``lab.toml``, or with the nodes of its clusters."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from haplan.plugin import (
    Block,
    Clock,
    LabRequest,
    ProviderError,
)
from haplan_srx.lab import Device, Lab, LabDefinition, Served, read_definition


class SrxLab:
    """Running boxes.

    Attributes:
        clock: Their clock: sleeping takes no time.
        settings: Provider settings that reach them; a node is known by the host that the stack declares and by its MAC.
    """

    def __init__(self, lab: Lab, served: Served, hosts: Mapping[str, str]) -> None:
        self._lab, self._served = lab, served
        self.clock: Clock = lab.clock
        addresses = {mac: served.host(mac) for mac in served.ports}
        addresses |= {host: served.host(mac) for mac, host in hosts.items() if mac in served.ports}
        self.settings: Mapping[str, Any] = {
            "username": served.user, "password": served.password, "known_hosts": str(served.known_hosts),
            "addresses": addresses,
        }  # fmt: skip

    def describe(self) -> Sequence[str]:
        """What another client needs. Who logs in as PERSON is somebody who works on the boxes by hand."""
        served = self._served
        lines = [f"{mac}  {served.host(mac)}" for mac in served.ports]
        lines += [f"JUNOS_USERNAME={served.user}", f"JUNOS_PASSWORD={served.password}"]
        lines += [f"JUNOS_KEYFILE={served.key_file}", f"KNOWN_HOSTS={served.known_hosts}"]
        return (*lines, "PERSON_USERNAME=pat", f"PERSON_PASSWORD={self._lab.password('pat')}")

    def stop(self) -> None:
        """End it; the estate stays."""
        self._lab.stop()


def start(request: LabRequest) -> SrxLab:
    """Start the boxes.

    Raises:
        ProviderError: The definition is wrong: the line names file and key; or a port is taken.
    """
    try:
        lab = Lab(request.folder, definition=definition_of(request))
        return SrxLab(lab, lab.start(port=request.port), _hosts(request))
    except (OSError, ValueError) as error:
        raise ProviderError(f"srx lab: {error}") from None


def _hosts(request: LabRequest) -> Mapping[str, str]:
    """MAC → host as the stack declares it; kept, since a plan file is carried out without the stack."""
    file = request.folder / "srx_hosts.json"
    known: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    said = {mac: str(node["host"]) for mac, node, _ in _nodes(request.blocks) if node.get("host")}
    if {**known, **said} != known:
        file.write_text(json.dumps({**known, **said}), "utf-8")
    return {**known, **said}


def definition_of(request: LabRequest) -> LabDefinition:
    """Devices and faults of the lab.

    Raises:
        ValueError: One line with file, key and what is allowed.
    """
    found = LabDefinition() if request.definition is None else read_definition(request.definition)
    return found if found.devices else attrs.evolve(found, devices=tuple(_devices(request.blocks)))


def _devices(blocks: Iterable[Block]) -> Iterable[Device]:
    """The nodes of the stack's clusters: cabled to each other, of one release, not clustered yet."""
    made: dict[str, Device] = {}
    for mac, node, block in _nodes(blocks):
        others = [other for other in block.values["nodes"] if other != mac]
        given: dict[str, Any] = {
            "mac": mac,
            "serial": str(node.get("serial") or f"LAB{mac}".upper()),
            "model": str(node.get("model") or block.values.get("model") or "SRX300"),
            "pair": others[0] if others else None,
        }
        version = block.values.get("firmware")
        if isinstance(version, str) and version:
            given["version"] = version
        device = Device(**given)
        made.setdefault(device.mac, device)
    return made.values()


def _nodes(blocks: Iterable[Block]) -> Iterable[tuple[str, Mapping[str, Any], Block]]:
    """MAC, declaration and cluster of every node."""
    for block in blocks:
        if block.type == "cluster" and not block.data:
            for mac, node in (block.values.get("nodes") or {}).items():
                yield mac, node, block
