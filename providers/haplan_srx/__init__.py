"""Juniper SRX: chassis clusters configured directly, over NETCONF (RFC 6241) on SSH.

Facts about the devices come from the vendor's YANG models of Junos 24.4R1 and captured replies of a vSRX cluster.
Importing this package is cheap: SSH and XML are imported when a provider is opened.
"""

from collections.abc import Iterable

from haplan.contracts import Provider
from haplan.hookspecs import hookimpl

haplan_api = 1


@hookimpl
def haplan_providers() -> Iterable[type[Provider]]:
    """The provider ``srx``."""
    from haplan_srx.provider import SrxProvider

    return (SrxProvider,)
