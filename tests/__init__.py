"""A package, because libraries install one called ``tests`` too, and processes of ours import from this one."""
