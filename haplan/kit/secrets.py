"""Secrets that a backend gives back in plain: compared by their fingerprint, and told to nobody."""

from collections.abc import Mapping

import attrs

from haplan.plugin import ALIKE, Context, HaplanError, Secret, Tree, in_order, is_mapping

Sides = tuple[Tree, ...]


def marked(live: Tree, context: Context, *sides: Tree) -> Tree:
    """What is there, with the fingerprint of each text that stands where one of `sides` has a secret.

    Of sides that both have one there, as stack and state, the first counts.
    """
    secret = next((side for side in sides if isinstance(side, Secret)), None)
    if secret is not None:
        return _mark(live, secret, context)
    if is_mapping(live):
        maps = [side for side in sides if is_mapping(side)]
        return (
            in_order({key: marked(one, context, *_below(maps, key)) for key, one in live.items()}, live)
            if maps
            else live
        )
    if isinstance(live, list | tuple):
        lists = [side for side in sides if isinstance(side, list | tuple) and len(side) == len(live)]
        if lists:
            return [marked(one, context, *(side[index] for side in lists)) for index, one in enumerate(live)]
    return live


def _below(maps: list[Mapping[str, Tree]], key: str) -> Sides:
    return tuple(one[key] for one in maps if key in one)


def _mark(live: Tree, secret: Secret, context: Context) -> Tree:
    if not isinstance(live, str) or not live:
        return live
    found = context.fingerprint(live)
    if not found and live == _revealed(secret, context):
        found = ALIKE  # a state without a key has nothing to compare later
    return attrs.evolve(secret, version=None, fingerprint=found)


def _revealed(secret: Secret, context: Context) -> str:
    try:
        return context.secret(secret.source)
    except HaplanError:
        return ""
