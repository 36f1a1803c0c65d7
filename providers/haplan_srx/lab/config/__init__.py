"""Configurations: the tree, its language, edits, checks, commits."""
