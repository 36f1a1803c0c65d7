"""What haplan 0.1.0 left, unpacked for a test of its own; see `data/README.md`."""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haplan.host.options import Options
from haplan.host.session import Session, open_session
from tests.stack_world import StackWorld

ARCHIVE = Path(__file__).parent / "data" / "made_by_0_1_0.tar.xz"
SECRETS = {"OVERLAY_PSK": "swordfish"}


class World(StackWorld):
    """A stack of then, with the secret that it was given."""

    def session(self, **options: Any) -> Session:
        self.events = []
        options = {"lab": True, **options}
        return open_session(self.folder, Options(**options), observers=[self.events.append], environ=SECRETS)


Old = Callable[[str], World]


@pytest.fixture
def old(tmp_path: Path) -> Old:
    """Unpack one of the stacks."""

    def unpacked(case: str) -> World:
        with tarfile.open(ARCHIVE) as archive:
            members = [one for one in archive.getmembers() if one.name.startswith(f"./{case}/")]
            archive.extractall(tmp_path, members, filter="data")
        (stack,) = (tmp_path / case).glob("*/stack.py")
        return World(stack.parent)

    return unpacked
