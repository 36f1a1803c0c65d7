"""Frozen nouns: what the steps take and give. No input, no output, no vendor."""
