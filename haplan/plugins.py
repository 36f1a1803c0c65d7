"""Finding plugins: one entry-point group, ``haplan``; loaded one by one, so that a broken one is named."""

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from haplan import hookspecs
from haplan.contracts import API, OpenState, OrderHook, Provider
from haplan.errors import PluginError
from haplan.model.finding import Rule

GROUP = "haplan"
OFF = "HAPLAN_PLUGINS_OFF"
"""Environment variable: comma-separated names of plugins that are not to be loaded."""


class Plugins:
    """The plugins that are installed.

    Attributes:
        broken: Name → why it could not be loaded. A warning, until a stack needs it.
        versions: Name → version of the distribution it comes from.
    """

    def __init__(self, points: Iterable[EntryPoint]) -> None:
        self.broken: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self._manager = pluggy.PluginManager("haplan")
        self._manager.add_hookspecs(hookspecs)
        for point in points:
            self._load(point)
        self._manager.check_pending()

    def _load(self, point: EntryPoint) -> None:
        if point.name in self.versions:
            raise PluginError(f"two plugins claim the name {point.name!r}: one of them is {point.value}; uninstall one")
        try:
            module = point.load()
        except Exception as error:  # a plugin's code may fail in any way; it is named and the others go on
            self.broken[point.name] = f"{type(error).__name__}: {error}"
            return
        if getattr(module, "haplan_api", None) != API:
            self.broken[point.name] = f"it was made for another haplan (haplan_api must be {API})"
            return
        self.versions[point.name] = point.dist.version if point.dist else "0"
        self._manager.register(module, name=point.name)

    @cached_property
    def providers(self) -> Mapping[str, type[Provider]]:
        """Provider classes by name."""
        return self._named("haplan_providers", lambda cls: cls.name)

    @cached_property
    def resources(self) -> Mapping[str, type]:
        """Resource classes by type name."""
        return self._named("haplan_resources", lambda cls: cls.haplan_type.name)

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Rules by id."""
        return self._named("haplan_checks", lambda rule: rule.id)

    @cached_property
    def state_backends(self) -> Mapping[str, OpenState]:
        """State backends by URL scheme."""
        return {
            scheme: opener for found in self._manager.hook.haplan_state_backends() for scheme, opener in found.items()
        }

    @cached_property
    def secret_sources(self) -> Mapping[str, Any]:
        """Secret sources by scheme."""
        return {
            scheme: source for found in self._manager.hook.haplan_secret_sources() for scheme, source in found.items()
        }

    @property
    def order(self) -> tuple[OrderHook, ...]:
        """The hooks that add edges."""
        return tuple(
            lambda nodes, impl=impl: impl.function(nodes=nodes)
            for impl in self._manager.hook.haplan_order.get_hookimpls()
        )

    @property
    def hook(self) -> Any:
        """The observers: ``haplan_plan_made`` and ``haplan_event``."""
        return self._manager.hook

    def provider(self, name: str) -> type[Provider]:
        """A provider class.

        Raises:
            PluginError: It is not installed, or broken.
        """
        if name in self.providers:
            return self.providers[name]
        if name in self.broken:
            raise PluginError(f"provider {name!r} cannot be loaded: {self.broken[name]}")
        known = ", ".join(sorted(self.providers)) or "none"
        raise PluginError(f"no provider {name!r} is installed; there are: {known}")

    def _named(self, hook: str, name_of: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        owners: dict[str, str] = {}
        for impl in getattr(self._manager.hook, hook).get_hookimpls():
            for thing in _called(impl, hook):
                name = name_of(thing)
                if name in found:
                    raise PluginError(
                        f"plugins {owners[name]!r} and {impl.plugin_name!r} both claim {name!r}; uninstall one"
                    )
                found[name], owners[name] = thing, impl.plugin_name
        return found


def _called(impl: pluggy.HookImpl, hook: str) -> Iterable[Any]:
    try:
        found: list[Any] = list(impl.function())  # type: ignore[call-overload]  # pluggy says object
        return found
    except Exception as error:  # a plugin's code may fail in any way; it is named
        raise PluginError(f"plugin {impl.plugin_name!r}: {hook} broke: {type(error).__name__}: {error}") from error


def load_plugins(environ: Mapping[str, str] | None = None) -> Plugins:
    """All installed plugins, except those switched off by ``HAPLAN_PLUGINS_OFF``."""
    off = {name.strip() for name in (environ or os.environ).get(OFF, "").split(",")}
    return Plugins(point for point in sorted(entry_points(group=GROUP), key=lambda p: p.name) if point.name not in off)
