"""Carrying transactions out: one confirmed commit a device, and pairs that are formed or dissolved."""
