"""Starting the simulator for a stack: from its ``lab.toml``, or with the nodes of its clusters."""

import attrs

from haplan.kit.labs import Node, RunningLab, boxes_of, own_name, start_lab
from haplan.lab.certificates import trust_lines
from haplan.plugin import LabRequest
from haplan_mist.lab import ORGANISATION, Device, Lab, LabDefinition, read_definition


def start(request: LabRequest) -> RunningLab:
    """Start an organisation."""
    return start_lab("mist", request, _started)


def _started(request: LabRequest) -> RunningLab:
    lab = Lab(request.folder, definition=definition_of(request))
    served = lab.start(port=request.port, tls=request.tls)
    trusted = {"ca_file": str(served.ca_file)} if served.ca_file else {}
    others = (*trust_lines(served.ca_file), f"HTTPS_PROXY={served.proxy}") if served.ca_file else ()
    lines = [f"MIST_HOST={served.url}", f"MIST_ORG_ID={served.org_id}", f"MIST_APITOKEN={served.token}"]
    # what is done with it was done by a person in the portal
    lines += [f"PORTAL_APITOKEN={lab.person_token}", *others]
    reached = {"host": served.url, "org_id": served.org_id, "apitoken": served.token, **trusted}
    return RunningLab(clock=lab.clock, settings=reached, lines=lines, end=lab.stop)


def definition_of(request: LabRequest) -> LabDefinition:
    """Devices and faults of the lab; devices that only the stack knows are claimed and unassigned."""
    found = LabDefinition()
    if request.definition is not None:
        found = read_definition(request.definition, request.key or "mist", request.keys)
    if found.settings.organisation == ORGANISATION:
        named = attrs.evolve(found.settings, organisation=own_name(request, ORGANISATION))
        found = attrs.evolve(found, settings=named)
    return found if found.devices else attrs.evolve(found, devices=boxes_of(request, _device))


def _device(node: Node) -> Device:
    return Device(**{"model": "SSR120", **node.box})
