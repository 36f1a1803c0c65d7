"""The command line: options in, one call of `haplan.engine`, text out."""
