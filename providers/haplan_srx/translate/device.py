"""One device: everything that the design says of a pair, as configuration."""

from collections.abc import Mapping

import attrs

from haplan_srx.translate import book, extra, filters, hardware, monitoring, overlay, policies, steering, system, zones
from haplan_srx.translate.design import Pair
from haplan_srx.translate.names import Key
from haplan_srx.translate.ports import faces_of
from haplan_srx.translate.statements import Configuration, Trouble, Writer


@attrs.frozen
class Translation:
    """What a device is to have, and what of the design cannot be said on it; the names and numbers that were given."""

    configuration: Configuration
    troubles: tuple[Trouble, ...]
    given: Mapping[Key, str] = attrs.field(factory=dict)


def translate(pair: Pair) -> Translation:
    """The configuration of a pair."""
    to = Writer()
    if pair.slots is None:
        to.speak(pair.cluster.address, "model")
        model = pair.cluster.values.get("model")
        to.trouble(f'nobody says how {model} numbers its nodes; say it: provider("srx", slots={{"{model}": …}})')
    _called(pair)
    found = faces_of(pair, to)
    hardware.write(pair, found, to)
    system.write(pair, found, to)
    zones.write(pair, found, to)
    book.write(pair, to)
    overlay.write(pair, found, to)
    monitors = monitoring.monitors_of(pair, found, to)
    steering.write(pair, found, monitors, to)
    monitoring.write(pair, found, monitors, to)
    filters.write(pair, found, to)
    steering.balance(pair, to)
    policies.write(pair, found, to)
    extra.write(pair, to)
    return Translation(to.done(), tuple(to.troubles), pair.names.given)


def _called(pair: Pair) -> None:
    """What users call things: nothing that haplan makes a name for is called so."""
    policies = [policy.name for policy in pair.policies]
    pair.names.labels("policy", policies)
    pair.names.labels("term", policies)
    pair.names.labels("application", (one.name for one in pair.index.of("application")))
    ends = [tunnel.endpoint for tunnel in pair.tunnels]
    pair.names.labels("probe", pair.faces("wan"))
    pair.names.labels("monitor", pair.faces("wan"))
    pair.names.labels("screen", pair.faces("wan"))
    pair.names.labels("zone", [*pair.faces("wan"), *(network.name for network in pair.networks), *ends])
    pair.names.labels("overlay", (one.name for one in pair.index.of("overlay")))
    pair.names.labels("pool", (network.name for network in pair.networks))
