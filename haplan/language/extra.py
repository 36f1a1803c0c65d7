"""Vendor keys in a stack: ``extra={"mist": {…}}`` on a resource and on parts of one."""

from collections.abc import Mapping

import attrs

from haplan.language.kinds import Anything, MapOf
from haplan.language.taking import BROKEN, Taking
from haplan.model import value as model
from haplan.model.stack import Location
from haplan.model.value import Tree, is_mapping
from haplan.model.vendor_keys import LITERAL, names_secret

_TAKEN = MapOf(MapOf(Anything()))


@attrs.frozen(kw_only=True)
class VendorKeys:
    """The vendor keys of a resource or of a part of it.

    Attributes:
        kind: Type of the resource, or what the part is, such as ``wan``.
        where: The part, such as ``interfaces.wan0``; "" for the resource itself.
        keys: By provider.
        location: Where it was written.
    """

    kind: str
    where: str
    keys: Mapping[str, Mapping[str, Tree]]
    location: Location


@attrs.frozen
class ExtraOf:
    """Vendor keys by provider; a provider without any is left out. A literal under the name of a secret is one."""

    words: str = "map of provider to its keys"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        """The keys as plain data."""
        taken = _TAKEN.take(value, at, taking)
        if taken is BROKEN:
            return BROKEN
        return {name: _veiled(keys, f"{at}.{name}", taking) for name, keys in taken.items() if keys}


def _veiled(tree: Tree, at: str, taking: Taking) -> Tree:
    if is_mapping(tree):
        return {key: _of_key(key, value, f"{at}.{key}", taking) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_veiled(value, f"{at}.{index}", taking) for index, value in enumerate(tree)]
    return tree


def _of_key(key: str, value: Tree, at: str, taking: Taking) -> Tree:
    if not names_secret(key, value):
        return _veiled(value, at, taking)
    place = f"{taking.subject} {at}"
    taking.recording.literals[place] = value
    return model.Secret(f"{LITERAL}:{place}")
