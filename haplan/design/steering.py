"""Traffic steering and application policies: parts of the document of a template or profile."""

from collections.abc import Iterator, Sequence

from haplan.design.networks import Application, Network
from haplan.design.paths import Path
from haplan.design.templates import HubProfile, WanEdgeTemplate
from haplan.plugin import Choice, ListOf, Made, Resource, ResourceOf, Text, Value, VendorKeys, attribute, resource

_OWNER = "The template or profile it lives in: exactly one of the two."


@resource("steering", rank=50, owned_by=("template", "profile"))
class Steering(Resource):
    """How traffic may leave: paths and a strategy."""

    haplan_name_rule = "HA085"

    template: WanEdgeTemplate | None = attribute(
        ResourceOf(("wan_edge_template",)), default=None, replaces="destroy-first", text=_OWNER
    )
    profile: HubProfile | None = attribute(
        ResourceOf(("hub_profile",)), default=None, replaces="destroy-first", text=_OWNER
    )
    strategy: Value[str] = attribute(Text(), default="ordered", text="ordered, weighted or ecmp.")
    paths: Sequence[Path] = attribute(
        ListOf(Made((Path,), 'a path such as edge.wan("wan0")')),
        unordered_when=("strategy", "ecmp"),
        text="Left to right; the first of an ordered rule is primary.",
    )

    def haplan_extras(self) -> Iterator[VendorKeys]:
        """Those of its paths too."""
        yield from super().haplan_extras()
        for index, plain in enumerate(self.haplan_values.get("paths") or ()):
            if plain.get("extra"):
                yield VendorKeys(
                    kind="path", where=f"paths.{index}", keys=plain["extra"], location=self.paths[index].location
                )


@resource("policy", rank=60, owned_by=("template", "profile"), ordered=True)
class Policy(Resource):
    """Who may reach what, and by which steering. Evaluated in the order of the blocks."""

    haplan_name_rule = "HA100"

    template: WanEdgeTemplate | None = attribute(
        ResourceOf(("wan_edge_template",)), default=None, replaces="destroy-first", text=_OWNER
    )
    profile: HubProfile | None = attribute(
        ResourceOf(("hub_profile",)), default=None, replaces="destroy-first", text=_OWNER
    )
    networks: Sequence[Network] = attribute(ListOf(ResourceOf(("network",))), unordered=True, text="Who.")
    applications: Sequence[Application] = attribute(
        ListOf(ResourceOf(("application",))), unordered=True, text="To what."
    )
    action: Value[str] = attribute(Text(), text="allow or deny.")
    steering: Steering | None = attribute(
        ResourceOf(("steering",)), default=None, text="A steering rule of the same owner."
    )
    log: Sequence[str] | None = attribute(
        ListOf(Choice(("start", "end")), least=1), default=None, unordered=True, text="Sessions are logged: start, end."
    )
