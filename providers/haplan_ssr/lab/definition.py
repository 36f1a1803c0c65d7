"""What a simulated conductor is and how it misbehaves: `lab.toml`, read into frozen values.

Tables of `lab.toml` (any other table belongs to another provider and is left alone, unless the file has a table
`[ssr]`: then that table holds all of the following):

`[settings]` (every key is optional; what the vendor does not document is strict by default)
    `authority`, `router`        names of the authority and of the conductor's own router, default "lab", with the alias
                                 behind it where there is one, and "conductor"
    `version`                    software of the conductor, default "6.3.0-107.r1"
    `start`                      a file beside `lab.toml` with the whole configuration of an authority, as a conductor
                                 exports or reads it (JSON, plain or gzipped): what runs in a new estate. What the model
                                 does not know in it is kept
    `candidate`                  "per-user" or "shared"; default: as `version` has it, per user since 5.6
    `token_minutes`              how long a login lasts, default what `access-management/token/expiration` in the
                                 running configuration says, else for ever
    `validate_seconds`, `commit_seconds`  how long these take, default 2 and 5
    `install_minutes`            from the commit that gives a node its asset to its software running, default 10
    `election_seconds`           after that, until one interface of a shared pair is active, default 20
    `peering_seconds`            after both ends run, until their paths are up, default 30
    `only_listed_assets`         boxes that no `[[asset]]` lists do not exist, default false: every asset id that is
                                 configured is a box that is racked and connected
    `keys`                       spelling of configuration that is read: "kebab" (default) or "camel"
    `patch_leaf_list`            a list of values in a PATCH is added ("merge", default) or taken whole ("replace")
    `patch_null`                 null in a PATCH: 400 ("refuse", default) or the leaf goes ("delete")
    `two_keys`                   an entry of a list with two keys in a path: 404 ("refuse", default), or its values
                                 joined by a comma ("comma")
    `empty_leaf`                 how an `empty` leaf is read: "text" (default, ""), "null", "true" or "list" ([null])
    `service_route_vector`       "leaf" (default) or "leaf-list"
    `sync_31`                    a /31 on a non-forwarding fabric interface: "refuse" when validated (default) or "take"
    `same_address_services`      two services of one address and transport whose tenants differ: "refuse" when validated
                                 (default) or "take"
    `invalid_status`             status of validate and commit when they find something, default 200
    `delete_status`              of a DELETE, default 204
    `problem_details`            problems tell severity, router and path beside their message, default false
    `tell_warnings`              warnings are in the list too, default false

`[[asset]]`: one box
    `id`                         required: its asset id
    `version`                    its software, default that of the conductor
    `connected`                  it reaches the conductor, default true

`[[fault]]`: an exchange that goes wrong; keys as in `haplan.lab.faults`, and
    `expire`                     the token that the call came with has run out, default false

Faults are counted in the estate; see `haplan.lab.mishaps`.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs

from haplan.lab.faults import HttpFault
from haplan.lab.tables import lists_of, read_tables, refuse_twice, settings_of
from haplan.plugin import Tree
from haplan_ssr.model import release_of
from haplan_ssr.translate.tree import kebabs

AUTHORITY = "lab"
"""Name of an authority that nobody named."""
PER_USER = (5, 6)
"""The first release with a candidate for each user (128technology/docs, config_basics.md)."""


@attrs.frozen(kw_only=True)
class Settings:
    """How the conductor behaves. Attributes: see the module's description of `[settings]`."""

    authority: str = AUTHORITY
    router: str = "conductor"
    version: str = attrs.field(default="6.3.0-107.r1")
    start: str = ""
    candidate: Literal["per-user", "shared", ""] = ""
    token_minutes: float | None = None
    validate_seconds: float = 2.0
    commit_seconds: float = 5.0
    install_minutes: float = 10.0
    election_seconds: float = 20.0
    peering_seconds: float = 30.0
    only_listed_assets: bool = False
    keys: Literal["kebab", "camel"] = "kebab"
    patch_leaf_list: Literal["merge", "replace"] = "merge"
    patch_null: Literal["refuse", "delete"] = "refuse"
    two_keys: Literal["refuse", "comma"] = "refuse"
    empty_leaf: Literal["text", "null", "true", "list"] = "text"
    service_route_vector: Literal["leaf", "leaf-list"] = "leaf"
    sync_31: Literal["refuse", "take"] = "refuse"
    same_address_services: Literal["refuse", "take"] = "refuse"
    invalid_status: int = 200
    delete_status: int = 204
    problem_details: bool = False
    tell_warnings: bool = False

    @version.validator
    def _a_version(self, _attribute: object, value: str) -> None:
        release_of(value)

    @property
    def per_user(self) -> bool:
        """True if each user has a candidate of their own."""
        return self.candidate == "per-user" or (not self.candidate and release_of(self.version) >= PER_USER)


@attrs.frozen
class Asset:
    """One box. Attributes: see the module's description of `[[asset]]`."""

    id: str
    version: str = ""
    connected: bool = True


@attrs.frozen(kw_only=True)
class Fault(HttpFault):
    """An exchange that goes wrong. Attributes: see the module's description of `[[fault]]`."""

    expire: bool = False


@attrs.frozen
class LabDefinition:
    """A whole lab.

    Attributes:
        assets: Boxes.
        faults: Exchanges that go wrong.
        settings: How the conductor behaves.
        running: What runs in a new estate, ``{"authority": {…}}``; None for a conductor that was just installed.
    """

    assets: tuple[Asset, ...] = ()
    faults: tuple[Fault, ...] = ()
    settings: Settings = Settings()
    running: Mapping[str, Tree] | None = None


TABLES: dict[str, type[Any]] = {"asset": Asset, "fault": Fault}


def read_definition(path: Path, key: str = "ssr", keys: Sequence[str] = ()) -> LabDefinition:
    """The definition in a `lab.toml`; a ValueError of one line names file, key and what is allowed.

    Args:
        key, keys: Of the provider, and of all of the stack; see `haplan.lab.tables.read_tables`.
    """
    found = read_tables(path, key, definition_from, keys)
    return attrs.evolve(found, running=_started(path, found.settings.start)) if found.settings.start else found


def _started(path: Path, name: str) -> Mapping[str, Tree]:
    """The configuration in a file beside `lab.toml`."""
    file = path.parent / name
    try:
        content = file.read_bytes()
        text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        found = kebabs(json.loads(text))
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path}: start: {name}: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("authority"), dict):
        raise ValueError(f"{path}: start: {name} is no configuration of an authority")
    return found


def definition_from(data: Mapping[str, Tree]) -> LabDefinition:
    """The definition in parsed TOML."""
    lists = lists_of(TABLES, data)
    refuse_twice("asset", "id", lists["asset"])
    return LabDefinition(lists["asset"], lists["fault"], settings_of(Settings, data))
