"""Which addresses a plan is about."""

import attrs


@attrs.frozen
class Selection:
    """Which addresses a plan is about; None in `only` means all."""

    only: frozenset[str] | None = None
    replace: frozenset[str] = frozenset()

    def has(self, address: str) -> bool:
        """True if the address takes part."""
        return self.only is None or address in self.only
