"""The vendor's configuration model, and checks against it: offline, before anything is sent.

`check(tree, release=…)` says what is wrong with a configuration; `model()` answers questions about single nodes. The
model is that of about release 4.2, and of about 5.3 for routers; see `later.toml` for what was added to it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from haplan.plugin import Tree
from haplan_ssr.model.kinds import Type, text_of
from haplan_ssr.model.schema import Choice, Model, Node, model, release_of

if TYPE_CHECKING:
    from haplan_ssr.model.checking import Problem, Report


def check(tree: Mapping[str, Tree], *, release: str | None = None) -> "tuple[Problem, ...]":
    """What is wrong with a whole configuration; see `evaluate`."""
    return evaluate(tree, release=release).problems


def evaluate(tree: Mapping[str, Tree], *, release: str | None = None) -> "Report":
    """As `check`, with how many rules were evaluated; see `haplan_ssr.model.checking.evaluate`."""
    from haplan_ssr.model.checking import evaluate

    return evaluate(tree, release=release)


__all__ = ["Choice", "Model", "Node", "Type", "check", "evaluate", "model", "release_of", "text_of"]
