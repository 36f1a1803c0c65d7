"""`python -m haplan_mist.lab FOLDER`: the simulator as a process of its own.

Prints one line of JSON (url, host, org_id, token, person_token, ca_file), then serves until it is ended.
"""

import argparse
import json
import pathlib
import sys
import threading

from .definition import LabDefinition, read_definition
from .served import Lab


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m haplan_mist.lab", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="where the estate is kept")
    parser.add_argument("--definition", type=pathlib.Path, help="a lab.toml")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--tls", action="store_true", help="HTTPS with a CA of its own")
    given = parser.parse_args(arguments)
    try:
        definition = read_definition(given.definition) if given.definition else LabDefinition()
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    with Lab(given.folder, definition=definition) as lab:
        served = lab.start(port=given.port, tls=given.tls)
        ca_file = None if served.ca_file is None else str(served.ca_file)
        told = {"url": served.url, "host": served.host, "org_id": served.org_id, "token": served.token}
        print(json.dumps({**told, "person_token": lab.person_token, "ca_file": ca_file}), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
