"""What stood somewhere before haplan first owned it: kept in the row, given back when haplan lets go of it."""

from collections.abc import Iterable, Mapping

from haplan.model.compare import is_empty, lost, merged, without
from haplan.model.schema import Attribute, TypeInfo
from haplan.model.value import SEQUENCES, Path, Tree, at_path, decode, encode, hides

PRIOR = "prior"
"""Where it stands in a row's private part."""
THEIRS = "theirs"
"""Where the entries of shared lists stand there that others had made first."""


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


def with_theirs(
    private: Mapping[str, Tree], after: Tree, declared: Tree, before: Tree, kind: TypeInfo
) -> dict[str, Tree]:
    """The row's private part, with the entries of shared lists that stood there before the stack named them.

    What is worked out from the stack is all of its making: nobody had it before.
    """
    theirs: dict[str, Tree] = {}
    known = private.get(THEIRS) or {}
    for name in kind.shared:
        if kind.attributes[name].derived:
            continue
        wanted, had, there = (side.get(name) or () for side in (after, declared, before))
        new = [one for one in there if one in wanted and one not in had]
        theirs[name] = sorted({*(one for one in known.get(name) or () if one in wanted), *new})
    kept = {name: value for name, value in private.items() if name != THEIRS}
    return {**kept, THEIRS: theirs} if any(theirs.values()) else kept


def without_theirs(before: Tree, after: Tree, private: Mapping[str, Tree]) -> dict[str, Tree]:
    """What is there of ours, without the entries that the stack names no longer and that were there before it did:
    they stay."""
    found = dict(before)
    for name, theirs in (private.get(THEIRS) or {}).items():
        wanted = after.get(name) or ()
        if isinstance(found.get(name), SEQUENCES):
            found[name] = [one for one in found[name] if one in wanted or one not in theirs]
    return found


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
