"""Drift: what moved in the estate since it was recorded."""

from collections.abc import Mapping

import attrs

from haplan.model.value import Tree


@attrs.frozen(kw_only=True)
class Drift:
    """What moved in the estate since it was recorded: seen against recorded, owned fields only.

    `seen` is None when the object is gone. `who` and `when` (epoch seconds) where the backend knows. `amiss` says what
    does not run there though it is written, one line each: no value of it can be taken into state.
    """

    address: str
    type: str
    name: str
    recorded: Mapping[str, Tree]
    seen: Mapping[str, Tree] | None
    who: str = ""
    when: float = 0.0
    amiss: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        """True if values are others than recorded, or the object is gone."""
        return self.seen is None or bool(self.recorded or self.seen)
