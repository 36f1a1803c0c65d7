"""A lab as a process of its own: ``python -m haplan_….lab FOLDER``."""

import argparse
import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from haplan.plugin import Tree

Started = tuple[AbstractContextManager[Any], Mapping[str, Tree]]
"""A lab that serves until it is left, and what a client has to know."""


def parser(package: str, doc: str | None) -> argparse.ArgumentParser:
    """The arguments that all labs take."""
    made = argparse.ArgumentParser(prog=f"python -m {package}", description=(doc or "").splitlines()[0])
    made.add_argument("folder", type=Path, help="where the estate is kept")
    made.add_argument("--definition", type=Path, help="a lab.toml")
    made.add_argument("--port", type=int, default=0, help="default: any free one")
    return made


def serve(
    taking: argparse.ArgumentParser, start: Callable[[argparse.Namespace], Started], arguments: Sequence[str] | None
) -> int:
    """Start a lab, print what a client has to know as one line of JSON, and serve until ended. Gives the exit code."""
    given = taking.parse_args(arguments)
    try:
        lab, told = start(given)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    with lab:
        print(json.dumps(told), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0
