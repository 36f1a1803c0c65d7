"""Carrying transactions out: edits of the candidate, validate, commit."""
