"""Resource types: attrs classes whose fields say what an attribute takes and what a change of it means.

@resource("site", rank=10)
class Site(Resource):
    "A place."
    country_code: Value[str] | None = attribute(Text(), default=None)
    id: Ref[str] = computed(init=False)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, Union, cast, dataclass_transform

import attrs

from haplan.errors import HaplanError, StackError
from haplan.language import conditions
from haplan.language.asking import asked, broke
from haplan.language.attributes import DERIVE, INFO, KIND
from haplan.language.attributes import attribute as attribute
from haplan.language.attributes import computed as computed
from haplan.language.attributes import derived as derived
from haplan.language.extra import ExtraOf, VendorKeys
from haplan.language.kinds import Anything, MapOf, Text
from haplan.language.record import PACKAGE, UNSTEADY, Recording, current, here, nearest
from haplan.language.refs import Ref, has_token
from haplan.language.taking import BROKEN, Kind, Taking, exact, no_secret, only_secrets, shown
from haplan.model import value as model
from haplan.model.address import Address
from haplan.model.left_alone import BESIDE, EVERY, as_path
from haplan.model.schema import TypeInfo
from haplan.model.stack import Lifecycle, Location, ProviderBlock, Reference
from haplan.model.value import Tree

T = TypeVar("T")
R = TypeVar("R")

Value = Union[T, Ref[T]]  # noqa: UP007  (a generic alias; X | Y of a type variable is not one in 3.11)
"""A value, or a reference to one that is known after apply."""

_EXTRA = ExtraOf()
COMMON = ("name", "provider", "depends_on", "lifecycle", "extra")


@dataclass_transform(
    kw_only_default=True, frozen_default=True, eq_default=False, field_specifiers=(attribute, computed, derived)
)
def resource(
    type_name: str,
    *,
    rank: int = 50,
    owned_by: Sequence[str] = (),
    ordered: bool = False,
    takes_over: bool = False,
    schema_version: int = 1,
    upgrade: Callable[[Mapping[str, Tree], int], Mapping[str, Tree]] | None = None,
    steps: Sequence[str] = (),
) -> Callable[[type[R]], type[R]]:
    """Make a class a resource type. See `haplan.model.schema.TypeInfo`."""

    def decorate(cls: type[R]) -> type[R]:
        made = attrs.define(cls, init=False, eq=False, slots=False, repr=False)
        fields = {f.name: f for f in attrs.fields(cast(Any, made)) if INFO in f.metadata}
        infos = {name: attrs.evolve(f.metadata[INFO], name=name) for name, f in fields.items()}
        typed = cast("type[Resource]", made)
        typed.haplan_type = TypeInfo(
            name=type_name,
            rank=rank,
            attributes=infos,
            owned_by=tuple(owned_by),
            ordered=ordered,
            takes_over=takes_over,
            schema_version=schema_version,
            upgrade=upgrade,
            text=(cls.__doc__ or "").strip().split("\n")[0],
            steps=tuple(steps),
            package=cls.__module__.partition(".")[0],
        )
        typed.haplan_kinds = {name: f.metadata.get(KIND) for name, f in fields.items()}
        typed.haplan_derive = {name: f.metadata[DERIVE] for name, f in fields.items() if DERIVE in f.metadata}
        return made

    return decorate


@dataclass_transform(
    kw_only_default=True, frozen_default=True, eq_default=False, field_specifiers=(attribute, computed, derived)
)
def _typed(cls: type[R]) -> type[R]:
    return cls


@_typed
class Resource:
    """What every resource has. Equality is identity, so that a resource can be a key.

    Attributes:
        label: Makes the address.
        name: Remote name; by default the label.
        provider: Which provider; by default its owner's, or the stack's only one without an alias.
        depends_on: Further resources that must be there first.
        lifecycle: See `haplan.lifecycle`.
        extra: Vendor keys by provider: ``{"mist": {…}}``.
    """

    label: str = attribute(Text(), kw_only=False)
    name: Value[str] | None = attribute(Text(), default=None)
    provider: ProviderBlock | None = attribute(Anything(), default=None)
    depends_on: "Sequence[Resource]" = attribute(Anything(), default=())
    lifecycle: Lifecycle | None = attribute(Anything(), default=None)
    extra: Mapping[str, Mapping[str, Tree]] | None = attribute(MapOf(Anything()), default=None)

    haplan_type: ClassVar[TypeInfo]
    haplan_kinds: ClassVar[Mapping[str, Kind | None]]
    haplan_derive: ClassVar[Mapping[str, Callable[[Any, Any], Any]]]

    haplan_name_rule: ClassVar[str] = ""
    """The design rule that reports one remote name twice in one owner; "" leaves it to the loader."""

    # Set by the constructor, and read by the loader and by rules.
    haplan_location: ClassVar[Location]
    haplan_address: ClassVar[Address]
    haplan_name: ClassVar[model.Tree]
    haplan_owner: "ClassVar[Resource | None]"
    haplan_data: ClassVar[bool]
    haplan_values: ClassVar[Mapping[str, model.Tree]]
    haplan_extra: ClassVar[Mapping[str, Mapping[str, model.Tree]]]
    haplan_references: ClassVar[tuple[Reference, ...]]

    @classmethod
    def existing(
        cls,
        label: str,
        *,
        name: Value[str] | None = None,
        provider: ProviderBlock | None = None,
        depends_on: "Sequence[Resource]" = (),
    ) -> Self:
        """A data source: looked up by its remote name, never changed.

        At plan where that can be; at apply if its name is not known before, or what it depends on changes.
        """
        made = cls.__new__(cls)
        _construct(made, label, {"name": name, "provider": provider, "depends_on": depends_on}, data=True)
        return made

    def haplan_provider_of(self) -> "Resource | None":
        """Whose provider it takes, and may not differ from: its owner's, unless the type says another."""
        return None if self.haplan_data else self.haplan_owner

    def haplan_extras(self) -> Iterator[VendorKeys]:
        """Its vendor keys, and those of its parts: each is looked at by the provider."""
        if self.haplan_extra:
            kind = type(self).haplan_type.name
            yield VendorKeys(kind=kind, where="", keys=self.haplan_extra, location=self.haplan_location)

    def haplan_finish(self, values: dict[str, model.Tree], taking: Taking) -> Mapping[str, model.Tree]:
        """For types whose parts depend on the whole: may add to the plain values, and record mistakes."""
        return values

    if not TYPE_CHECKING:  # for a type checker there is no other attribute than those of the class

        def __getattr__(self, name: str) -> object:
            """What is known after apply or worked out: a reference, made when somebody asks for it."""
            told = type(self).haplan_type.told.get(name)
            if told is None or "haplan_address" not in vars(self):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            found = vars(self)[name] = Ref(model.Ref(str(self.haplan_address), (name,), told.derived))
            return found

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *type(self).haplan_type.told]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.haplan_address}>"

    def __format__(self, spec: str) -> str:
        refs = [name for name, info in self.haplan_type.attributes.items() if info.computed]
        instead = f"such as {{….{refs[-1]}}}" if refs else "such as {….label}"
        raise StackError([f"{here()}: {self.haplan_address} cannot be put into text: name an attribute, {instead}"])


def _init(self: Resource, *labels: Any, **given: Any) -> None:
    label = labels[0] if labels else given.pop("label", BROKEN)
    _construct(self, label, given, data=False, surplus=labels[1:])


# The typed signature above is what checkers see; this one records mistakes instead of raising at the first.
Resource.__init__ = _init  # type: ignore[method-assign]  # attrs made none: init=False


def _construct(
    self: Resource, label: Any, given: Mapping[str, Tree], *, data: bool, surplus: Sequence[Any] = ()
) -> None:
    kind = type(self).haplan_type
    recording = current(f"{type(self).__name__}(…)")
    location = here()
    label = _label(label, kind, recording, location)
    given = {key: value for key, value in given.items() if value is not None}
    owner = next((given[name] for name in kind.owned_by if isinstance(given.get(name), Resource)), None)
    address = Address(
        module=recording.modules,
        data=data,
        type=kind.name,
        owner=owner.label if owner is not None and not data else "",
        label=label,
    )
    taking = Taking(recording=recording, subject=str(address), location=location)
    put = _put(self)
    put("label", label)
    put("haplan_location", location)
    put("haplan_address", address)
    put("haplan_owner", owner)
    put("haplan_data", data)
    if surplus:
        taking.wrong("", f"takes its label first and everything else by keyword, got {shown(surplus[0])}")
    _unknown_keywords(given, kind, taking)
    _name(self, given.get("name"), label, taking)
    values = {} if data else _values(self, given, taking)
    _common(self, given, taking, put)
    put("haplan_values", values)
    if isinstance(self.lifecycle, Lifecycle):
        put("lifecycle", conditions.on(self, self.lifecycle, taking))
    put("haplan_references", tuple(taking.references))
    _declare(self, recording, taking)


def _put(self: Resource) -> Callable[[str, Tree], None]:
    return vars(self).__setitem__


def _label(label: Any, kind: TypeInfo, recording: Recording, location: Location) -> str:
    if not isinstance(label, str) or not label:
        got = "" if label is BROKEN else f", got {shown(label)}"
        recording.mistake(f"{kind.name}: expected a label as first argument{got}", location)
        return f"unnamed-{len(recording.resources)}"
    if has_token(label):
        recording.mistake(
            f"{kind.name}: a label cannot hold a reference: it makes the address, which is known at once", location
        )
        return f"unnamed-{len(recording.resources)}"
    if PACKAGE in label:
        recording.mistake(f"{kind.name}: its label {UNSTEADY}", location)
        return f"unnamed-{len(recording.resources)}"
    return str(exact(label))


def _unknown_keywords(given: Mapping[str, Tree], kind: TypeInfo, taking: Taking) -> None:
    for name in given:
        if name in kind.settable or name in COMMON:
            continue
        info = kind.attributes.get(name)
        if info is not None:
            taking.wrong(
                name,
                "is worked out by haplan and cannot be set"
                if info.derived
                else "is known after apply and cannot be set",
            )
        else:
            taking.wrong("", f"unknown keyword {name!r}{nearest(name, [*COMMON, *kind.settable])}")


def _name(self: Resource, given: Any, label: str, taking: Taking) -> None:
    put = _put(self)
    name = label if given is None else Text().take(given, "name", taking)
    if isinstance(name, model.Secret):
        taking.wrong("name", "a remote name cannot be secret: plans and logs tell it")
        name = label
    if isinstance(name, model.Ref | model.Text) and not self.haplan_data:
        taking.wrong("name", "a remote name cannot hold a reference: others are found by it at plan")
        name = label
    waits = self.haplan_data and isinstance(name, model.Ref | model.Text)
    known = name if isinstance(name, str) else label
    put("name", given if waits else known)
    put("haplan_name", name if waits else known)


def _values(self: Resource, given: Mapping[str, Tree], taking: Taking) -> dict[str, model.Tree]:
    kind, put = type(self).haplan_type, _put(self)
    values: dict[str, model.Tree] = {}
    for name, info in kind.settable.items():
        if name in COMMON:
            continue
        taking.via = name
        if name in given:
            taken = _taken(self, name, given[name], taking)
            if info.sensitive and taken is not BROKEN and not only_secrets(taken):
                taken = no_secret(given[name], name, taking)
            put(name, given[name] if taken is not BROKEN else BROKEN)
            values[name] = taken
        else:
            if info.required:
                taking.wrong(name, f"is required: {info.kind}")
            put(name, BROKEN if info.required else info.default)
            if info.default is not None:
                values[name] = _taken(self, name, info.default, taking)
    if kind.owned_by:
        chosen = [name for name in kind.owned_by if name in given]
        if len(chosen) != 1:
            taking.wrong("", f"needs exactly one of {', '.join(kind.owned_by)}, got {' and '.join(chosen) or 'none'}")
    known = {name: value for name, value in values.items() if value is not BROKEN}
    if type(self).haplan_finish is Resource.haplan_finish:
        return known
    finished = asked(type(self).haplan_type.who, "", taking, lambda: dict(self.haplan_finish(known, taking)))
    return {} if finished is BROKEN else finished


def _taken(self: Resource, name: str, value: Tree, taking: Taking) -> Tree:
    """A value as its attribute takes it."""
    kind = type(self).haplan_kinds[name]
    if kind is None:
        return value
    try:
        return kind.take(value, name, taking)
    except HaplanError:
        raise
    except (Exception, SystemExit) as error:  # a plugin's code
        return broke(type(self).haplan_type.who, name, taking, error)


def _common(self: Resource, given: Mapping[str, Tree], taking: Taking, put: Callable[[str, Tree], None]) -> None:
    if given.keys().isdisjoint(COMMON):  # most blocks
        vars(self).update(provider=None, lifecycle=None, depends_on=(), extra={}, haplan_extra={})
        return
    taking.via = "depends_on"
    wanted = given.get("depends_on", ())
    for index, one in enumerate(wanted if isinstance(wanted, list | tuple) else [wanted]):
        if isinstance(one, Resource):
            taking.refer(str(one.haplan_address))
        elif one is not BROKEN:
            found = taking.recording.resources.get(one) if isinstance(one, str) else None
            meant = f"; write the resource itself, declared at {found.haplan_location.short}" if found else ""
            taking.wrong(f"depends_on[{index}]", f"expected a resource, got {shown(one)}{meant}")
    for name, cls, words in (("provider", ProviderBlock, "a provider(…)"), ("lifecycle", Lifecycle, "a lifecycle(…)")):
        value = given.get(name)
        if value is not None and value is not BROKEN and not isinstance(value, cls):
            taking.wrong(name, f"expected {words}, got {shown(value)}")
            value = None
        put(name, value)
    put("depends_on", wanted)
    extra = given.get("extra", {})
    taking.via = "extra"
    taken = _EXTRA.take(extra, "extra", taking)
    put("extra", extra)
    put("haplan_extra", {} if taken is BROKEN else taken)
    _lifecycle_names(self, taking)


def _lifecycle_names(self: Resource, taking: Taking) -> None:
    cycle = self.lifecycle
    if not isinstance(cycle, Lifecycle):
        return
    known = [name for name, info in type(self).haplan_type.attributes.items() if not info.computed]
    for field in ("ignore_changes", "leave"):
        more = (*BESIDE, EVERY) if field == "ignore_changes" else BESIDE[1:]
        for name in getattr(cycle, field):
            if as_path(name)[:1] not in [(one,) for one in (*known, *more)]:
                taking.wrong(
                    f"lifecycle.{field}",
                    f"{shown(name)} is no attribute of {type(self).haplan_type.name}{nearest(name, known)}",
                )
    steps = ("create", "update", "delete", *type(self).haplan_type.steps)
    for name in cycle.timeouts:
        if name not in steps:
            taking.wrong("lifecycle.timeouts", f"{shown(name)} is no step{nearest(name, steps)}")


def _declare(self: Resource, recording: Recording, taking: Taking) -> None:
    first = recording.resources.get(taking.subject)
    if first is not None:
        rule = f" ({self.haplan_name_rule})" if self.haplan_name_rule else ""
        taking.wrong("", f"is declared twice; first at {first.haplan_location.short}. Labels must differ{rule}")
        return
    recording.resources[taking.subject] = self
