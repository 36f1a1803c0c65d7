# A policy as teams write them for Terraform's plans; nothing in it knows of haplan but the last rule.
package plan

deletes[address] {
  change := input.resource_changes[_]
  change.change.actions[_] == "delete"
  address := change.address
}

deny[message] {
  change := input.resource_changes[_]
  change.type == "cluster"
  change.change.actions[_] == "create"
  not startswith(change.change.after.model, "SSR")
  message := sprintf("%s: only SSR models are bought", [change.address])
}

unknown[address] {
  change := input.resource_changes[_]
  change.change.after_unknown.id == true
  address := change.address
}

planned := count(input.planned_values.root_module.resources)

outage {
  input.haplan.impact.kind == "outage"
}
