"""Secrets that a backend gives back in plain: compared by their fingerprint, and told to nobody."""

from collections.abc import Mapping, Sequence

import attrs

from haplan.plugin import ALIKE, Context, HaplanError, Secret, Tree, in_order, is_mapping, leaves

Sides = Sequence[Tree]


def marked(live: Tree, context: Context, *sides: Tree) -> Tree:
    """What is there, with the fingerprint of each text that stands where one of `sides` has a secret.

    Of sides that both have one there, as stack and state, the first counts. In a list a secret may have moved, and
    others may stand beside it: what it hides there is hidden in each entry. Nor does another shape show it.
    """
    secret = next((side for side in sides if isinstance(side, Secret)), None)
    if secret is not None:
        return _mark(live, secret, context)
    holding = _inside(sides)
    if holding is None:
        return live
    if is_mapping(live) and (maps := [side for side in sides if is_mapping(side)]):
        return in_order({key: marked(one, context, *_below(maps, key)) for key, one in live.items()}, live)
    if isinstance(live, list | tuple) and (lists := [side for side in sides if isinstance(side, list | tuple)]):
        return [marked(one, context, *_beside(lists, index, one)) for index, one in enumerate(live)]
    return _mark(live, holding, context)


def _below(maps: Sequence[Mapping[str, Tree]], key: str) -> Sides:
    return [one[key] for one in maps if key in one]


def _beside(lists: Sequence[Sequence[Tree]], index: int, live: Tree) -> Sides:
    """What an entry of a list is held against: first what stands at its place, then all others."""
    there = [side[index] for side in lists if index < len(side)]
    if any(isinstance(side, Secret) for side in there):
        return there
    others = [one for side in lists for one in side]
    return [live] if any(one == live for one in others if isinstance(one, str)) else [*there, *others]


def _inside(sides: Sides) -> Secret | None:
    """The first secret anywhere in what is there no longer in that shape."""
    held = (leaf for side in sides if not isinstance(side, str) for _, leaf in leaves(side))
    return next((leaf for leaf in held if isinstance(leaf, Secret)), None)


def _mark(live: Tree, secret: Secret, context: Context) -> Tree:
    if is_mapping(live):
        return in_order({key: _mark(one, secret, context) for key, one in live.items()}, live)
    if isinstance(live, list | tuple):
        return [_mark(one, secret, context) for one in live]
    if isinstance(live, bool) or not isinstance(live, str | int | float) or live == "":
        return live
    text = str(live)
    found = context.fingerprint(text)
    if not found and text == _revealed(secret, context):
        found = ALIKE  # a state without a key has nothing to compare later
    return attrs.evolve(secret, version=None, fingerprint=found)


def _revealed(secret: Secret, context: Context) -> str:
    try:
        return context.secret(secret.source)
    except HaplanError:
        return ""
