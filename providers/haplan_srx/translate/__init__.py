"""From the vocabulary to Junos configuration statements, and back: pure functions."""
