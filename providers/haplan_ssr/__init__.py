"""Session Smart routers through their conductor, over its REST API.

Facts about the conductor come from the vendor's documentation repository 128technology/docs, from its model exports
(`haplan_ssr.model`) and from public scripts that drive real conductors; `rest.py` and `translate/tree.py` name them.
Importing this package is cheap: HTTP is imported when a provider is opened.
"""

from collections.abc import Iterable

from haplan import design
from haplan.plugin import Provider, Rule, hookimpl

haplan_api = 2
haplan_types = design.haplan_types
"""Types that its rules are about: all of the design have a part in the configuration."""


@hookimpl
def haplan_providers() -> Iterable[type[Provider]]:
    """The provider ``ssr``."""
    from haplan_ssr.provider import SsrProvider

    return (SsrProvider,)


@hookimpl
def haplan_checks() -> Iterable[Rule]:
    """What can be said of a stack before a conductor is asked, and the vendor's model."""
    from haplan_ssr.rules import RULES

    return RULES
