"""``python -m haplan``."""

from haplan.cli.main import main

main()
