"""`python -m haplan_srx.lab FOLDER`: the simulator as a process of its own.

Prints one line of JSON (ports by MAC, user, password, key_file, known_hosts), then serves until it is ended. The first
box has the port that was asked for, the others the next ones.
"""

import argparse
import sys

from haplan.lab.process import Started, parser, serve
from haplan_srx.lab.definition import LabDefinition, read_definition
from haplan_srx.lab.served import Lab


def main(arguments: list[str] | None = None) -> int:
    return serve(parser("haplan_srx.lab", __doc__), _start, arguments)


def _start(given: argparse.Namespace) -> Started:
    lab = Lab(given.folder, definition=read_definition(given.definition) if given.definition else LabDefinition())
    served = lab.start(port=given.port)
    return lab, {
        "ports": dict(served.ports), "user": served.user, "password": served.password,
        "key_file": str(served.key_file), "known_hosts": str(served.known_hosts),
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
