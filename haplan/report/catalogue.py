"""What is installed: plugins, resource types, rules."""

from collections.abc import Iterable, Mapping, Sequence

from haplan.model.finding import Rule
from haplan.model.schema import Attribute, TypeInfo
from haplan.model.value import Tree
from haplan.report import words
from haplan.report.lines import BLANK, Lines, line, table, title

KEPT = {"engine": "the engine's own behaviour", "nowhere": "not checkable"}
"""What is said of a rule without a check."""
MOMENTS = {"V": "validate", "P": "plan", "A": "before a write", "C": "after a write"}


def plugin_lines(versions: Mapping[str, str], brings: Mapping[str, Sequence[str]], broken: Mapping[str, str]) -> Lines:
    """The plugins with their versions, what they bring by kind, and what is broken."""
    lines = table([("plugin", "version"), *sorted(versions.items())], indent=0)
    lines += title("What they bring")
    named = {
        kind: ", ".join(names) if kind != "rules" else words.plural(len(names), "rule")
        for kind, names in brings.items()
    }
    lines += table([(kind.replace("_", " "), text or "none") for kind, text in named.items()])
    if broken:
        lines += title("Broken")
        lines += [line((f"{name}: {why}", "error"), indent=2) for name, why in sorted(broken.items())]
    return lines


def type_list(types: Iterable[TypeInfo]) -> Lines:
    """One line a type, in the order of work."""
    ordered = sorted(types, key=lambda one: (one.rank, one.name))
    return table([(one.name, one.text) for one in ordered], indent=0)


def type_lines(info: TypeInfo, served: Sequence[str] = ()) -> Lines:
    """One type: what it is, which providers serve it, and each attribute."""
    lines = [line((info.name, "strong"), f"  {info.text}")]
    lines += [line(f"served by {', '.join(served)}", indent=2)] if served else []
    lines += title("Attributes")
    return lines + table([(one.name, one.kind, _traits(one)) for one in info.attributes.values()])


def _traits(one: Attribute) -> str:
    said = [
        "required" if one.required else "",
        f"default {words.value(one.default)}" if one.default is not None else "",
        "computed: known after apply" if one.computed else "",
        "derived from the stack" if one.derived else "",
        "sensitive" if one.sensitive else "",
        {"": "", "destroy-first": "change replaces", "create-first": "change replaces, new one first"}[one.replaces],
        "unordered" if one.unordered else "",
        "kept here, never sent" if one.local else "",
    ]
    traits = ", ".join(word for word in said if word)
    return " · ".join(word for word in (traits, one.text) if word)


def type_json(info: TypeInfo, served: Sequence[str] = ()) -> dict[str, Tree]:
    """One type for machines."""
    keys = ("kind", "required", "default", "computed", "derived", "sensitive", "replaces", "unordered", "local", "text")
    attributes = {name: {key: getattr(one, key) for key in keys} for name, one in info.attributes.items()}
    return {"name": info.name, "text": info.text, "served_by": list(served), "attributes": attributes}


def rule_list(rules: Iterable[Rule]) -> Lines:
    """One line a rule."""
    ordered = sorted(rules, key=lambda one: one.id)
    lines = table([(one.id, one.severity, _moments(one), one.title) for one in ordered], indent=0)
    return [*lines, BLANK, *(line((one, "dim")) for one in MEANING)]


MEANING = (
    "V at validate, P at plan, A before a write, C after one;",
    "engine: kept by the way haplan works; -: not checkable. `haplan rules ID` says where, or why not.",
)


def _moments(rule: Rule) -> str:
    return {"engine": "engine", "nowhere": "-"}.get(rule.kept, "".join(rule.moments))


def rule_lines(rule: Rule) -> Lines:
    """One rule: what it means and where it comes from."""
    lines = [line((rule.id, "strong"), f"  {rule.title}", hang=len(rule.id) + 2)]
    facts = [
        ("severity", rule.severity + (f"; lowered by {rule.override}" if rule.override else "")),
        ("checked at", "" if rule.kept in KEPT else ", ".join(MOMENTS[moment] for moment in rule.moments)),
        (KEPT.get(rule.kept, "checked by"), rule.where),
        ("looks at", "" if rule.kept else ", ".join(rule.types) or "everything"),
        ("without it", rule.why),
        ("source", rule.source),
        ("confidence", {"H": "high", "M": "medium", "L": "low"}[rule.confidence]),
    ]
    return lines + table([fact for fact in facts if fact[1]])


def rule_json(rule: Rule) -> dict[str, Tree]:
    """One rule for machines."""
    keys = ("id", "severity", "moments", "types", "title", "why", "source", "confidence", "override", "kept", "where")
    return {key: list(found) if isinstance(found := getattr(rule, key), tuple) else found for key in keys}
