"""Configurations that were committed, kept for a test that holds them against the vendor's models.

Where `HAPLAN_LAB_CONFIGS` names a folder, every configuration that a commit or check took is written there once.
"""

import hashlib
import os
import pathlib

from lxml import etree

from haplan_srx.lab.config.tree import Element

FOLDER = "HAPLAN_LAB_CONFIGS"


def record(config: Element) -> None:
    """Keep one."""
    folder = os.environ.get(FOLDER)
    if folder:
        text = etree.tostring(config)
        file = pathlib.Path(folder) / f"{hashlib.sha256(text).hexdigest()[:24]}.xml"
        if not file.exists():
            file.write_bytes(text)
