"""What can be said of a stack before a conductor is asked: the translation's problems, and the vendor's own model.

SSR001 to SSR008 are also checked when planning, with the conductor's release; SSR009 only then: it goes by what the
conductor says of boxes. SSR010 is the vendor's model with the vendor's messages, as warnings where the release is newer
than the model, or not known: say ``release=`` in ``provider("ssr", …)``.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import attrs

from haplan.design import haplan_types as everything
from haplan.design.clusters import refreshes
from haplan.design.resources import of_stack
from haplan.plugin import (
    Finding,
    Moment,
    PlanView,
    ProviderBlock,
    Rule,
    Severity,
    Stack,
    Tree,
    ValidateView,
)
from haplan_ssr.config import SsrConfig, terms
from haplan_ssr.translate import Given, Translation, translate
from haplan_ssr.translate.tree import AUTHORITY, Path, nested

ASSUMED: Mapping[Path, Any] = {(*AUTHORITY, "name"): "authority", (*AUTHORITY, "conductor-address"): ("192.0.2.1",)}
"""What every authority that manages routers has, so that rules about it hold offline."""


@attrs.frozen
class Draft:
    """The blocks of one provider, translated."""

    key: str
    release: str
    translation: Translation


def drafts(stack: Stack) -> tuple[Draft, ...]:
    """Each conductor's part of a stack, kept with it: each rule asks for it."""
    return stack.once(_drafts)


def _drafts(stack: Stack) -> tuple[Draft, ...]:
    keys = ((key, block) for key, block in stack.providers.items() if block.name == "ssr")
    return tuple(one for key, block in keys for one in _draft(stack, key, block))


def _draft(stack: Stack, key: str, block: ProviderBlock) -> Iterator[Draft]:
    known = {field.name for field in attrs.fields(SsrConfig)}
    config = SsrConfig(**{name: value for name, value in block.settings.items() if name in known})
    yield Draft(key, config.release, translate(of_stack(stack, key).values(), terms(config)))


def _check(rule: str) -> Any:
    def check(view: ValidateView) -> Iterator[Finding]:
        for draft in drafts(view.stack):
            for one in draft.translation.problems:
                if one.rule == rule:
                    where = view.stack.blocks.get(one.address)
                    location = str(where.location) if where is not None else ""
                    yield Finding(
                        rule=rule,
                        severity=one.severity,
                        address=one.address,
                        message=one.text,
                        location=location,
                        hint=one.hint,
                    )

    return check


# --- Boxes ------------------------------------------------------------------------------------------------------------


def _unseen(view: PlanView) -> Iterator[Finding]:
    for change in view.changes:
        wanted = (change.after or {}).get("nodes")
        unseen: Mapping[str, str] = view.facts.get(change.address, {}).get("unseen", {})
        for mac, asset in unseen.items():
            if change.type == "cluster" and isinstance(wanted, Mapping) and mac in wanted:
                text = f"the conductor has never seen asset {asset} ({mac}); its node stays down until the box calls"
                hint = "check the asset id, and that the box is plugged in and reaches the conductor"
                anew = refreshes(change.before, change.after)  # the old boxes stay until the new ones are there
                yield Finding.at(change, "SSR009", text, "error" if anew else "warning", hint=hint)


def _clocks(view: ValidateView) -> Iterator[Finding]:
    for block in view.stack.blocks.values():
        carries = block.type in ("hub_profile", "wan_edge_template") and block.provider.partition(".")[0] == "ssr"
        if carries and not block.data and not block.values.get("ntp_servers"):
            text = f"{block.label} names no time server, and a conductor gives its routers none"
            yield Finding(rule="SSR012", severity="warning", address=block.address, message=text,
                          location=str(block.location), hint='ntp_servers=["…"]')  # fmt: skip


# --- The vendor's model -----------------------------------------------------------------------------------------------


def tree_of(translation: Translation) -> dict[str, Tree]:
    """A translation as a whole configuration."""
    return {"authority": nested({**ASSUMED, **translation.flat()}, AUTHORITY)}


def _by_model(view: ValidateView) -> Iterator[Finding]:
    from haplan_ssr.model import evaluate

    for draft in drafts(view.stack):
        if not draft.translation.entries:
            continue
        problems = evaluate(tree_of(draft.translation), release=draft.release or None).problems
        entries = draft.translation.entries.items() if problems else ()
        by_words = {as_model(path): (path, given) for path, given in entries}
        for problem in problems:
            address = _concerned(tuple(problem.path), by_words)
            where = view.stack.blocks.get(address)
            location = str(where.location) if where is not None else ""
            yield Finding(
                rule="SSR010",
                severity=problem.severity,
                address=address,
                message=f"{problem.where}: {problem.message}",
                location=location,
            )


def as_model(path: Path) -> tuple[str, ...]:
    """A path as the model writes it: two keys of an entry are joined by a comma."""
    return tuple(word for step in path for word in ([step] if isinstance(step, str) else [step[0], ",".join(step[1:])]))


def _concerned(path: tuple[str, ...], known: Mapping[tuple[str, ...], tuple[Path, Given]]) -> str:
    for end in range(len(path), 0, -1):
        if path[:end] in known:
            return known[path[:end]][1].sources[0].address
    return ""


def _rule(
    id_: str, severity: Severity, title: str, why: str, source: str, confidence: Literal["H", "M", "L"], *types: str,
    check: Any = None, moment: Moment = "V",
) -> Rule:  # fmt: skip
    return Rule(
        id=id_,
        severity=severity,
        moments=(moment,),
        types=types,
        title=title,
        why=why,
        source=source,
        confidence=confidence,
        check=check or _check(id_),
    )


RULES: Iterable[Rule] = (
    _rule(
        "SSR001", "error", "A name is one that a conductor takes, and its alone",
        "Other signs than letters, digits, - and _ become -; two names that come out the same would be one object.",
        "vendor's model: name-id, reserved-name-id", "H", *everything,
    ),
    _rule(
        "SSR002", "error", "A port is one whose place on the conductor is known",
        "A conductor wants the PCI address of each port; a guessed one is another port.",
        "128technology/interfacemaps, devicemaps.json", "H", "cluster", "hub_profile", "wan_edge_template",
    ),
    _rule(
        "SSR003", "error", "Each node has an asset id",
        "By it the conductor knows which box is which node.", "vendor's model: node/asset-id", "H", "cluster",
    ),
    _rule(
        "SSR004", "error", "A steering rule says what a conductor can do",
        "It takes paths in order or shares by capacity; it has no weights, and orders local WANs from 5.4 on.",
        "128technology/docs: config_ha_vrrp, bcp_service_and_service_policy_design", "M", "steering",
    ),
    _rule(
        "SSR005", "error", "No two policies say something else about the same traffic",
        "A conductor has no order of rules: of two equally specific services neither is first.",
        "128technology/docs: bcp_service_and_service_policy_design", "M", "policy",
    ),
    _rule(
        "SSR006", "error", "Everything in the stack can be said on a conductor",
        "What is left out silently would be missing on the router.", "ours", "H", *everything,
    ),
    _rule(
        "SSR008", "warning", "A policy without steering leads into a LAN",
        "haplan gives the router no service-route for it, and the conductor makes none. A warning, because a route "
        "that somebody put there by hand stays, and what a router does without any is not published.",
        "ours; 128technology/docs: bcp_service_and_service_policy_design", "M", "policy",
    ),
    _rule(
        "SSR009", "warning", "The boxes of a new pair have called the conductor",
        "A wrong asset id looks like a box that is still in its carton: the apply would wait for it in vain.",
        "128technology/docs: config_reference_guide, asset-id", "M", "cluster", check=_unseen, moment="P",
    ),
    _rule(
        "SSR012", "warning", "A pair names its time servers",
        "The clocks of its nodes have to agree: shared sessions, certificates and logs go by them.",
        "128technology/docs: config_ha, concepts_ha_theoryofoperation", "M", "hub_profile", "wan_edge_template",
        check=_clocks,
    ),
    _rule(
        "SSR010", "error", "The configuration keeps the rules of the vendor's model",
        "What the model forbids, the conductor refuses when it validates.",
        "vendor's model exports of 4.2 and 5.3 (MIT)", "H", *everything, check=_by_model,
    ),
)  # fmt: skip
