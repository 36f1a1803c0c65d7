"""What a commit looks at beyond syntax."""

import sqlite3

from .estate import Tx
from .tree import Element, Trouble


def check(tx: Tx, box: sqlite3.Row, config: Element) -> list[Trouble]:
    return []
