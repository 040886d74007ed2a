"""Mermaid diagrams from the copy beside the pages, loaded only by pages that have one.

An ordinary script rather than a module: browsers refuse modules from a folder opened without a server.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

_SCRIPT = "vendor/mermaid/mermaid.min.js"
_TITLE = re.compile(r"^\s*accTitle\s*:\s*(.+)$", re.MULTILINE)
_CLICK = re.compile(
    r'^(?P<indent>[ \t]*)click (?P<box>\w+) (?:href )?"(?!https?:)(?P<page>[^"#]+)\.html[^"]*".*$', re.MULTILINE
)


class Diagram(nodes.General, nodes.Element):
    """A Mermaid source with the words that stand for it."""


class DiagramDirective(SphinxDirective):
    """``{mermaid}``: the source as content; alternative text from ``:alt:`` or from the source's ``accTitle:``."""

    has_content = True
    option_spec = {"alt": directives.unchanged_required, "caption": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Keep the source and its alternative text, and refuse a diagram without one."""
        source = "\n".join(self.content)
        title = _TITLE.search(source)
        alt = self.options.get("alt") or (title.group(1).strip() if title else "")
        if not alt:
            raise self.error("a mermaid diagram needs alternative text: a line 'accTitle: ...' or the option :alt:")
        figure = nodes.container("", Diagram(source=source, alt=alt), classes=["diagram"])
        if self.options.get("caption"):
            figure += nodes.paragraph("", self.options["caption"], classes=["caption"])
        return [figure]


def only_built(source: str, built: set[str], folder: str) -> str:
    r"""The source with links to pages that are not built taken out, and their boxes dashed.

    >>> only_built('click A "a.html"\nclick B "b.html"', {"notebooks/a"}, "notebooks")
    'click A "a.html"\nstyle B stroke-dasharray: 5 4'
    """

    def keep(match: re.Match[str]) -> str:
        page = posixpath.normpath(posixpath.join(folder, match["page"]))
        return match[0] if page in built else f"{match['indent']}style {match['box']} stroke-dasharray: 5 4"

    return _CLICK.sub(keep, source)


def _visit_html(writer: HTML5Translator, node: Diagram) -> None:
    alt = writer.attval(node["alt"])
    built, here = writer.builder.env.found_docs, writer.builder.current_docname
    source = only_built(node["source"], built, posixpath.dirname(here))
    # tabindex: on a phone the diagram scrolls inside its box, which the keyboard must reach too
    writer.body.append(f'<div class="mermaid-box" role="group" aria-label="{alt}" tabindex="0">')
    writer.body.append(f'<pre class="mermaid">{writer.encode(source)}</pre></div>')
    raise nodes.SkipNode


def _visit_text(writer: Any, node: Diagram) -> None:  # noqa: ANN401
    raise nodes.SkipNode


def _add_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    if doctree is not None and doctree.next_node(Diagram):
        app.add_js_file(_SCRIPT, priority=400)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_node(Diagram, html=(_visit_html, None), latex=(_visit_text, None), text=(_visit_text, None))
    app.add_directive("mermaid", DiagramDirective)
    app.connect("html-page-context", _add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
