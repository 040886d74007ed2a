"""``python -m recdiv``."""

from recdiv.cli import app

app()
