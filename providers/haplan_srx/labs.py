"""Starting the simulator for a stack: from its ``lab.toml``, or with the nodes of its clusters."""

import json
from collections.abc import Mapping

import attrs

from haplan.kit.labs import Node, RunningLab, boxes_of, nodes_of, start_lab
from haplan.plugin import LabRequest
from haplan_srx.lab import Device, Lab, LabDefinition, read_definition


def start(request: LabRequest) -> RunningLab:
    """Start the boxes."""
    return start_lab("srx", request, _started)


def _started(request: LabRequest) -> RunningLab:
    lab = Lab(request.folder, definition=definition_of(request))
    served = lab.start(port=request.port)
    addresses = {mac: served.host(mac) for mac in served.ports}
    lines = [f"{mac}  {host}" for mac, host in addresses.items()]
    lines += [f"JUNOS_USERNAME={served.user}", f"JUNOS_PASSWORD={served.password}"]
    lines += [f"JUNOS_KEYFILE={served.key_file}", f"KNOWN_HOSTS={served.known_hosts}"]
    # a person who works on the boxes by hand
    lines += ["PERSON_USERNAME=pat", f"PERSON_PASSWORD={lab.password('pat')}"]
    hosts = {host: served.host(mac) for host, mac in _hosts(request).items() if mac in served.ports}
    reached = {
        "username": served.user, "password": served.password, "known_hosts": str(served.known_hosts),
        "addresses": {**addresses, **hosts},
    }  # fmt: skip
    return RunningLab(clock=lab.clock, settings=reached, lines=lines, end=lab.stop)


def _hosts(request: LabRequest) -> Mapping[str, str]:
    """Host → MAC of the box that answers there: as the stack declares it, else as it was declared before.

    State and plan files know a box by what the stack said then, so that is kept; whoever is declared there now has it.
    """
    file = request.folder / "srx_hosts.json"
    read = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    known: dict[str, list[str]] = {mac: [said] if isinstance(said, str) else said for mac, said in read.items()}
    now = {node.mac: node.host for node in nodes_of(request.blocks) if node.host}
    kept = {**known, **{mac: [*(one for one in known.get(mac, ()) if one != host), host] for mac, host in now.items()}}
    if kept != known:
        file.write_text(json.dumps(kept), "utf-8")
    earlier = {host: mac for mac, hosts in kept.items() for host in hosts[:-1]}
    latest = {hosts[-1]: mac for mac, hosts in kept.items() if hosts}
    return {**earlier, **latest, **{host: mac for mac, host in now.items()}}


def definition_of(request: LabRequest) -> LabDefinition:
    """Devices and faults of the lab; devices that only the stack knows are cabled in pairs and not clustered."""
    found = LabDefinition()
    if request.definition is not None:
        found = read_definition(request.definition, request.key or "srx", request.keys)
    return found if found.devices else attrs.evolve(found, devices=boxes_of(request, _device))


def _device(node: Node) -> Device:
    return Device(**{"model": "SRX300", **node.box}, pair=node.peer)
