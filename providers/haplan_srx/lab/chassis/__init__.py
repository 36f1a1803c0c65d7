"""Boxes and clusters: models, power, who is primary."""
