"""Stacks as text in, stacks and findings out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from haplan import design
from haplan.contracts import ValidateView
from haplan.language.data import Data
from haplan.model.finding import Finding
from haplan.model.stack import Stack
from haplan.steps.check import check
from haplan.steps.load import load

TYPES: Mapping[str, type] = {cls.haplan_type.name: cls for cls in [*design.haplan_resources(), Data]}  # type: ignore[attr-defined]
RULES = list(design.haplan_checks())


def default_only(name: str, type_: Any, sensitive: bool, default: Any) -> tuple[Any, str]:
    """Variables have their default."""
    if default is None:
        raise ValueError("no value given")
    return default, "default"


@pytest.fixture
def stack(tmp_path: Path) -> Callable[[str], Stack]:
    """Loads a stack from its text."""

    def load_text(text: str) -> Stack:
        file = tmp_path / "here" / "stack.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return load(file, TYPES, default_only)

    return load_text


@pytest.fixture
def load_folder() -> Callable[[Path], Stack]:
    """Loads a stack from a folder."""
    return lambda folder: load(folder, TYPES, default_only)


@pytest.fixture
def findings() -> Callable[[Stack], tuple[Finding, ...]]:
    """What the rules find at validate."""
    return lambda found: check("V", ValidateView(found), RULES)
