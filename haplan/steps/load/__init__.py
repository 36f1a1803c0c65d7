"""Load: a folder with ``stack.py`` becomes a `Stack`.

The folder and its neighbours are imported afresh under a private package of this load's own, which is forgotten
afterwards: any number of threads may load stacks at once, and nothing of the process is changed meanwhile. Nothing is
written: no byte code, no state.
"""

from haplan.steps.load.stack import find, load

__all__ = ["find", "load"]
