"""`python -m haplan_srx.lab FOLDER`: the simulator as a process of its own.

Prints one line of JSON (ports by MAC, user, password, key_file, known_hosts), then serves until it is ended.
"""

import argparse
import json
import pathlib
import sys
import threading

from .definition import LabDefinition, read_definition
from .served import Lab


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m haplan_srx.lab", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="where the estate is kept")
    parser.add_argument("--definition", type=pathlib.Path, help="a lab.toml")
    parser.add_argument("--port", type=int, default=0, help="of the first box; default: any free ones")
    given = parser.parse_args(arguments)
    try:
        definition = read_definition(given.definition) if given.definition else LabDefinition()
        lab = Lab(given.folder, definition=definition)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    with lab:
        served = lab.start(port=given.port)
        told = {"ports": dict(served.ports), "user": served.user, "password": served.password}
        told |= {"key_file": str(served.key_file), "known_hosts": str(served.known_hosts)}
        print(json.dumps(told), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
