"""What a row remembers for Mist beside its values, and its plain JSON."""

from collections.abc import Mapping

import attrs

from haplan.plugin import Part, Tree, decode

PRIOR = "prior_template"


@attrs.frozen(kw_only=True)
class Private:
    """What Mist wants back of a resource.

    Attributes:
        name: Its name at Mist.
        document_id: Of a rule: the id of the template or profile that it stands in.
        nodes: Of a pair: its boxes, node0 first.
        site_id: Of a pair: where it stands.
        strays: Of a pair: boxes that runs which died brought to its site, and that are no nodes of it; None where
            nothing is told of it.
        overrides: Of a pair: what is set on the device itself and takes the template's place; None = nobody looked.
        noted: Of a pair: True if what its site had before it is told by `prior_template`.
        prior_template: The id of that template; None where it had none.
    """

    name: str = ""
    document_id: str = ""
    nodes: tuple[str, ...] = ()
    site_id: str = ""
    strays: tuple[str, ...] | None = None
    overrides: tuple[str, ...] | None = None
    noted: bool = False
    prior_template: str | None = None

    @classmethod
    def of(cls, *kept: Mapping[str, Tree]) -> "Private":
        """From plain JSON; what is told later counts."""
        known: dict[str, Tree] = {}
        for one in kept:
            known.update(one)
        return cls(
            name=str(known.get("name") or ""),
            document_id=str(known.get("document_id") or ""),
            nodes=tuple(known.get("nodes") or ()),
            site_id=str(known.get("site_id") or ""),
            strays=tuple(known["strays"]) if "strays" in known else None,
            overrides=tuple(known["overrides"]) if "overrides" in known else None,
            noted=PRIOR in known,
            prior_template=known.get(PRIOR),
        )

    @classmethod
    def at(cls, part: Part) -> "Private":
        """Of a part of a task: as planned, and as recorded since."""
        return cls.of(part.change.private, part.row.private if part.row else {})

    def plain(self) -> dict[str, Tree]:
        """As a row keeps it: what is told, and nothing else."""
        texts = {"name": self.name, "document_id": self.document_id, "site_id": self.site_id}
        return {
            **{key: text for key, text in texts.items() if text},
            **({"nodes": list(self.nodes)} if self.nodes else {}),
            **({"strays": list(self.strays)} if self.strays is not None else {}),
            **({"overrides": list(self.overrides)} if self.overrides is not None else {}),
            **({PRIOR: self.prior_template} if self.noted else {}),
        }


def before_us(private: Mapping[str, Tree]) -> Mapping[str, Tree]:
    """The values that stood in the estate before the stack first owned them, as the engine keeps them in the row."""
    found: Mapping[str, Tree] = decode(private.get("prior") or {})
    return found
