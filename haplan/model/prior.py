"""What stood somewhere before haplan first owned it: kept in the row, given back when haplan lets go of it."""

from collections.abc import Iterable, Mapping

from haplan.model.compare import is_empty, lost, merged, without
from haplan.model.schema import Attribute
from haplan.model.value import Path, Tree, at_path, decode, encode, hides

PRIOR = "prior"
"""Where it stands in a row's private part."""


def with_prior(
    private: Mapping[str, Tree], after: Tree, declared: Tree, before: Tree, attributes: Mapping[str, Attribute]
) -> dict[str, Tree]:
    """The row's private part, with what stands (`before`) at the paths that are owned from now on.

    What is worked out from the stack nobody has set: it is not given back.
    """
    prior: Tree = decode(private.get(PRIOR, {}))
    for path in lost(after, declared):
        attribute, old = attributes.get(str(path[0])), at_path(before, path)
        if attribute is not None and attribute.derived:
            continue
        prior = without(prior, (path,))
        if not is_empty(old) and not hides(old):
            prior = merged(nested(path, old), prior)
    kept = {PRIOR: encode(prior)} if prior else {}
    return {**{key: value for key, value in private.items() if key != PRIOR}, **kept}


def restored(after: Mapping[str, Tree], gone: Iterable[Path], private: Mapping[str, Tree]) -> dict[str, Tree]:
    """The wanted values, with what stood at the paths that leave the stack before they were owned."""
    prior = decode(private.get(PRIOR, {}))
    for path in gone:
        old = at_path(prior, path)
        if not is_empty(old):
            after = merged(after, nested(path, old))
    return dict(after)


def nested(path: Path, value: Tree) -> Tree:
    """A tree that has nothing but this value at this path."""
    for step in reversed(path):
        value = {step: value}
    return value
