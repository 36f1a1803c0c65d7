"""Starting the simulator for a stack, from its ``lab.toml``."""

import attrs

from haplan.kit.labs import RunningLab, own_name, start_lab
from haplan.lab.certificates import trust_lines
from haplan.plugin import LabRequest
from haplan_ssr.lab import AUTHORITY, PERSON, USER, Lab, LabDefinition, read_definition


def start(request: LabRequest) -> RunningLab:
    """Start a conductor: it serves HTTPS, as the real one does, whether or not that is asked for."""
    return start_lab("ssr", request, _started)


def _started(request: LabRequest) -> RunningLab:
    definition = LabDefinition()
    if request.definition is not None:
        definition = read_definition(request.definition, request.key or "ssr", request.keys)
    if definition.settings.authority == AUTHORITY:
        named = attrs.evolve(definition.settings, authority=own_name(request, AUTHORITY, "-"))
        definition = attrs.evolve(definition, settings=named)
    lab = Lab(request.folder, definition=definition)
    served = lab.start(port=request.port)
    lines = [f"SSR_HOST={served.host}", f"SSR_USERNAME={USER}", f"SSR_PASSWORD={lab.password()}"]
    # what is done as PERSON was done by somebody else
    lines += [f"PERSON_USERNAME={PERSON}", f"PERSON_PASSWORD={lab.password(PERSON)}"]
    lines += trust_lines(served.ca_file)
    reached = {"host": served.host, "username": USER, "password": lab.password(), "ca_file": str(served.ca_file)}
    return RunningLab(clock=lab.clock, settings=reached, lines=lines, end=lab.stop)
