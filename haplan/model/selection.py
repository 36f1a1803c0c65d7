"""Which addresses a plan is about."""

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Selection:
    """Which addresses a plan is about.

    Attributes:
        only: These alone; None means all.
        replace: To be replaced, whatever they are like.
        importing: Address → id of an existing object that is taken into state as it is.
        adopting: Address → id of an existing object that is taken into state and made as the stack says.
        forgetting: What leaves the state, and stays in the estate.
        taking: True if all that is there with equal values is taken into state as it is, and nothing else changes.
    """

    only: frozenset[str] | None = None
    replace: frozenset[str] = frozenset()
    importing: Mapping[str, str] = attrs.field(factory=dict)
    adopting: Mapping[str, str] = attrs.field(factory=dict)
    forgetting: frozenset[str] = frozenset()
    taking: bool = False

    def has(self, address: str) -> bool:
        """True if the address takes part."""
        return self.only is None or address in self.only
