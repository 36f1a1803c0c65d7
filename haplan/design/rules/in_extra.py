"""Site variables in vendor keys: a text there is put together per site like any other."""

from collections.abc import Iterator, Mapping

import attrs

from haplan.design.rules.index import DesignIndex, Owner, Pair
from haplan.plugin import Block, Tree, is_mapping


@attrs.frozen(kw_only=True)
class InExtra:
    """A text or key in vendor keys: whose they are, where in them, and their line."""

    block: Block
    what: str
    value: str
    location: str


def in_extra(design: DesignIndex, owner: Owner) -> Iterator[InExtra]:
    """Of a template or profile, what lives in it, and what that refers to."""
    for face in owner.faces:
        yield from _of(owner.block, f"{face.name} extra", face.plain.get("extra"), face.location)
    blocks = [owner.block, *owner.steerings, *owner.policies]
    for face in owner.of("lan"):
        blocks += design.each_key(face.object.networks)
    for policy in owner.policies:
        blocks += [*design.each(policy, "networks"), *design.each(policy, "applications")]
    for block in {one.address: one for one in blocks}.values():
        whose = "" if block is owner.block else f"{block.type} {block.name} "
        yield from _of(block, f"{whose}extra", block.extra, str(block.location))
    for steering in owner.steerings:
        for index, path in enumerate(steering.values.get("paths") or ()):
            what = f"steering {steering.name} paths.{index} extra"
            yield from _of(steering, what, path.get("extra"), str(steering.location))


def of_place(pair: Pair) -> Iterator[InExtra]:
    """Of a pair itself, and of its site, whose setting knows its variables too."""
    for block in (pair.site, pair.block):
        if block is not None:
            yield from _of(block, f"{block.type} {block.name} extra", block.extra, str(block.location))


def _of(block: Block, at: str, tree: Tree, location: str) -> Iterator[InExtra]:
    if isinstance(tree, str):
        yield InExtra(block=block, what=at, value=tree, location=location)
    elif is_mapping(tree):
        yield from _of_mapping(block, at, tree, location)
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from _of(block, f"{at}.{index}", value, location)


def _of_mapping(block: Block, at: str, tree: Mapping[str, Tree], location: str) -> Iterator[InExtra]:
    for key, value in tree.items():
        yield InExtra(block=block, what=f"{at}.{key}", value=key, location=location)
        yield from _of(block, f"{at}.{key}", value, location)
