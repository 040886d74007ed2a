"""``python -m recdiv``."""

from recdiv.cli import main

main()
