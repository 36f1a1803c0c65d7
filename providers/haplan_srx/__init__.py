"""Juniper SRX: chassis clusters configured directly, over NETCONF (RFC 6241) on SSH.

Facts about the devices come from the vendor's YANG models of Junos 24.4R1 and captured replies of a vSRX cluster.
Importing this package is cheap: SSH and XML are imported when a provider is opened.
"""

from collections.abc import Iterable

from haplan import design
from haplan.plugin import Provider, Rule, hookimpl

haplan_api = 2
haplan_types = design.haplan_types
"""Types that its rules are about: all of the design flow into a device."""


@hookimpl
def haplan_providers() -> Iterable[type[Provider]]:
    """The provider ``srx``."""
    from haplan_srx.provider import SrxProvider

    return (SrxProvider,)


@hookimpl
def haplan_checks() -> Iterable[Rule]:
    """What can be said of a stack before a device is asked."""
    from haplan_srx.rules import RULES

    return RULES
