"""What the library page needs from autodoc: references to other projects' types are left as plain text.

The book is built without a network, so no inventory of Python, torch or pandas can be fetched. Names outside
`recdiv` are therefore not links, and `-n` must not complain about them; a broken name inside `recdiv` still warns.
"""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.config import Config

_FOREIGN = [(r"py:.*", r"(?!recdiv\.).*")]


def _configure(app: Sphinx, config: Config) -> None:
    config.nitpick_ignore_regex = [*config.nitpick_ignore_regex, *_FOREIGN]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", _configure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
