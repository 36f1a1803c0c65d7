"""What opens and surrounds a run: session, options, variables, secrets, redaction, providers, records, lock."""
