"""Finding plugins: one entry-point group, ``haplan``; loaded one by one, so that a broken one is named.

The module that an entry point names is imported always, and says which hooks there are. A hook is called when what it
brings may be needed: a stack of records does not wait for the provider of a cloud.
"""

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

import pluggy

from haplan import hookspecs
from haplan.contracts import API, Observer, OpenState, OrderHook, PlanView, Provider
from haplan.errors import HaplanError, PluginError, Unsupported, said
from haplan.language.record import close_to
from haplan.model.finding import Rule
from haplan.model.health import Check
from haplan.model.plan import Change, Plan
from haplan.model.schema import TypeInfo
from haplan.model.stack import Stack
from haplan.model.traffic import Question, Traffic
from haplan.model.value import Tree
from haplan.model.wiring import Sheet
from haplan.wall import hooks
from haplan.wall.call import Call, through

T = TypeVar("T")

GROUP = "haplan"
OFF = "HAPLAN_PLUGINS_OFF"
"""Environment variable: comma-separated names of plugins that are not to be loaded."""
MOVED = (
    f"it was made for another haplan: haplan_api must be {API}, since which placements, assess, facts and calls take "
    "the look of the reading, revert gives what write gives, and constructors of over four fields take them by name"
)
"""What a plugin of another version is told."""


class Plugins:
    """The plugins that are installed.

    Threads: any; several sessions may share them. Hooks are asked under one lock, each once.

    Attributes:
        broken: Name → why it could not be loaded. A warning, until a stack needs it.
    """

    def __init__(self, points: Iterable[EntryPoint]) -> None:
        self.broken: dict[str, str] = {}
        self._points: dict[str, EntryPoint] = {}
        self._asking = threading.RLock()
        self._manager = pluggy.PluginManager("haplan")
        self._manager.add_hookspecs(hookspecs)
        claims: dict[str, EntryPoint] = {}
        for point in points:
            if (other := claims.setdefault(point.name, point)) is not point:
                both = f"{_told(other)} and {_told(point)}"
                raise PluginError(f"two plugins claim the name {point.name!r}: {both}; uninstall one")
            self._load(point)
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginError(f"plugin {self._manager.get_name(error.plugin)!r}: {said(error)}") from None

    def _load(self, point: EntryPoint) -> None:
        try:
            module = through(Call(who=f"plugin {point.name!r}", verb="its module"), point.load, hooks.module)
        except HaplanError as error:  # it is named, and the others go on
            self.broken[point.name] = said(error.__cause__) if error.__cause__ else str(error)
            return
        if getattr(module, "haplan_api", None) != API:
            self.broken[point.name] = MOVED
            return
        try:
            self._manager.register(module, name=point.name)
        except pluggy.PluginValidationError as error:
            self.broken[point.name] = said(error)
            return
        self._points[point.name] = point

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """Name → version of the distribution that a plugin comes from."""
        return {name: _version(point) for name, point in self._points.items()}

    def needed(self, providers: Collection[str], types: Collection[str]) -> dict[str, str]:
        """The plugins of these providers, these types and the rules about them, with their versions."""
        found = {impl.plugin_name for impl in self._about(types, "haplan_checks")}
        found |= {name for name in self._points if any(_is_named_by(one, name) for one in (*providers, *types))}
        found |= {name for name in self._points if self._says_types(name).intersection(types)}
        return {name: _version(self._points[name]) for name in sorted(found)}

    def _says_types(self, name: str) -> set[str]:
        return set(getattr(self._manager.get_plugin(name), "haplan_types", ()))

    @cached_property
    def providers(self) -> Mapping[str, type[Provider]]:
        """Provider classes by name; a plugin is asked when one that may be its is looked up."""
        return self._brought("haplan_providers", hooks.providers(self.types), lambda cls: cls.name, lambda cls: cls)

    @cached_property
    def resources(self) -> Mapping[str, type]:
        """Resource classes by type name; a plugin is asked when one that may be its is looked up."""
        return self._brought("haplan_resources", hooks.resources, lambda cls: cls.haplan_type.name, lambda cls: cls)

    @cached_property
    def types(self) -> Mapping[str, TypeInfo]:
        """What there is to know of each resource type, by name; asked for as `resources`."""
        return self._brought(
            "haplan_resources", hooks.resources, lambda cls: cls.haplan_type.name, lambda cls: cls.haplan_type
        )

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """All rules by id."""
        return self._rules(self._impls("haplan_checks"))

    def rules_about(self, types: Collection[str]) -> tuple[Rule, ...]:
        """The rules that have something to say where there are these types."""
        return tuple(self._rules(self._about(types, "haplan_checks")).values())

    def order_about(self, types: Collection[str]) -> tuple[OrderHook, ...]:
        """The hooks that add edges between resources of these types."""
        return tuple(partial(hooks.order, impl) for impl in self._about(types, "haplan_order"))

    def wiring(self, stack: Stack, changes: Sequence[Change] = ()) -> tuple[Sheet, ...]:
        """How the boxes of a stack's pairs are cabled, with marks on what these changes bring or change."""
        return hooks.wiring(self._about(_types(stack), "haplan_wiring"), stack, changes)

    def health(self, view: PlanView, types: Collection[str]) -> tuple[Check, ...]:
        """What was looked at of resources of these types."""
        return hooks.health(self._about(types, "haplan_health"), view)

    def traffic(self, stack: Stack, question: Question) -> Traffic:
        """Who reaches what in a stack."""
        return hooks.traffic(self._about(_types(stack), "haplan_traffic"), stack, question)

    @cached_property
    def state_backends(self) -> Mapping[str, OpenState]:
        """State backends by URL scheme."""
        return self._by_scheme("haplan_state_backends", hooks.state_backends)

    @cached_property
    def secret_sources(self) -> Mapping[str, Callable[[str], str]]:
        """Secret sources by scheme."""
        return self._by_scheme("haplan_secret_sources", hooks.secret_sources)

    @cached_property
    def observers(self) -> Mapping[str, Observer]:
        """Who wants to know of each event, by plugin; they raise `PluginError` where they break at it."""
        impls = self._impls("haplan_event")
        return {impl.plugin_name: lambda event, impl=impl: hooks.told(impl, event) for impl in impls}

    def plan_made(self, plan: Plan) -> tuple[str, ...]:
        """Tell who wants to know of each plan; gives a line for each that broke at it."""
        broke = []
        for impl in self._impls("haplan_plan_made"):
            try:
                hooks.called(impl, "haplan_plan_made", plan=plan)
            except HaplanError as error:
                broke.append(str(error))
        return tuple(broke)

    def provider(self, name: str) -> type[Provider]:
        """A provider class.

        Raises:
            PluginError: It is not installed, or broken.
        """
        if name in self.providers:
            return self.providers[name]
        if name in self.broken:
            raise PluginError(f"provider {name!r} cannot be loaded: {self.broken[name]}")
        near, hint = close_to(name, self.providers), f"install the package that brings it, unless {OFF} leaves it out"
        raise PluginError(f"no provider {name!r} is installed{near}; there are: {_names(self.providers)}; {hint}")

    def example(self, name: str) -> Mapping[str, str]:
        """The files of a provider's example: name → text; none if it has none.

        Raises:
            PluginError: It is not installed, or broken.
            ProviderError: It breaks at it, or gives something else.
        """
        try:
            return self.provider(name).example()
        except Unsupported:
            return {}

    def serving(self, type_name: str) -> tuple[str, ...]:
        """Names of the providers that serve a type; one that breaks when it is asked serves none."""
        try:
            found = self.providers.items()
            return tuple(
                sorted(n for n, cls in found if type_name in getattr(cls, "types", ()) or type_name.startswith(f"{n}_"))
            )
        except PluginError:
            return ()

    # --- Asking ---

    def _impls(self, hook: str) -> list[pluggy.HookImpl]:
        return list(getattr(self._manager.hook, hook).get_hookimpls())

    def _about(self, types: Collection[str], hook: str) -> list[pluggy.HookImpl]:
        """Without the plugins that say they know of none of these types."""
        return [one for one in self._impls(hook) if _is_about(one, types)]

    def _rules(self, impls: Iterable[pluggy.HookImpl]) -> dict[str, Rule]:
        found = _Named(lambda rule: rule.id)
        for impl in impls:
            found.add(impl.plugin_name, hooks.called(impl, "haplan_checks", hooks.rules(impl)))
        return found.things

    def _by_scheme(self, hook: str, behind: Callable[[pluggy.HookImpl], Callable[[Any], Any]]) -> dict[str, Tree]:
        """What plugins bring by scheme; one that breaks when it is asked is a broken one, and the others serve."""
        found = _Named(lambda pair: pair[0])
        with self._asking:
            for impl in self._impls(hook):
                try:
                    brought = hooks.called(impl, hook, behind(impl))
                except HaplanError as error:
                    self.broken[impl.plugin_name] = str(error)
                    continue
                found.add(impl.plugin_name, brought.items())
        return dict(found.things.values())

    def _brought(
        self, hook: str, fitted: Callable[[Any], Any], name_of: Callable[[Any], str], thing_of: Callable[[Any], T]
    ) -> "_Brought[T]":
        asked = partial(hooks.called, hook=hook, fitted=fitted)
        return _Brought(
            impls=self._impls(hook),
            points=self._points,
            asked=asked,
            name_of=name_of,
            thing_of=thing_of,
            asking=self._asking,
        )


class _Named:
    """Things by name, each with the plugin that brings it.

    Threads: any, under the lock of the plugins.
    """

    def __init__(self, name_of: Callable[[Any], str]) -> None:
        self.things: dict[str, Tree] = {}
        self._owners: dict[str, str] = {}
        self._name_of = name_of

    def add(self, plugin: str, things: Iterable[Any]) -> None:
        for thing in things:
            name = self._name_of(thing)
            if name in self.things:
                raise PluginError(f"plugins {self._owners[name]!r} and {plugin!r} both claim {name!r}; uninstall one")
            self.things[name], self._owners[name] = thing, plugin


class _Brought(Mapping[str, T]):
    """What a hook brings, by name.

    Threads: any, under the lock of the plugins.

    To look up one name asks only the plugins that may bring it: what a plugin brings has its name, or begins with its
    name and ``_``. So every plugin that could claim the same is asked too, and a clash is found. Only haplan's own
    bring names without that, such as ``record`` and ``site``.
    """

    def __init__(
        self,
        *,
        impls: Iterable[pluggy.HookImpl],
        points: Mapping[str, EntryPoint],
        asked: Callable[[pluggy.HookImpl], Any],
        name_of: Callable[[Any], str],
        thing_of: Callable[[Any], T],
        asking: threading.RLock,
    ) -> None:
        self._asked, self._asking = asked, asking
        self._waiting = {impl.plugin_name: impl for impl in impls}
        self._own = {name for name in self._waiting if points[name].value.startswith("haplan.")}
        self._named = _Named(name_of)
        self._name_of = name_of
        self._thing_of = thing_of
        self._things: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        with self._asking:
            if name not in self._things:
                self._ask([one for one in self._waiting if one not in self._own and _is_named_by(name, one)])
                for plugin in sorted(self._own.intersection(self._waiting)):
                    if name not in self._things and _is_about(self._waiting[plugin], {name}):
                        self._ask([plugin])
            return self._things[name]

    def __iter__(self) -> Iterator[str]:
        with self._asking:
            self._ask(list(self._waiting))
            return iter(list(self._things))

    def __len__(self) -> int:
        with self._asking:
            self._ask(list(self._waiting))
            return len(self._things)

    def _ask(self, plugins: Iterable[str]) -> None:
        for plugin in plugins:
            found = self._asked(self._waiting[plugin])
            strange = [self._name_of(one) for one in found if not _is_named_by(self._name_of(one), plugin)]
            if strange and plugin not in self._own:
                raise PluginError(f"plugin {plugin!r} claims {strange[0]!r}: the names it brings begin with its own")
            self._named.add(plugin, found)
            self._things |= {self._name_of(one): self._thing_of(one) for one in found}
            del self._waiting[plugin]


def _version(point: EntryPoint) -> str:
    return point.dist.version if point.dist else "0"


def _is_named_by(name: str, plugin: str) -> bool:
    """True if the name is a plugin's to bring: ``netbox`` and ``netbox_prefix`` of the plugin ``netbox``."""
    own = plugin.replace("-", "_")
    return name in (plugin, own) or name.startswith(f"{own}_")


def _types(stack: Stack) -> set[str]:
    return {block.type for block in stack.blocks.values()}


def _is_about(impl: pluggy.HookImpl, types: Collection[str]) -> bool:
    """False if the plugin says which types it is about (``haplan_types``), and none of these is among them."""
    said = getattr(impl.plugin, "haplan_types", None)
    return said is None or any(name in said for name in types)


def _names(things: Mapping[str, Tree]) -> str:
    """What there is, for people; a plugin that breaks when it is asked for it is told elsewhere."""
    try:
        return ", ".join(sorted(things)) or "none"
    except PluginError as error:
        return f"those of other plugins than this: {error}"


def _told(point: EntryPoint) -> str:
    """A plugin by its module and the distribution that brings it."""
    return point.value + (f" of {point.dist.name}" if point.dist else "")


def load_plugins(environ: Mapping[str, str] | None = None) -> Plugins:
    """All installed plugins, except those switched off by ``HAPLAN_PLUGINS_OFF``."""
    off = {name.strip() for name in (environ or os.environ).get(OFF, "").split(",")}
    places = tuple((place, _changed(place)) for place in sys.path)
    return Plugins(point for point in _installed(places) if point.name not in off)


def _changed(place: str) -> int:
    """When something came into a folder or left it; 0 where there is none."""
    try:
        return os.stat(place or os.curdir).st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=4)
def _installed(places: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """The entry points that are there. To look for them is to read a file of every distribution: done once by a program
    that opens many sessions, and again where a distribution came or went."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda point: point.name))
