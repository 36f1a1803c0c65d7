"""A stack on the provider in memory, for tests of the engine and of single steps."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from haplan.testing import Project

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")  # a busy machine is no failure

Make = Callable[..., Project]


@pytest.fixture
def project(tmp_path: Path) -> Make:
    """Makes a project; with `applied` the text is carried out at once."""

    def make(text: str = "", *, applied: bool = False, **more: object) -> Project:
        made = Project(tmp_path / "stack", text, **more)  # type: ignore[arg-type]  # passed on
        if applied:
            assert made.apply().exit_code == 0
        return made

    return make
