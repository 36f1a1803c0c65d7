"""The command line: options in, one call of `haplan.api`, text out."""
