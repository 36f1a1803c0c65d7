"""What is installed where a test says so."""

import attrs

INSTALLED = {"builtin": "haplan.builtin", "sqlite": "haplan_sqlite"}
"""The plugins that every project has beside ``mem``."""


@attrs.frozen
class Point:
    """An object as an entry point."""

    name: str
    plugin: object
    value: str = "haplan.testing"
    dist: None = None

    def load(self) -> object:
        return self.plugin
