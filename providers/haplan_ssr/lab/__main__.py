"""`python -m haplan_ssr.lab FOLDER`: the simulator as a process of its own.

Prints one line of JSON (url, host, ca_file, users with passwords), then serves until it is ended.
"""

import argparse
import json
import sys
import threading
from pathlib import Path

from haplan_ssr.lab.definition import LabDefinition, read_definition
from haplan_ssr.lab.served import PERSON, READER, USER, Lab


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m haplan_ssr.lab", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the estate is kept")
    parser.add_argument("--definition", type=Path, help="a lab.toml")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    given = parser.parse_args(arguments)
    try:
        definition = read_definition(given.definition) if given.definition else LabDefinition()
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    with Lab(given.folder, definition=definition) as lab:
        served = lab.start(port=given.port)
        users = {user: lab.password(user) for user in (USER, PERSON, READER)}
        told = {"url": served.url, "host": served.host, "ca_file": str(served.ca_file), "users": users}
        print(json.dumps(told), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
