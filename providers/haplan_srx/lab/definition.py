"""What a lab consists of and how it misbehaves: `lab.toml`, read into frozen values.

The table `[srx]` of `lab.toml` holds all of the following; without it the tables stand at the top of the file.

`[settings]` (every key is optional)
    `boot_minutes`               from a reboot to an answering box, default 10
    `hold_seconds`               from there until a cluster node leaves `hold`, default 30
    `commit_seconds`             lab time that a commit takes, default 0
    `check_confirms`             a commit check confirms a pending confirmed commit, default true
    `private_confirmed`          private copies take confirmed commits too (SRX from 21.2), default true
    `private_merges`             what was done in a private copy goes on top of what somebody committed meanwhile, where
                                 both did not change the same; else such a commit is refused; default true
    `replace_in_merge`           marks `replace` count in a load with action `merge` too, default false
    `malformed_validate`         the standard `validate` of a cluster with `rfc-compliant` answers without an end tag,
                                 as captured, default true
    `session_end_reverts`        a session that ends takes its confirmed commit back at once (RFC 6241), default false
    `management_checked`         a box whose configuration cuts its management off is not reached, default true
    `disable_seconds`            a secondary without control or fabric link is `ineligible`, and `disabled` after this
                                 time, default 180

`[[device]]`: one box
    `mac`, `serial`, `model`     required; the MAC in any spelling
    `version`                    Junos release, default 24.4R1.9
    `name`                       host name, default made from the MAC
    `pair`                       MAC of the box at the other end of its control and fabric cables
    `reached`                    port over which it is reached before it is clustered, default by model
    `fxp0`                       its port fxp0 is cabled to the management network too, default true
    `rfc_compliant`, `version_1_1`  answer in that dialect, offer chunked framing; default false
    `config`                     `set` lines that are committed beside what every box has

`[[fault]]`: an exchange that goes wrong
    `on`                         required: name of the RPC; `*` stands for anything in it
    `device`                     MAC or host name, glob allowed; default all
    `nth`, `times`               first matching RPC, default 1; how many from there on, 0 = all, default 1
    `error`                      text of an rpc-error that is answered instead of working
    `stored`                     with `error`: the work is done, and this is answered all the same
    `tag`                        its error-tag, default operation-failed
    `warning`                    text of a warning beside the answer
    `drop`                       "before" or "after" the work is done: the session ends without an answer; "middle": it
                                 is done, and the session ends when half of the answer has left
    `garbled`                    the work is done, and its answer cannot be read: half of it, framed as a whole
    `delay`                      lab seconds that pass before the work
    `outlives`                   lab seconds after which a commit is done although its session ends at once

`[[boot]]`: reboots that go badly
    `device`                     as above
    `nth`, `times`               as above, counted over reboots of such boxes
    `minutes`                    how long it takes
    `result`                     "never": the box does not come back until somebody switches it on (`Lab.power`)

`[[silent]]`: a host that a box gets no answer from; all others answer
    `host`                       required: address or name, glob allowed
    `device`, `nth`, `times`     as above, counted over pings to such hosts; times default 0

`[[link]]`: what is broken from the start
    `device`                     required: MAC or host name
    `port`                       required: "control", "fabric", or a port of the box
"""

import fnmatch
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

from haplan.design.nodes import normal_mac
from haplan.lab.tables import lists_of, read_tables, refuse_twice, settings_of
from haplan.plugin import Tree
from haplan_srx.lab.chassis import models


def mac_of(text: str) -> str:
    """Twelve lower-case hex digits."""
    plain = normal_mac(text)
    if plain is None:
        raise ValueError(f"{text!r} is not a MAC address")
    return plain


@attrs.frozen(kw_only=True)
class Settings:
    """How the boxes behave where nobody wrote it down; strict by default. Attributes: see the module."""

    boot_minutes: float = 10.0
    hold_seconds: float = 30.0
    commit_seconds: float = 0.0
    check_confirms: bool = True
    private_confirmed: bool = True
    private_merges: bool = True
    replace_in_merge: bool = False
    malformed_validate: bool = True
    session_end_reverts: bool = False
    management_checked: bool = True
    disable_seconds: float = 180.0


@attrs.frozen(kw_only=True)
class Device:
    """One box. Attributes: see the module."""

    mac: str = attrs.field(converter=mac_of)
    serial: str
    model: str = attrs.field()
    version: str = "24.4R1.9"
    name: str = attrs.field(default=attrs.Factory(lambda self: f"srx-{self.mac[-4:]}", takes_self=True))
    pair: str | None = attrs.field(default=None, converter=attrs.converters.optional(mac_of))
    reached: str = attrs.field(default=attrs.Factory(lambda self: models.find(self.model).reached, takes_self=True))
    fxp0: bool = True
    rfc_compliant: bool = False
    version_1_1: bool = False
    config: str = ""

    @model.validator
    def _known(self, _attribute: object, value: str) -> None:
        models.find(value)


@attrs.frozen(kw_only=True)
class Fault:
    """An exchange that goes wrong. Attributes: see the module."""

    on: str
    device: str = "*"
    nth: int = 1
    times: int = 1
    error: str | None = None
    tag: str = "operation-failed"
    stored: bool = False
    warning: str | None = None
    drop: Literal["before", "middle", "after"] | None = None
    garbled: bool = False
    delay: float = 0.0
    outlives: float | None = None


@attrs.frozen(kw_only=True)
class Boot:
    """A reboot that goes badly. Attributes: see the module."""

    device: str = "*"
    nth: int = 1
    times: int = 1
    minutes: float | None = None
    result: Literal["never"] | None = None


@attrs.frozen
class Silent:
    """A host that does not answer. Attributes: see the module."""

    host: str
    device: str = "*"
    nth: int = 1
    times: int = 0


@attrs.frozen
class Link:
    """What is broken from the start. Attributes: see the module."""

    device: str
    port: str


@attrs.frozen(kw_only=True)
class LabDefinition:
    """A whole lab."""

    devices: tuple[Device, ...] = ()
    faults: tuple[Fault, ...] = ()
    boots: tuple[Boot, ...] = ()
    links: tuple[Link, ...] = ()
    silents: tuple[Silent, ...] = ()
    settings: Settings = Settings()


TABLES: dict[str, type[Any]] = {"device": Device, "fault": Fault, "boot": Boot, "link": Link, "silent": Silent}


def read_definition(path: pathlib.Path, key: str = "srx", keys: Sequence[str] = ()) -> LabDefinition:
    """The definition in a `lab.toml`; a ValueError of one line names file, key and what is allowed.

    Args:
        key, keys: Of the provider, and of all of the stack; see `haplan.lab.tables.read_tables`.
    """
    return read_tables(pathlib.Path(path), key, definition_from, keys)


def definition_from(data: Mapping[str, Tree]) -> LabDefinition:
    """The definition in parsed TOML."""
    lists = lists_of(TABLES, data)
    refuse_twice("device", "mac", lists["device"])
    settings = settings_of(Settings, data)
    return LabDefinition(
        devices=lists["device"],
        faults=lists["fault"],
        boots=lists["boot"],
        links=lists["link"],
        silents=lists["silent"],
        settings=settings,
    )


def names(pattern: str, mac: str, name: str) -> bool:
    """Whether a glob means this box."""
    plain = re.sub(r"[:.\-]", "", pattern.lower())
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(mac, plain)
