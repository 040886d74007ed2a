"""References in docstrings, without a network.

No inventory of Python, torch or pandas can be fetched here, so other projects' names are plain text. A name inside
`recdiv` that has no entry on the library page is plain text too when it exists, and a warning (hence an error) when it
does not.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import numpy.typing as npt
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import stringify_annotation

# What numpy.typing's names expand to in a signature, and the names again.
_ARRAY_LIKE = stringify_annotation(npt.ArrayLike, "smart")
_ARRAY = re.compile(r"~numpy\.ndarray\[tuple\[~typing\.Any, \.\.\.\], ~numpy\.dtype\[([^\]]+)\]\]")
_FOREIGN = (r"py:.*", r"(?!recdiv\.).*")


def exists(name: str) -> bool:
    """Whether a dotted name can be reached: the longest importable module, then attributes.

    >>> exists("recdiv.tables.Catalog"), exists("recdiv.tables.Catalogue")
    (True, False)
    """
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                return part in getattr(found, "__annotations__", {})
            found = getattr(found, part)
        return True
    return False


def _leave_as_text(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Node) -> nodes.Node | None:
    known = node.get("refdomain") == "py" and exists(node["reftarget"])
    return content if known else None


def _short_arrays(*event: Any) -> tuple[str | None, str | None]:  # noqa: ANN401
    """Signatures say ``ArrayLike`` and ``NDArray[int64]``, as their source does."""
    signature, returns = (
        part and _ARRAY.sub(r"NDArray[\1]", part.replace(_ARRAY_LIKE, "ArrayLike")) for part in event[-2:]
    )
    return signature, returns


def _configure(app: Sphinx, config: Config) -> None:
    config.nitpick_ignore_regex = [*config.nitpick_ignore_regex, _FOREIGN]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", _configure)
    app.connect("missing-reference", _leave_as_text)
    app.connect("autodoc-process-signature", _short_arrays)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
