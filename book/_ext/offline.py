"""Leave nothing in the built folder that asks for the network, is large and unused, or confuses a screen reader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

# Live code through thebe needs a server elsewhere; the book does not offer it, so its script (and address) go.
_THEBE = ("thebe_selector", "sphinx-thebe")
# The theme draws its icons twice: from web fonts (156 kB) and from a 1.5 MB script. The fonts are enough.
_FONTAWESOME = re.compile(r'\s*<script[^>]*src="[^"]*scripts/fontawesome\.js[^"]*"[^>]*></script>')
# docutils puts entries with a role of their own into a list, where screen readers expect list items.
_ENTRY = re.compile(r'role="doc-biblioentry"')
# MyST-NB names a folded cell in other words than it shows, so that a voice command cannot find it.
_SUMMARY = re.compile(r'<summary aria-label="[^"]*">')
_UNUSED = ("scripts/fontawesome.js", "scripts/*.map", "scripts/*.LICENSE.txt.map", "styles/*.map", "sphinx-thebe.*")


def _drop_thebe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    for key in ("script_files", "css_files"):
        files = context.get(key, [])
        context[key] = [f for f in files if not any(name in _as_text(f) for name in _THEBE)]


def _as_text(asset: Any) -> str:  # noqa: ANN401
    """File name and body of a script or style, whichever Sphinx version made it."""
    attributes = getattr(asset, "attributes", None) or {}
    return f"{getattr(asset, 'filename', asset)} {attributes.get('body', '')}"


def _tidy(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for page in out.rglob("*.html"):
        text = page.read_text(encoding="utf8")
        slim = _SUMMARY.sub("<summary>", _ENTRY.sub('role="listitem"', _FONTAWESOME.sub("", text)))
        if slim != text:
            page.write_text(slim, encoding="utf8")
    for pattern in _UNUSED:
        for path in (out / "_static").glob(pattern):
            path.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", _drop_thebe, priority=900)
    app.connect("build-finished", _tidy, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
