"""Ports as a conductor knows them: its own name for each, and where the port sits on the PCI bus.

Source: the vendor's platform map (128technology/interfacemaps, devicemaps.json, 2026-03-31), which agrees with the
hardware port tables of 128technology/docs for SSR130 to SSR1500. SSR400 and SSR440 have an internal switch instead of
PCI functions; their part of the map is marked as unfinished, so they are not translated.
"""

from collections.abc import Mapping
from functools import lru_cache

from haplan.design.catalogue import Port

DOMAIN = "0000"

_PCI = {
    "SSR120": "ge-0-0=04:00.1 ge-0-1=04:00.0 ge-0-2=03:00.1 ge-0-3=03:00.0 ge-0-4=02:00.1 ge-0-5=02:00.0",
    "SSR130": "ge-0-0=04:00.3 ge-0-1=04:00.2 ge-0-2=04:00.1 ge-0-3=04:00.0 ge-0-4=03:00.1 ge-0-5=03:00.0 "
    "ge-0-6=02:00.1 ge-0-7=02:00.0",
    "SSR1200": "ge-0-0=03:00.1 ge-0-1=03:00.2 ge-0-2=03:00.3 ge-0-3=01:00.0 ge-0-4=01:00.1 ge-0-5=01:00.2 "
    "ge-0-6=01:00.3 xe-1-0=07:00.3 xe-1-1=07:00.2 xe-1-2=07:00.1 xe-1-3=07:00.0",
    "SSR1300": "xe-0-0=6a:00.0 xe-0-1=6a:00.1 xe-0-2=6a:00.2 xe-0-3=6a:00.3 ge-1-0=19:00.0 ge-1-1=19:00.1 "
    "ge-1-2=19:00.2 ge-1-3=19:00.3 xe-2-0=1b:00.3 xe-2-1=1b:00.2 xe-2-2=1b:00.1 xe-2-3=1b:00.0",
    "SSR1400": "xe-0-0=6a:00.0 xe-0-1=6a:00.1 xe-0-2=6a:00.2 xe-0-3=6a:00.3 ge-1-0=19:00.0 ge-1-1=19:00.1 "
    "ge-1-2=19:00.2 ge-1-3=19:00.3 xe-2-0=1b:00.0 xe-2-1=1b:00.1 xe-2-2=1b:00.2 xe-2-3=1b:00.3",
    "SSR1500": "ge-1-0=44:00.0 ge-1-1=44:00.1 ge-1-2=44:00.2 ge-1-3=44:00.3 "
    + " ".join(
        f"xe-{slot}-{port}={bus}:00.{port}" for slot, bus in ((2, "42"), (3, "81"), (4, "c1")) for port in range(4)
    ),
}


@lru_cache(1000)
def of_model(model: str) -> Mapping[str, str]:
    """Conductor's name → PCI address of a model's ports, or nothing; a variant has its base model's ports."""
    cells = _PCI.get(model.upper().split("-")[0], "").split()
    return {name: f"{DOMAIN}:{bus}" for name, _, bus in (cell.partition("=") for cell in cells)}


def conductor_name(port: Port) -> str:
    """``ge-0-3`` for ``ge-0/0/3``: on a conductor node1 keeps the plain names, the node tells them apart."""
    return f"{port.kind}-{port.pic}-{port.number}"
