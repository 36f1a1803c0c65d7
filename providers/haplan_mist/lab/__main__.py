"""`python -m haplan_mist.lab FOLDER`: the simulator as a process of its own.

Prints one line of JSON (url, host, org_id, token, person_token, ca_file), then serves until it is ended.
"""

import argparse
import sys

from haplan.lab.process import Started, parser, serve
from haplan_mist.lab.definition import LabDefinition, read_definition
from haplan_mist.lab.served import Lab


def main(arguments: list[str] | None = None) -> int:
    taking = parser("haplan_mist.lab", __doc__)
    taking.add_argument("--tls", action="store_true", help="HTTPS with a CA of its own")
    return serve(taking, _start, arguments)


def _start(given: argparse.Namespace) -> Started:
    lab = Lab(given.folder, definition=read_definition(given.definition) if given.definition else LabDefinition())
    served = lab.start(port=given.port, tls=given.tls)
    told = {"url": served.url, "host": served.host, "org_id": served.org_id, "token": served.token}
    ca_file = None if served.ca_file is None else str(served.ca_file)
    return lab, {**told, "person_token": lab.person_token, "ca_file": ca_file}


if __name__ == "__main__":
    sys.exit(main())
