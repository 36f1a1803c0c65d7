"""Juniper Mist: WAN edges described in the Mist cloud, over its REST API.

Facts about the API come from Mist OpenAPI 2509.1.2, Juniper/terraform-provider-mist 0.9.2 and mistapi 0.63.
Importing this package is cheap: HTTP is imported when a provider is opened.
"""

from collections.abc import Iterable

from haplan import design
from haplan.plugin import Provider, Rule, hookimpl

haplan_api = 2
haplan_types = design.haplan_types


@hookimpl
def haplan_providers() -> Iterable[type[Provider]]:
    """The provider ``mist``."""
    from haplan_mist.provider import MistProvider

    return (MistProvider,)


@hookimpl
def haplan_checks() -> Iterable[Rule]:
    """What can be said of a stack once the organisation was looked at."""
    from haplan_mist.rules import RULES

    return RULES
