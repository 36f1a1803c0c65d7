"""Files in, a stack or its mistakes out."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from haplan import design
from haplan.errors import StackError
from haplan.language.data import Data
from haplan.language.record import Recording, recording
from haplan.model.stack import Stack
from haplan.steps.load import load

TYPES: Mapping[str, type] = {cls.haplan_type.name: cls for cls in [*design.haplan_resources(), Data]}  # type: ignore[attr-defined]


class Loader:
    """Loads what was written down."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.given: dict[str, Any] = {}

    def __call__(self, text: str, place: str = "here/stack.py", **files: str) -> Stack:
        """The stack of a text, with further files beside it."""
        for name, content in {place: text, **files}.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return self.again(place)

    def again(self, place: str = "here/stack.py") -> Stack:
        """The same once more."""
        return load(self.root / place, TYPES, self._value)

    def mistakes(self, text: str, place: str = "here/stack.py", **files: str) -> list[str]:
        """What is wrong with a text."""
        with pytest.raises(StackError) as caught:
            self(text, place, **files)
        return list(caught.value.mistakes)

    def _value(self, name: str, type_: Any, sensitive: bool, default: Any) -> tuple[Any, str]:
        if name in self.given:
            return self.given[name], "--var"
        if default is None:
            raise ValueError("no value given; use --var")
        return default, "default"


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    """Loads stacks in a folder of their own."""
    return Loader(tmp_path)


@pytest.fixture
def under_load(tmp_path: Path) -> Iterator[Callable[[], Recording]]:
    """A load under way, without a stack file."""
    into = Recording(tmp_path, lambda name, type_, sensitive, default: (default, "default"), TYPES)
    with recording(into):
        yield lambda: into
