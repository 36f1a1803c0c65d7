"""From the file of a stack to a `Stack`: what its code recorded, put together and checked as a whole."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from haplan.errors import HaplanError, StackError
from haplan.language import conditions, moves
from haplan.language.record import Recording, recording
from haplan.language.resource import Resource
from haplan.language.taking import Broken
from haplan.model import value as model
from haplan.model.stack import USUAL, Block, Output, ProviderBlock, Reference, Stack
from haplan.steps.load import said
from haplan.steps.load.package import PrivatePackage
from haplan.wall.deriving import derived, owner_of, values_of

BROKEN = f"'{Broken.__name__}' object"
"""How Python names a value that stands for one with a mistake: what it says of it only follows from that mistake."""

VariableValue = Callable[[str, Any, bool, Any], tuple[Any, str]]
"""(name, type, sensitive, default) → (value, where from); raises ValueError with the reason there is none."""


def find(place: str | Path) -> Path:
    """The stack file that a command names: a ``.py`` file, or ``stack.py`` in a folder.

    Raises:
        HaplanError: There is none.
    """
    path = Path(place)
    file = path / "stack.py" if path.is_dir() else path
    if not path.exists():
        raise HaplanError(f"{place}: no such stack; name a folder with stack.py, or a .py file")
    if not file.is_file():
        raise HaplanError(f"{place}: no stack.py in this folder; `haplan init {place}` writes one that plans")
    if file.suffix != ".py":
        raise HaplanError(f"{place}: not a stack; name a folder with stack.py, or a .py file")
    return file.resolve()


def load(place: str | Path, resources: Mapping[str, type], variable_value: VariableValue) -> Stack:
    """Load a stack.

    Args:
        place: A folder or file.
        resources: Resource classes by type name.
        variable_value: Gives the value of a variable.

    Raises:
        StackError: The stack has mistakes; all of them are in it.
        HaplanError: There is no stack.
    """
    file = find(place)
    into = Recording(file.parent, variable_value, resources)
    whole = True
    with recording(into), PrivatePackage(into.package, file) as package:
        into.inputs = package.inputs
        try:
            package.import_stack()
        except HaplanError as error:
            into.mistakes.append(str(error))
            whole = False
        # The stack is somebody's program: whatever it raises is reported with its line.
        except (Exception, SystemExit) as error:
            if not (into.mistakes and BROKEN in str(error)):
                into.mistakes.append(said.line(error, into, file))
                whole = False
    if into.mistakes:
        if whole:
            moves.check(into)
        raise StackError(into.mistakes, _what_there_is(into, file) if whole else None, into.wrong)
    return _frozen(into, file)


def _what_there_is(into: Recording, file: Path) -> Stack | None:
    """A stack with mistakes as far as it goes: what else is wrong with it is said in the same run."""
    mistakes = [*into.mistakes]
    try:
        blocks = {address: _block(address, found, into) for address, found in into.resources.items()}
        resolve_derived(blocks, into)
    except Exception:  # what stands on a broken value may break in any way; the mistake itself is told
        return None
    finally:
        into.mistakes[:] = mistakes
    providers = dict(into.providers)
    return Stack(name=file.stem, root=str(file.parent), blocks=blocks, providers=providers, variables={}, outputs={})


def _frozen(into: Recording, file: Path) -> Stack:
    name = file.parent.name if file.name == "stack.py" else file.stem
    blocks = {address: _block(address, found, into) for address, found in into.resources.items()}
    if _strangers(blocks, into):
        raise StackError(into.mistakes)
    resolve_derived(blocks, into)
    outputs = {
        name: Output(name, _known_derived(out.value, into), out.sensitive, out.location)
        for name, out in into.outputs.items()
    }
    _unique_names(blocks, into)
    _create_first_spreads(blocks)
    moves.check(into)
    inputs = sorted(os.path.relpath(path, file.parent.parent) for path in into.inputs)
    stack = Stack(
        name=name,
        root=str(file.parent),
        blocks=blocks,
        providers=dict(into.providers),
        variables=dict(into.variables),
        outputs=outputs,
        limits=into.limits,
        inputs=tuple(inputs),
        moves=tuple(into.moves),
        imports=tuple(into.imports),
        removals=tuple(into.removals),
        literals=dict(into.literals),
        promises=tuple(into.promises.values()),
    )
    if into.mistakes:
        raise StackError(into.mistakes, stack, into.wrong)
    return stack


def _block(address: str, found: Resource, into: Recording) -> Block:
    kind = type(found).haplan_type
    provider = _provider_key(found, into)
    return Block(
        address=address,
        type=kind.name,
        label=found.label,
        name=found.haplan_name,
        owner=str(found.haplan_owner.haplan_address) if found.haplan_owner is not None else "",
        provider=provider,
        values=values_of(found),
        extra=found.haplan_extra.get(provider.split(".")[0], {}),
        references=_needed(found.haplan_references, address) if found.haplan_references else (),
        lifecycle=found.lifecycle or USUAL,
        location=found.haplan_location,
        data=found.haplan_data,
        sensitive=kind.sensitive,
        object=found,
    )


def _needed(references: Iterable[Reference], address: str) -> tuple[Reference, ...]:
    """What a block refers to beside itself, each once; by address: the order of the mapping in which references stand
    says nothing."""
    found: dict[str, Reference] = {}
    for reference in references:
        if reference.address != address:
            found.setdefault(reference.address, reference)
    return tuple(found[one] for one in sorted(found))


def _strangers(blocks: Mapping[str, Block], into: Recording) -> bool:
    """Record references to what is not in the stack: to resources of a module that Python kept from an earlier load."""
    before = len(into.mistakes)
    hint = "which is not in this stack; build it while the stack loads, not when a module outside it is imported"
    for address, block in blocks.items():
        for reference in block.references:
            if reference.address not in blocks:
                into.mistake(
                    f"{address}: {reference.via}: refers to {reference.address}, {hint}", block.location, address
                )
    for name, out in into.outputs.items():
        for ref in model.references(out.value):
            if ref.address not in blocks:
                into.mistake(f"output {name}: refers to {ref.address}, {hint}", out.location)
    return len(into.mistakes) > before


def _provider_key(found: Resource, into: Recording) -> str:
    """Own, else its owner's (never another), else the stack's only one without an alias."""
    kind = type(found).haplan_type
    if kind.name == "record":
        return "haplan"
    own = found.provider.key if isinstance(found.provider, ProviderBlock) else ""
    owner = owner_of(found)
    if owner is not None:
        owners = _provider_key(owner, into)
        if own and owners and own != owners:
            into.mistake(
                f"{found.haplan_address}: provider {own!r} differs from its owner's {owners!r}", found.haplan_location
            )
        return owners
    if own:
        return own
    plain = [block.key for block in into.providers.values() if not block.alias]
    if len(plain) == 1:
        return plain[0]
    if not into.providers:
        hint = 'write provider("…") first, with a name that `haplan plugins` shows'
        into.mistake(f"{found.haplan_address}: the stack names no provider; {hint}", found.haplan_location)
    else:
        words = "several" if plain else "none without an alias"
        into.mistake(
            f"{found.haplan_address}: which provider? The stack has {words}; give provider=", found.haplan_location
        )
    return ""


def resolve_derived(blocks: dict[str, Block], into: Recording) -> None:
    """Work out the derived attributes, put them into the values, and replace references to them."""
    derive = {kind for kind in {type(block.object) for block in blocks.values()} if kind.haplan_derive}
    for address, block in blocks.items() if derive else ():  # else there is nothing to refer to either
        worked = _worked_out(block, into)
        if worked and not block.data:
            blocks[address] = _with_values(
                block, {**block.values, **{k: v for k, v in worked.items() if v is not None}}
            )
    for address, block in blocks.items() if derive else ():
        if any(ref.derived for ref in model.references([block.values, block.extra])):
            blocks[address] = _with_values(block, _known_derived(block.values, into))
    for address, block in blocks.items():
        if block.lifecycle.precondition or block.lifecycle.postcondition:
            cycle = conditions.with_derived(block.lifecycle, lambda tree: _known_derived(tree, into))
            blocks[address] = attrs.evolve(blocks[address], lifecycle=cycle)


def _worked_out(block: Block, into: Recording) -> dict[str, model.Tree]:
    try:
        return {name: derived(block.object, name, into.resources) for name in type(block.object).haplan_derive}
    except HaplanError as error:
        raise StackError([*into.mistakes, f"{block.location}: {error}"]) from error


def _with_values(block: Block, values: Mapping[str, model.Tree]) -> Block:
    return attrs.evolve(block, values=values)


def _known_derived(tree: model.Tree, into: Recording) -> model.Tree:
    def known(ref: model.Ref) -> model.Tree:
        if not ref.derived:
            return ref
        found = into.resources[ref.address]
        worked = derived(found, str(ref.path[0]), into.resources)
        return model.at_path(worked, ref.path[1:])

    def leaf(value: model.Tree) -> model.Tree:
        if isinstance(value, model.Ref):
            return known(value)
        if isinstance(value, model.Text):
            parts = [str(known(p)) if isinstance(p, model.Ref) and p.derived else p for p in value.parts]
            return (
                model.Text(tuple(parts)) if any(isinstance(p, model.Ref) for p in parts) else "".join(map(str, parts))
            )
        return value

    return model.transform(tree, leaf)


def _unique_names(blocks: Mapping[str, Block], into: Recording) -> None:
    """One name twice in one remote namespace is an error, because the backends refer by name."""
    seen: dict[tuple[str, str, str, str], Block] = {}
    for block in blocks.values():
        if block.data or block.provider == "haplan" or type(block.object).haplan_name_rule:
            continue
        first = seen.setdefault((block.provider, block.type, block.owner, str(block.name)), block)
        if first is not block:
            into.mistake(
                f"{block.address}: {block.type} {block.name!r} is declared twice; first at {first.location.short}",
                block.location,
            )


def _create_first_spreads(blocks: dict[str, Block]) -> None:
    """What is created before its old self goes needs the same of all it depends on: the old self still uses that."""
    waiting = [address for address, block in blocks.items() if block.lifecycle.create_before_destroy]
    while waiting:
        for reference in blocks[waiting.pop()].references:
            needed = blocks[reference.address]
            if not needed.data and not needed.lifecycle.create_before_destroy:
                cycle = attrs.evolve(needed.lifecycle, create_before_destroy=True)
                blocks[needed.address] = attrs.evolve(needed, lifecycle=cycle)
                waiting.append(needed.address)
