"""The providers of a session: found, given their settings, opened once, closed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from haplan.contracts import Context, Provider, Resources, Target
from haplan.errors import Gathering, HaplanError, PluginError
from haplan.host.labs import Labs, blocks_of
from haplan.language.record import nearest
from haplan.model import value as model
from haplan.model.origin import Destination
from haplan.model.plan import Plan
from haplan.model.schema import TypeInfo
from haplan.model.stack import Block, ProviderBlock, Stack
from haplan.model.value import Tree
from haplan.model.vendor_keys import STRICT
from haplan.plugins import Plugins
from haplan.wall.call import Call, through

IN_STATE_ONLY = "haplan"
"""The provider without an estate: it needs no simulator."""


class Providers:
    """Opens providers, each once.

    Threads: one, the session's. What it opens is used by any.

    Args:
        plugins: They bring the providers.
        context: What a provider is opened with.
        labs: The simulators that stand in for the estates; None works on the real ones.
    """

    def __init__(self, plugins: Plugins, context: Callable[[], Context], labs: Labs | None) -> None:
        self._plugins = plugins
        self._context = context
        self._labs = labs
        self._open: dict[str, Provider] = {}

    def mistakes(self, stack: Stack, types: Mapping[str, TypeInfo]) -> dict[str, str]:
        """What is not installed of the types and providers that a stack names, and settings that cannot be; offline.

        Gives a line for each, with the provider that it is about, if it is about one.
        """
        blocks = stack.blocks.values()
        unknown = [name for name in dict.fromkeys(block.type for block in blocks) if name not in types]
        firsts = [next(block for block in blocks if block.type == name) for name in unknown]
        what = "no plugin that is installed brings the type"
        found = {f"{block.location}: {block.address}: {what} {block.type}": "" for block in firsts}
        for key, block in stack.providers.items():
            try:
                wrong = _mistakes(self._plugins.provider(block.name), block.settings, block)
            except PluginError as error:
                wrong = [f"{block.location}: {error}"]
            found |= dict.fromkeys(wrong, key)
        return found

    def of_stack(self, stack: Stack, wanted: Mapping[str, Sequence[Target]]) -> dict[str, Provider]:
        """The providers that the resources need, by key."""
        found, gathering, keys = dict[str, Provider](), Gathering(), tuple(stack.providers)
        for key in wanted:
            with gathering:
                found[key] = self._opened(stack.providers.get(key) or _block(key), blocks_of(stack, key), keys)
        gathering.refuse()
        return found

    def of_plan(self, plan: Plan) -> dict[str, Provider]:
        """The providers that a plan needs, opened from what the plan says of them."""
        keys = dict.fromkeys([*(t.provider for t in plan.transactions), *plan.identities])
        found, gathering = dict[str, Provider](), Gathering()
        for key in keys:
            with gathering:
                found[key] = self._opened(_block(key, plan.settings.get(key, {})))
        gathering.refuse()
        return found

    def closers(self) -> list[Callable[[], None]]:
        """What lets go of their connections, one each."""
        opened, self._open = self._open, {}
        return [provider.close for provider in opened.values()]

    def destinations(self, key: str, settings: Mapping[str, Tree], resources: Resources) -> tuple[Destination, ...]:
        """Where a provider would send to from here, with these settings; nothing is sent, and no secret looked up."""
        block = _block(key, settings)
        cls = self._plugins.provider(block.name)
        given, context = self._given(cls, block)
        return _of(key, cls.destinations(given, context.environ, resources))

    def usual_destinations(self, key: str) -> tuple[Destination, ...]:
        """Where a provider would send to by what the environment alone says."""
        cls = self._plugins.provider(key.partition(".")[0])
        if any(field.default is attrs.NOTHING for field in attrs.fields(cls.config)):
            return ()  # it cannot do without settings
        return _of(key, cls.destinations(cls.config(), self._context().environ, ()))

    def _opened(self, block: ProviderBlock, blocks: tuple[Block, ...] = (), keys: Sequence[str] = ()) -> Provider:
        if block.key not in self._open:
            cls = self._plugins.provider(block.name)
            given, context = self._given(cls, block, blocks, keys)
            self._open[block.key] = cls.open(given, context)
        return self._open[block.key]

    def _given(
        self, cls: type[Provider], block: ProviderBlock, blocks: tuple[Block, ...] = (), keys: Sequence[str] = ()
    ) -> tuple[Any, Context]:
        """What a provider is opened with; the settings of its simulator stand before all others."""
        labs = self._labs if block.name != IN_STATE_ONLY else None
        lab = labs.start(block.key, cls, blocks, keys=keys) if labs is not None else None
        context = _named(self._context(), block)  # by the simulator's clock from now on
        settings = dict(block.settings)
        if lab is not None:
            settings, context = {**settings, **lab.settings}, attrs.evolve(context, environ={})
        return _settings(cls, settings, block), context


def _named(context: Context, block: ProviderBlock) -> Context:
    """For one provider; what an alias logs and tells begins with its name."""
    context = attrs.evolve(context, key=block.key)
    if not block.alias:
        return context
    log, tell = context.log, context.tell
    return attrs.evolve(
        context, log=lambda line: log(f"{block.key} {line}"), tell=lambda text: tell(f"{block.key}: {text}")
    )


def _block(key: str, settings: Mapping[str, Tree] | None = None) -> ProviderBlock:
    name, _, alias = key.partition(".")
    return ProviderBlock(name, alias, model.decode(dict(settings or {})), None)


def _of(key: str, found: Iterable[Destination]) -> tuple[Destination, ...]:
    return tuple(sorted({attrs.evolve(one, provider=key) for one in found}, key=lambda one: (one.name, one.host)))


def _settings(cls: type[Provider], given: Mapping[str, Tree], block: ProviderBlock) -> Any:
    """The settings as the provider takes them.

    Raises:
        HaplanError: One line for each that it does not take, or that is missing.
    """
    wrong = _mistakes(cls, given, block)
    if wrong:
        raise HaplanError("\n".join(wrong))
    return cls.config(**{name: value for name, value in given.items() if name != STRICT})  # which the engine takes


def _mistakes(cls: type[Provider], given: Mapping[str, Tree], block: ProviderBlock) -> list[str]:
    fields = [field for field in attrs.fields(cls.config) if field.init]
    needed = [field.name for field in fields if field.default is attrs.NOTHING]
    known = [STRICT, *(field.name for field in fields)]
    own = {name: value for name, value in given.items() if name in known and name != STRICT}
    lines = [f"unknown setting {name!r}{nearest(name, known)}" for name in given if name not in known]
    if not isinstance(given.get(STRICT, False), bool):
        lines.append(f"{STRICT} is True or False")
    lacking = ", ".join(f"{name}=…" for name in needed if name not in own)
    lines += [f'say provider("{block.name}", {lacking})'] if lacking else _unfit(cls, own, needed)
    where = f"{block.location}: " if block.location else ""
    return [f"{where}provider {block.key!r}: {line}" for line in lines]


def _unfit(cls: type[Provider], own: Mapping[str, Tree], needed: Sequence[str]) -> list[str]:
    """What the provider says of settings that it does not take: of each by itself, then of all together."""
    base = {name: own[name] for name in needed}
    each = [{**base, name: value} for name, value in own.items() if name not in base]
    found: dict[str, None] = {}
    for some in [*each, own]:
        try:
            through(Call(who=f"provider {cls.name!r}", verb="its settings"), partial(cls.config, **some), str)
        except PluginError as error:
            cause = error.__cause__
            found[str(cause if isinstance(cause, ValueError | TypeError) else error)] = None
        except HaplanError as error:
            found[str(error)] = None
    return list(found)
