"""A plan in Terraform's documented plan representation, for tools that were made for it.

What Terraform has no word for stands under the key ``haplan``.
"""

from collections.abc import Mapping, Sequence

import attrs

from haplan.model.address import parse
from haplan.model.document import Document
from haplan.model.drift import Drift
from haplan.model.plan import Action, Change, OutputChange, Plan
from haplan.model.reason import Reason
from haplan.model.state import Row, State
from haplan.model.value import Tree, Unknown, special
from haplan.report import tree
from haplan.report.checks import checks
from haplan.report.configuration import configuration
from haplan.report.differences import same
from haplan.report.modules import provider_name, resource_address, root_module, values_of
from haplan.report.origin import destinations_json, made_json
from haplan.report.scope import scope_json
from haplan.report.words import stamp

FORMAT_VERSION = "1.2"
STATE_FORMAT_VERSION = "1.0"
TERRAFORM_VERSION = "1.11.4"
"""The release whose shape it follows."""

Json = dict[str, Tree]

_ACTIONS: Mapping[Action, list[str]] = {
    Action.CREATE: ["create"], Action.UPDATE: ["update"], Action.DELETE: ["delete"], Action.READ: ["read"],
    Action.FORGET: ["forget"], Action.NO_OP: ["no-op"],
}  # fmt: skip


def plan_json(
    plan: Plan,
    *,
    digest: str,
    made: float,
    computed: Mapping[str, Sequence[str]] | None = None,
    state: State | None = None,
) -> Json:
    """The document.

    Args:
        plan: The plan.
        digest: Its fingerprint.
        made: When it was made, epoch seconds.
        computed: Resource type → attributes that only an apply can tell.
        state: With it, what does not change is listed too (``--full``).
    """
    configured = configuration(plan)
    plan = _with_computed(plan, computed or {})
    index = _index(plan)
    errored = any(one.severity == "error" for one in plan.findings)
    return {
        "format_version": FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "variables": {name: {"value": tree.plain(value)} for name, value in sorted(plan.variables.items())},
        "planned_values": _planned(plan, index, state),
        "resource_drift": [_drift(index, one) for one in plan.drift],
        "resource_changes": [_resource_change(plan, index, one) for one in plan.changes] + _unchanged(plan, state),
        "output_changes": {one.name: _output_change(one) for one in plan.outputs},
        "prior_state": _prior(plan, index, state),
        "configuration": configured,
        "checks": checks(plan),
        "timestamp": stamp(made),
        "applyable": not errored and not plan.empty(),
        "complete": not (any(given for name, given in plan.targets.items() if name != "refresh") or plan.unread),
        "errored": errored,
        "haplan": _ours(plan, digest, made),
    }


@attrs.frozen
class _Index:
    """What is looked up of a plan for each of its resources: gone through once, so that ten times the resources cost
    ten times the work.

    Attributes:
        changes, documents: By `Change.key`.
        providers: By resource type, the first that has it; "" names that of a type nobody has.
    """

    changes: Mapping[str, Change]
    documents: Mapping[str, tuple[str, ...]]
    providers: Mapping[str, str]


def _index(plan: Plan) -> _Index:
    documents: dict[str, dict[str, None]] = {}
    for transaction in plan.transactions:
        for placed in transaction.placed:
            documents.setdefault(placed.address, {})[str(transaction.document)] = None
    providers = {"": next((key for key in plan.identities if key != "haplan"), ""), "record": "haplan"}
    for change in plan.changes:
        providers.setdefault(change.type, change.provider)
    return _Index(
        {change.key: change for change in plan.changes},
        {key: tuple(names) for key, names in documents.items()},
        providers,
    )


def _with_computed(plan: Plan, computed: Mapping[str, Sequence[str]]) -> Plan:
    """The plan with ids in its values, as Terraform's has them: known ones, and those that the apply will tell."""
    changes = tuple(_identified(change, computed.get(change.type, ())) for change in plan.changes)
    return attrs.evolve(plan, changes=changes)


def _identified(change: Change, computed: Sequence[str]) -> Change:
    before, after = change.before, change.after
    known = {"id": change.id} if change.id and "id" in computed else {}
    if before is not None:
        before = {**known, **before}
    if after is not None and change.action in (Action.CREATE, Action.REPLACE, Action.READ):
        after = {**{name: Unknown() for name in computed}, **after}
    elif after is not None:
        after = {**known, **after}
    return attrs.evolve(change, before=before, after=after)


def _resource_change(plan: Plan, index: _Index, change: Change) -> Json:
    found: Json = resource_address(change.address, change.type, change.provider)
    if change.deposed:
        found["deposed"] = change.deposed
    if change.previous_address:
        found["previous_address"] = change.previous_address
    found["change"] = _change(change)
    reason = action_reason(plan, change)
    if reason:
        found["action_reason"] = reason
    found["haplan"] = _more(index, change)
    return found


def _change(change: Change) -> Json:
    before, after = change.before, change.after
    found: Json = {
        "actions": actions(change),
        "before": tree.known(before, change.sensitive),
        "after": tree.known(after, change.sensitive),
        "after_unknown": tree.marks(after, tree.is_unknown),
        "before_sensitive": False if before is None else tree.marks(before, tree.is_secret, change.sensitive),
        "after_sensitive": False if after is None else tree.marks(after, tree.is_secret, change.sensitive),
    }
    if change.replaces:
        found["replace_paths"] = [list(path) for path in change.replaces]
    if change.importing:
        found["importing"] = {"id": change.importing}
    return found


def actions(change: Change) -> list[str]:
    """What happens, in Terraform's words."""
    if change.action is Action.REPLACE:
        return ["create", "delete"] if change.create_first else ["delete", "create"]
    if change.action is Action.IMPORT:
        return ["no-op"] if same(change.before or {}, change.after or {}) else ["update"]
    return list(_ACTIONS[change.action])


def action_reason(plan: Plan, change: Change) -> str:
    """Why, in Terraform's words, or "" where it has none."""
    if change.action is Action.REPLACE:
        if change.reason is Reason.TAINTED:
            return "replace_because_tainted"
        if change.reason is Reason.TRIGGERED:
            return "replace_by_triggers"
        return "replace_because_cannot_update" if change.replaces else "replace_by_request"
    if change.action is Action.DELETE and plan.command != "destroy":
        return "delete_because_no_resource_config"
    if change.action is Action.READ:
        unknown = tree.is_unknown((change.after or {}).get("name"))
        return "read_because_config_unknown" if unknown else "read_because_dependency_pending"
    return ""


def _more(index: _Index, change: Change) -> Json:
    return {
        "name": change.name,
        "reason": change.why,
        "impact": attrs.asdict(change.impact),
        "sites": list(change.sites),
        **({"overwrites": list(change.overwrites)} if change.overwrites else {}),
        "documents": list(index.documents.get(change.key, ())),
        "location": change.location,
        "owner": change.owner,
        "id": change.id,
        "unset": [list(path) for path in change.unset],
        "position": list(change.position) if change.position else None,
        "order": tree.orders(change.before if change.after is None else change.after, change.sensitive),
    }


def _unchanged(plan: Plan, state: State | None) -> list[Json]:
    if state is None:
        return []
    planned = {(change.address, change.deposed) for change in plan.changes}
    return [_no_op(state.rows[key]) for key in sorted(state.rows.keys() - planned)]


def _no_op(row: Row) -> Json:
    values, sensitive = values_of(row)
    shown, hidden = tree.known(values, sensitive), tree.marks(values, tree.is_secret, sensitive)
    change = {"actions": ["no-op"], "before": shown, "after": shown, "after_unknown": {}}
    change |= {"before_sensitive": hidden, "after_sensitive": hidden}
    return {**resource_address(row.address, row.type, row.provider_key), "change": change}


def _drift(index: _Index, drift: Drift) -> Json:
    change = index.changes.get(drift.address)
    provider = change.provider if change else _provider(index, drift.type)
    sensitive = change.sensitive if change else ()
    found: Json = resource_address(drift.address, drift.type, provider)
    found["change"] = {
        "actions": ["delete" if drift.seen is None else "update"],
        "before": tree.known(drift.recorded, sensitive),
        "after": tree.known(drift.seen, sensitive),
        "after_unknown": {},
        "before_sensitive": tree.marks(drift.recorded, tree.is_secret, sensitive),
        "after_sensitive": False if drift.seen is None else tree.marks(drift.seen, tree.is_secret, sensitive),
    }
    when = stamp(drift.when) if drift.when else ""
    found["haplan"] = {"who": drift.who, "when": when, "amiss": list(drift.amiss)}
    return found


def _output_change(one: OutputChange) -> Json:
    action = "create" if one.before is None else "delete" if one.after is None else "update"
    hide = ("value",) if one.sensitive else ()
    before, after = (tree.known({"value": side}, hide) or {} for side in (one.before, one.after))
    unknown = tree.marks({"value": one.after}, tree.is_unknown).get("value", False)
    if one.sensitive:  # as a whole: even its shape may tell something
        unknown = any(tree.is_unknown(leaf) for leaf in special(one.after))
    return {
        "actions": [action],
        "before": before.get("value"),
        "after": None if one.sensitive and unknown else after.get("value"),
        "after_unknown": unknown,
        "before_sensitive": one.sensitive,
        "after_sensitive": one.sensitive,
    }


def _planned(plan: Plan, index: _Index, state: State | None) -> Json:
    wanted = [one for one in plan.changes if one.action not in (Action.DELETE, Action.FORGET)]
    resources = [_resource(one.address, one, one.after) for one in wanted]
    outputs: Json = {}
    for one in plan.outputs:
        if one.after is not None:
            value = {} if _output_change(one)["after_unknown"] else {"value": _output_change(one)["after"]}
            outputs[one.name] = {"sensitive": one.sensitive, **value}
    return {"outputs": outputs, "root_module": root_module([*resources, *_others(plan, index, state)])}


def _prior(plan: Plan, index: _Index, state: State | None) -> Json:
    there = [one for one in plan.changes if one.before is not None]
    resources = [_resource(one.previous_address or one.address, one, one.before) for one in there]
    outputs = {
        one.name: {"sensitive": one.sensitive, "value": _output_change(one)["before"]}
        for one in plan.outputs
        if one.before is not None
    }
    values = {"outputs": outputs, "root_module": root_module([*resources, *_others(plan, index, state)])}
    return {"format_version": STATE_FORMAT_VERSION, "terraform_version": TERRAFORM_VERSION, "values": values}


def _resource(address: str, change: Change, values: Mapping[str, Tree] | None) -> Json:
    return {
        **resource_address(address, change.type, change.provider),
        "schema_version": 1,
        "values": tree.known(values, change.sensitive) or {},
        "sensitive_values": tree.marks(values, tree.is_secret, change.sensitive),
    }


def _others(plan: Plan, index: _Index, state: State | None) -> list[Json]:
    """What changes refer to; with the state, everything that does not change."""
    changed = {change.address for change in plan.changes}
    if state is not None:
        return [row_json(row) for _, row in sorted(state.rows.items()) if row.address not in changed]
    found = []
    for address, values in sorted(plan.known.items()):
        if address not in changed:
            kind = parse(address).type
            entry = resource_address(address, kind, _provider(index, kind))
            found.append({**entry, "schema_version": 1, "values": tree.known(values), "sensitive_values": {}})
    return found


def _provider(index: _Index, type_name: str) -> str:
    """The provider of a resource that the plan names without one: that of its type, else the first."""
    return index.providers.get(type_name, index.providers[""])


def row_json(row: Row) -> Json:
    """One recorded resource as state and plan JSON have it."""
    values, sensitive = values_of(row)
    found: Json = resource_address(row.address, row.type, row.provider_key)
    found |= {"schema_version": row.schema_version, "values": tree.known(values, sensitive)}
    found["sensitive_values"] = tree.marks(values, tree.is_secret, sensitive)
    if row.depends_on:
        found["depends_on"] = list(row.depends_on)
    if row.status == "tainted":
        found["tainted"] = True
    if row.deposed:
        found["deposed_key"] = row.deposed
    return found


def _named(_: object, __: object, value: object) -> object:
    return str(value) if isinstance(value, Document) else value


def _ours(plan: Plan, digest: str, made: float) -> Json:
    return {
        "digest": digest,
        "stack": plan.stack,
        "environment": plan.environment,
        "command": plan.command,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "stages": [attrs.asdict(one, value_serializer=_named) for one in plan.transactions],
        "findings": [attrs.asdict(one) for one in plan.findings],
        "impact": {**attrs.asdict(plan.worst()), "seconds": plan.seconds()},
        "calls": [attrs.asdict(one) for one in plan.calls],
        "made": made_json(plan, made),
        "sources": list(plan.sources),
        "destinations": destinations_json(plan),
        "identity": {key: dict(estate) for key, estate in sorted(plan.identities.items())},
        "reason": {change.key: change.why for change in plan.changes},
        "scope": scope_json(plan),
        "unchanged": plan.unchanged,
        "unread": dict(plan.unread),
        "left_out": dict(plan.left_out),
        "voided": [attrs.asdict(edge) for edge in plan.voided],
        "notes": list(plan.notes),
        "provider_names": {key: provider_name(key) for key in sorted(plan.identities)},
    }
