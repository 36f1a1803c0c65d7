"""`python -m haplan_ssr.lab FOLDER`: the simulator as a process of its own.

Prints one line of JSON (url, host, ca_file, users with passwords), then serves until it is ended.
"""

import argparse
import sys

from haplan.lab.process import Started, parser, serve
from haplan_ssr.lab.definition import LabDefinition, read_definition
from haplan_ssr.lab.served import PERSON, READER, USER, Lab


def main(arguments: list[str] | None = None) -> int:
    return serve(parser("haplan_ssr.lab", __doc__), _start, arguments)


def _start(given: argparse.Namespace) -> Started:
    lab = Lab(given.folder, definition=read_definition(given.definition) if given.definition else LabDefinition())
    served = lab.start(port=given.port)
    users = {user: lab.password(user) for user in (USER, PERSON, READER)}
    return lab, {"url": served.url, "host": served.host, "ca_file": str(served.ca_file), "users": users}


if __name__ == "__main__":
    sys.exit(main())
