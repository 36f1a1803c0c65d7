"""The ``configuration`` part of plan JSON: providers and expressions, as the plan knows them."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from haplan.model.address import parse
from haplan.model.plan import Action, Change, Plan
from haplan.model.value import Tree, is_known, references
from haplan.report import tree
from haplan.report.modules import provider_name

Document = dict[str, Tree]


def configuration(plan: Plan) -> Document:
    """``provider_config`` and ``root_module``, modules inside."""
    return {"provider_config": _providers(plan), "root_module": _modules(plan)}


def _providers(plan: Plan) -> Document:
    keys = sorted({*plan.settings, *plan.identities, *(change.provider for change in plan.changes)})
    found: Document = {}
    for key in keys:
        provider, _, alias = key.partition(".")
        entry: Document = {"name": provider, "full_name": provider_name(key)}
        if alias:
            entry["alias"] = alias
        settings = plan.settings.get(key, {})
        if settings:
            entry["expressions"] = {name: {"constant_value": tree.plain(value)} for name, value in settings.items()}
        found[key] = entry
    return found


def _modules(plan: Plan) -> Document:
    root: Document = {"resources": []}
    if plan.variables:
        root["variables"] = {name: {} for name in sorted(plan.variables)}
    if plan.outputs:
        root["outputs"] = {one.name: {"expression": _expression(one.after, (), one.sensitive)} for one in plan.outputs}
    via = _via(plan)
    fields = {change.address: frozenset({*(change.after or {}), *(change.before or {})}) for change in plan.changes}
    for change in plan.changes:
        if change.after is not None and change.action not in (Action.DELETE, Action.FORGET):
            found = _resource(change, via, fields)
            _module(root, parse(change.address).module).setdefault("resources", []).append(found)
    return root


def _module(root: Document, module: tuple[str, ...]) -> Document:
    for label in module:
        call = root.setdefault("module_calls", {}).setdefault(label, {"source": ".", "module": {}})
        root = call["module"]
    return root


def _resource(
    change: Change, via: Mapping[tuple[str, str], list[str]], fields: Mapping[str, frozenset[str]]
) -> Document:
    parsed = parse(change.address)
    prefix = "data." if parsed.data else ""

    def told(address: str) -> bool:
        """Terraform-compliance puts what a reference leads to into the values at both ends, under the name of its type.

        Where an attribute has that name (a cluster's `site`) there is no room; ``depends_on`` says it all the same.
        """
        return parse(address).type not in fields[change.address] and change.type not in fields.get(address, ())

    expressions = {
        name: _expression(value, via.get((change.address, name), ()), name in change.sensitive, told)
        for name, value in (change.after or {}).items()
    }
    found: Document = {
        "address": f"{prefix}{change.type}.{parsed.name}",
        "mode": "data" if parsed.data else "managed",
        "type": change.type,
        "name": parsed.name,
        "provider_config_key": change.provider,
        "expressions": expressions,
        "schema_version": 1,
    }
    if change.depends_on:
        found["depends_on"] = list(change.depends_on)
    return found


def _via(plan: Plan) -> Mapping[tuple[str, str], list[str]]:
    """(resource, attribute) → what the attribute refers to: values hold remote names, dependencies hold addresses."""
    named = {change.address: (change.type, change.name) for change in plan.changes}
    found: dict[tuple[str, str], list[str]] = {}
    for change in plan.changes:
        targets = [(address, *named[address]) for address in change.depends_on if address in named]
        for attribute, value in (change.after or {}).items():
            words = set(_words(value))
            there = [(address, kind) for address, kind, name in targets if name in words]
            own = [address for address, kind in there if attribute.removesuffix("s") in kind]
            if there:
                found[change.address, attribute] = own or [address for address, _ in there]
    return found


def _words(value: Tree) -> Iterator[str]:
    """Every text in a value, keys included."""
    if isinstance(value, Mapping):
        yield from value
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str):
        yield value


def _expression(
    value: Tree, named: Iterable[str], sensitive: bool, told: Callable[[str], bool] = lambda address: True
) -> Document:
    refs = [address for address in named if told(address)]
    for ref in references(value):
        refs += [str(ref), ref.address] if told(ref.address) else []
    if refs:
        return {"references": list(dict.fromkeys(refs))}
    if not is_known(value) or any(references(value)):
        return {}
    return {"constant_value": "(sensitive)" if sensitive else tree.plain(value)}
