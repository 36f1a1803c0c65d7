"""Devices: inventory, pairs, effective configuration, pushes, stats."""
