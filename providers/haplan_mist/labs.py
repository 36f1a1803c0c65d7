"""Starting the simulator for a stack: from its ``lab.toml``, or with the nodes of its clusters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from haplan.plugin import (
    Block,
    Clock,
    LabRequest,
    ProviderError,
)
from haplan_mist.lab import Device, Lab, LabDefinition, Served, read_definition


class MistLab:
    """A running simulator.

    Attributes:
        clock: Its clock: sleeping takes no time.
        settings: Provider settings that reach it.
        url: Where it answers.
    """

    def __init__(self, lab: Lab, served: Served) -> None:
        self._lab, self._served = lab, served
        self.clock: Clock = lab.clock
        self.url = served.url
        self.settings: Mapping[str, Any] = {
            "host": served.url, "org_id": served.org_id, "apitoken": served.token,
            **({"ca_file": str(served.ca_file)} if served.ca_file else {}),
        }  # fmt: skip

    def describe(self) -> Sequence[str]:
        """What another client needs. What is done with PORTAL_APITOKEN was done by a person in the portal."""
        lines = [f"MIST_HOST={self.url}", f"MIST_ORG_ID={self._served.org_id}", f"MIST_APITOKEN={self._served.token}"]
        lines.append(f"PORTAL_APITOKEN={self._lab.person_token}")
        return (*lines, f"SSL_CERT_FILE={self._served.ca_file}") if self._served.ca_file else tuple(lines)

    def stop(self) -> None:
        """End it; the estate stays."""
        self._lab.stop()


def start(request: LabRequest) -> MistLab:
    """Start a simulator.

    Raises:
        ProviderError: The definition is wrong; the line names file and key.
    """
    lab = Lab(request.folder, definition=definition_of(request))
    return MistLab(lab, lab.start(port=request.port, tls=request.tls))


def definition_of(request: LabRequest) -> LabDefinition:
    """Devices and faults of the lab."""
    seeded = tuple(_devices(request.blocks))
    if request.definition is None:
        return LabDefinition(devices=seeded)
    try:
        found = read_definition(request.definition)
        return found if found.devices else attrs.evolve(found, devices=seeded)
    except (OSError, ValueError) as error:
        raise ProviderError(f"mist lab: {error}") from None


def _devices(blocks: Iterable[Block]) -> Iterable[Device]:
    """The nodes of the stack's clusters: claimed, unassigned, of one firmware."""
    made: dict[str, Device] = {}
    for block in blocks:
        if block.type != "cluster" or block.data:
            continue
        for mac, node in (block.values.get("nodes") or {}).items():
            plain = {
                "mac": mac,
                "serial": str(node.get("serial") or f"LAB{mac}".upper()),
                "model": str(node.get("model") or block.values.get("model") or "SSR120"),
            }
            version = block.values.get("firmware")
            device = Device(**plain, version=version) if isinstance(version, str) and version else Device(**plain)
            made.setdefault(device.mac, device)
    return made.values()
