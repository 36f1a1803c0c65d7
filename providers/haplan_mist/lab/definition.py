"""What a lab consists of and how it misbehaves: `lab.toml`, read into frozen values.

Tables of `lab.toml` (any other table belongs to another provider and is left alone, unless the file has a table
`[mist]`: then that table holds all of the following):

`[settings]` (every key is optional)
    `organisation`               its name, default "haplan lab", with the alias behind it where there is one
    `budget`                     calls per token and clock hour, default 5000
    `page_limit`                 largest page that is answered, default 1000
    `formation_minutes`          from the accepted call to a formed and configured pair, default 15
    `dissolve_minutes`           both nodes away after a pair was dissolved, default 5
    `push_seconds_ssr`           from a change to the configured device, default 60
    `push_seconds_srx`           the same for SRX, default 240
    `fill_defaults`              answer objects with the documented defaults of their top-level keys, default false
    `lost_site_group_updates`    writing sites of one group within two seconds loses members, default false
    `node1_site_empty`           node1's inventory record has no site, default false
    `swap_modules`               stats list node1 as the first module, default false
    `unpaged_lists_whole`        inventory and stats without limit and page answer everything, default false
    `stats_show_unassigned`      stats list devices without a site too, default true
    `standalone_ha_get`          GET /ha of a standalone device: "404" (default), "400" or "empty"
    `unknown_site`               an unknown or deleted site answers 404 (default) or 403
    `refuse_mixed_models`        400 for a pair of unequal models, default true
    `formation_needs_site`       an unassigned pair waits for a site before it forms, default true
    `formation_needs_ha_ports`   a pair without HA ports in its configuration never forms, default false
    `count_refused`              a call answered with 429 counts, default true
    `remote_networks_need_variables`  a network that only a policy names, as a source elsewhere, needs its variables at
                                 the site too, default false: the vendor's hub-and-spoke lab goes without
    `unchanged_put_is_modified`  a PUT that changes nothing moves `modified_time`, default true

`[[device]]`: one box of the organisation's inventory
    `mac`, `serial`, `model`     required; the MAC in any spelling
    `version`                    firmware, default by family
    `name`                       given name, default none
    `connected`                  reaches the cloud, default true
    `site`                       name of a site to be assigned to (made when missing), default unassigned
    `managed`                    the cloud writes its configuration, default true
    `claimed`                    in the inventory; false: only its claim code exists, default true
    `claim_code`                 default made from the MAC

`[[fault]]`: an exchange that goes wrong; see `haplan.lab.faults`

`[[push]]`: configuration pushes that don't succeed
    `site` or `device`           which: name or id of a site, MAC of a device (glob allowed; neither: all)
    `result`                     required: "fail", "revert", "queue", "lock_failed" or "succeed"
    `reason`                     text of the event
    `nth`, `times`               as above, counted over finished pushes
    `minutes`                    for "queue": how long it is held, default for ever

`[[pair]]`: pairs that form badly
    `site` or `mac`              which: name or id of the site, MAC of either node (glob allowed; neither: all)
    `result`                     required: "never" (nothing happens), "fail" (HA_FORMATION_FAILED) or "half"
                                 (one node never returns)
    `reason`                     text in the stats
    `minutes`                    other duration of the formation
    `times`                      how many pairs, 0 = all, default 0

Faults, pushes and pairs are counted in the estate: all processes that serve it share the counters, and they survive a
restart as long as the entry stays in the definition.
"""

import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

from haplan.lab.faults import HttpFault
from haplan.lab.tables import lists_of, read_tables, refuse_twice, settings_of
from haplan.plugin import Tree

ORGANISATION = "haplan lab"
"""Name of an organisation that nobody named."""
MAC = re.compile(r"[0-9a-f]{12}")

HaGet = Literal["404", "400", "empty"]
PushResult = Literal["succeed", "fail", "revert", "queue", "lock_failed"]
PairResult = Literal["never", "fail", "half"]


def mac_of(text: str) -> str:
    """The MAC as the cloud writes it: twelve lower-case hex digits."""
    plain = re.sub(r"[^0-9a-f]", "", text.lower())
    if not MAC.fullmatch(plain) or re.search(r"[^0-9a-fA-F:.\- ]", text):
        raise ValueError(f"{text!r} is not a MAC address")
    return plain


@attrs.frozen(kw_only=True)
class Settings:
    """How the simulated cloud behaves where its documentation leaves a choice; strict by default.

    Attributes: see the module's description of `[settings]`.
    """

    organisation: str = ORGANISATION
    budget: int = 5000
    page_limit: int = 1000
    formation_minutes: float = 15.0
    dissolve_minutes: float = 5.0
    push_seconds_ssr: float = 60.0
    push_seconds_srx: float = 240.0
    fill_defaults: bool = False
    lost_site_group_updates: bool = False
    node1_site_empty: bool = False
    swap_modules: bool = False
    unpaged_lists_whole: bool = False
    stats_show_unassigned: bool = True
    standalone_ha_get: HaGet = "404"
    unknown_site: int = 404
    refuse_mixed_models: bool = True
    formation_needs_site: bool = True
    formation_needs_ha_ports: bool = False
    count_refused: bool = True
    unchanged_put_is_modified: bool = True
    remote_networks_need_variables: bool = False


def _firmware(device: "Device") -> str:
    return "23.4R2-S3" if "SRX" in device.model.upper() else "6.3.0-107"


def _claim_code(device: "Device") -> str:
    return f"LAB{device.mac}".upper()


@attrs.frozen(kw_only=True)
class Device:
    """One box: claimed and unassigned unless said otherwise.

    Attributes: see the module's description of `[[device]]`.
    """

    mac: str = attrs.field(converter=mac_of)
    serial: str
    model: str
    version: str = attrs.field(default=attrs.Factory(_firmware, takes_self=True))
    name: str | None = None
    connected: bool = True
    site: str | None = None
    managed: bool = True
    claimed: bool = True
    claim_code: str = attrs.field(default=attrs.Factory(_claim_code, takes_self=True))


@attrs.frozen(kw_only=True)
class Push:
    """Pushes that don't succeed. Attributes: see the module's description of `[[push]]`."""

    result: PushResult
    site: str | None = None
    device: str | None = None
    reason: str | None = None
    nth: int = 1
    times: int = 1
    minutes: float | None = None


@attrs.frozen(kw_only=True)
class Pair:
    """Pairs that form badly. Attributes: see the module's description of `[[pair]]`."""

    result: PairResult
    site: str | None = None
    mac: str | None = None
    reason: str | None = None
    minutes: float | None = None
    nth: int = 1
    times: int = 0


@attrs.frozen(kw_only=True)
class LabDefinition:
    """A whole lab.

    Attributes:
        devices: boxes that are put into the estate when missing.
        faults: exchanges that go wrong.
        pushes: configuration pushes that don't succeed.
        pairs: pairs that form badly.
        settings: how the cloud behaves.
    """

    devices: tuple[Device, ...] = ()
    faults: tuple[HttpFault, ...] = ()
    pushes: tuple[Push, ...] = ()
    pairs: tuple[Pair, ...] = ()
    settings: Settings = Settings()


TABLES: dict[str, type[Any]] = {"device": Device, "fault": HttpFault, "push": Push, "pair": Pair}


def read_definition(path: pathlib.Path, key: str = "mist", keys: Sequence[str] = ()) -> LabDefinition:
    """The definition in a `lab.toml`; a ValueError of one line names file, key and what is allowed.

    Args:
        key, keys: Of the provider, and of all of the stack; see `haplan.lab.tables.read_tables`.
    """
    return read_tables(pathlib.Path(path), key, definition_from, keys)


def definition_from(data: Mapping[str, Tree]) -> LabDefinition:
    """The definition in parsed TOML."""
    lists = lists_of(TABLES, data)
    refuse_twice("device", "mac", lists["device"])
    return LabDefinition(
        devices=lists["device"], faults=lists["fault"], pushes=lists["push"], pairs=lists["pair"],
        settings=settings_of(Settings, data),
    )  # fmt: skip
