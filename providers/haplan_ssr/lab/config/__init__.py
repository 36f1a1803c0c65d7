"""Configurations: datastores, edits, commits, what is generated."""
