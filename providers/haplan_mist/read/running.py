"""What a device really runs, from its stats: whether it took the configuration that the cloud has for it, and if not,
whether what it refuses is still written there.

`config_status` and the list `errors` of the stats (Mist OpenAPI 2509.1.2, `DeviceStatsGatewayStats`; the list after the
older API documentation, "device stats"). The reason is the device's own text; a name in it is looked for.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from haplan.plugin import Tree, moment
from haplan_mist.estate import Known, Object
from haplan_mist.read.devices import modules_of

REFUSED = ("FAILED", "REVERTED")
"""`config_status` of a device that runs something else than what the cloud has for it."""
ERRORS = ("CONFIG_OUT_OF_SYNC", "CONFIG_REVERTED")
LISTS = {"network": "networks", "application": "services", "vpn path": "vpns"}
"""What a reason may say is unknown → the list that has it."""
_UNKNOWN = re.compile(rf"unknown (?P<what>{'|'.join(LISTS)}) '(?P<name>[^']+)'")
_PORT = re.compile(r"intent/port_config/(?P<ports>\S+)/(?P<key>[A-Za-z0-9_]+)(?=\s|$)")


def has_failed(entry: Mapping[str, Tree] | None) -> bool:
    """True for a device whose last configuration did not hold."""
    return str((entry or {}).get("config_status") or "").upper() in REFUSED


def config_errors(entry: Mapping[str, Tree]) -> Iterator[Object]:
    """What the device says of its configuration, of the pair and of each node."""
    for one in (entry, *modules_of(entry)):
        yield from (error for error in one.get("errors") or () if error.get("type") in ERRORS)


def reason(entry: Mapping[str, Tree]) -> str:
    """Why a configuration did not hold, in the device's words."""
    for error in config_errors(entry):
        return f"{error['type']}: {error.get('reason') or 'no reason given'}"
    return str(entry.get("config_status"))


def amiss(entry: Mapping[str, Tree] | None) -> tuple[str, ...]:
    """What does not run though the cloud has it, one line each."""
    entry = entry or {}
    error = next(config_errors(entry), {})
    if not (has_failed(entry) or error):
        return ()
    back = "REVERTED" in (str(entry.get("config_status") or "").upper(), *str(error.get("type") or "").split("_"))
    said = "took its configuration back" if back else "refuses its configuration"
    since = error.get("since") or entry.get("config_timestamp")
    when = f" since {moment(float(since))}" if since else ""
    return (f"{said}{when}: {error.get('reason') or 'no reason given'}",)


def worth_sending(entry: Mapping[str, Tree] | None, lists: Known, carried: Iterable[Mapping[str, Tree]]) -> bool:
    """True if a device refuses its configuration, and the cause is not seen any more in what is written for it.

    Args:
        entry: The device's stats.
        lists: Lists that were read.
        carried: The template and the profile that it carries.
    """
    if not amiss(entry) or (entry or {}).get("status") == "disconnected":
        return False
    text = reason(entry or {})
    unknown = _UNKNOWN.search(text)
    if unknown is not None and not _known(lists, unknown["what"], unknown["name"]):
        return False
    port = _PORT.search(text)
    ports = [(wire.get("port_config") or {}).get(port["ports"]) or {} for wire in carried] if port is not None else []
    return port is None or not any(port["key"] in one for one in ports)


def lists_asked_for(stats: Mapping[str, Object]) -> set[str]:
    """The lists that tell whether what devices refuse is there by now."""
    texts = (reason(entry) for entry in stats.values() if amiss(entry))
    return {LISTS[found["what"]] for found in map(_UNKNOWN.search, texts) if found is not None}


def _known(lists: Known, what: str, name: str) -> bool:
    """True if there is such a thing, by the list that was asked for."""
    items = lists.known(LISTS[what]).values()
    if what == "vpn path":
        return any(name == f"{path}.{vpn.get('name')}" for vpn in items for path in vpn.get("paths") or {})
    return name in {str(one.get("name")) for one in items}
