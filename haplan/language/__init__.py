"""The stack language: constructors and helper functions record what a stack says, mistakes included, while it loads."""
