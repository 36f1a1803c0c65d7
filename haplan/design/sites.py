"""Sites."""

from collections.abc import Mapping
from typing import Any

import attrs

from haplan.design.places import no_country, no_time_zone
from haplan.plugin import (
    BROKEN,
    Broken,
    MapOf,
    Ref,
    Resource,
    Taking,
    Text,
    Tree,
    Value,
    Whole,
    attribute,
    computed,
    derived,
    resource,
)


@attrs.frozen
class VariableText:
    """The value of a site variable: text; whole numbers are taken and written as text."""

    words: str = "text"

    def take(self, value: Tree, at: str, taking: Taking) -> Tree:
        """The text."""
        if isinstance(value, Broken):
            return BROKEN
        if isinstance(value, int) and not isinstance(value, bool):
            taken = Whole().take(value, at, taking)
            return taken if taken is BROKEN else str(taken)
        return Text().take(value, at, taking)


def _role(site: "Site", resources: Any) -> str:
    clusters = vars(site).get("haplan_clusters", [])
    hub = any(cluster.haplan_role == "hub" for cluster in clusters)
    spoke = any(cluster.haplan_role == "spoke" for cluster in clusters)
    return ("both" if spoke else "hub") if hub else ("spoke" if spoke else "none")


@resource("site", rank=10)
class Site(Resource):
    """A place with its variables."""

    country_code: Value[str] | None = attribute(Text("text", no_country), default=None, text="Two letters, such as US.")
    timezone: Value[str] | None = attribute(Text("text", no_time_zone), default=None, text="Such as America/New_York.")
    address: Value[str] | None = attribute(Text(), default=None, text="The postal address.")
    variables: Mapping[str, Value[str] | int] = attribute(
        MapOf(VariableText()), default={}, text="Site variables: the values of {{NAME}} in templates and networks."
    )
    role: Ref[str] = derived(_role, init=False, local=True, text="hub, spoke, both or none: from its clusters.")
    id: Ref[str] = computed(init=False)
