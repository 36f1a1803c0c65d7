"""One module a step: load, graph, check, refresh, diff, stages, approve, apply.

Value in, value out; no step imports a step.
"""
