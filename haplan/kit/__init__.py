"""What providers share: HTTP clients, settings, simulators started for a stack.

    http       a client of an HTTP service: retries, budget, lost answers, a masked log, errors in words
    tls        what a client trusts
    settings   from the stack, the environment and secrets; what is missing, in one sentence
    labs       a provider's simulator, from `lab.toml` or with the nodes of the stack's clusters

A provider imports these modules; nothing of the engine does.
"""
