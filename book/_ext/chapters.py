"""Planned chapters: in their place in the sidebar and in the landing page's contents, greyed and unlinked.

`book/chapters.toml` is the one list. What `_toc.yml` builds is linked; the rest is marked as planned.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

LIST = Path(__file__).parent.parent / "chapters.toml"
_PLANNED = ' <span class="planned-mark">planned</span>'


def read_parts() -> list[dict[str, Any]]:
    """The parts of the book, each with its name and its chapters."""
    parts: list[dict[str, Any]] = tomllib.loads(LIST.read_text(encoding="utf8"))["part"]
    return parts


class Contents(SphinxDirective):
    """``{chapters}``: the table of contents, every chapter with the question it answers."""

    def run(self) -> list[nodes.Node]:
        """Build one captioned list a part."""
        self.env.note_dependency(str(LIST))
        out: list[nodes.Node] = []
        for part in read_parts():
            out.append(nodes.rubric("", part["name"], classes=["contents-part"]))
            items = [self._chapter(chapter) for chapter in part["chapters"]]
            out.append(nodes.bullet_list("", *items, classes=["contents"]))
        return out

    def _chapter(self, chapter: dict[str, str]) -> nodes.list_item:
        built = chapter["file"] in self.env.found_docs
        line = nodes.paragraph(
            "", "", nodes.strong("", "", self._title(chapter) if built else nodes.Text(chapter["title"]))
        )
        if not built:
            line += nodes.raw("", _PLANNED, format="html")
        question = nodes.paragraph("", chapter["question"], classes=["question"])
        return nodes.list_item("", line, question, classes=[] if built else ["planned"])

    def _title(self, chapter: dict[str, str]) -> nodes.Node:
        text = nodes.inline("", chapter["title"])
        return addnodes.pending_xref(
            "",
            text,
            refdomain="std",
            reftype="doc",
            reftarget=f"/{chapter['file']}",
            refexplicit=True,
            refdoc=self.env.docname,
        )


def _planned_item(soup: BeautifulSoup, title: str) -> Tag:
    html = f'<li class="toctree-l1 planned"><a role="link" aria-disabled="true">{title}{_PLANNED}</a></li>'
    item = BeautifulSoup(html, "html.parser").li
    if item is None:
        raise RuntimeError("the sidebar entry of a planned chapter could not be built")
    return item


def add_planned(html: str, built: set[str]) -> str:
    """The sidebar's HTML with every planned chapter in its place: linked ones keep what Sphinx made of them.

    >>> page = '<li class="toctree-l1"><a href="#">{}</a></li>'
    >>> html = f"<ul>{page.format('9.1 Which tasks?')}{page.format('9.3 Resources')}{page.format('A page')}</ul>"
    >>> found = add_planned(html, {"notebooks/09_1_tasks", "notebooks/09_3_resources"})
    >>> places = [found.index(title) for title in ("9.1", "9.2", "9.3", "9.4", "9.5", "A page")]
    >>> places == sorted(places), found.count("9.3 Resources"), found.count("planned-mark") > 3
    (True, 1, True)
    """
    soup = BeautifulSoup(html, "html.parser")
    links = {a.get_text(strip=True): a.find_parent("li") for a in soup.select("li.toctree-l1 > a")}
    before = soup.find("ul", recursive=False)  # new parts follow the first list ("Begin")
    for part in read_parts():
        section: Tag | None = None
        for chapter in part["chapters"]:
            if chapter["file"] in built and (link := links.get(chapter["title"])):
                section = link.parent
        if section is None and isinstance(before, Tag):
            caption = soup.new_tag("p", attrs={"class": "caption", "role": "heading", "aria-level": "2"})
            caption.append(soup.new_tag("span", attrs={"class": "caption-text"}))
            caption.span.string = part["name"]  # type: ignore[union-attr]
            section = soup.new_tag("ul", attrs={"class": "nav bd-sidenav"})
            before.insert_after(caption)
            caption.insert_after(section)
        if section is None:
            continue
        _fill(soup, section, part["chapters"], links, built)
        before = section
    return str(soup)


def _fill(
    soup: BeautifulSoup, section: Tag, chapters: list[dict[str, str]], links: dict[str, Any], built: set[str]
) -> None:
    """Put the part's planned chapters after the one before them; what is linked, chapter or page, stays."""
    before: Tag | None = None
    for chapter in chapters:
        item = links.get(chapter["title"]) if chapter["file"] in built else None
        if item is None:
            item = _planned_item(soup, chapter["title"])
            if before is None:
                section.insert(0, item)
            else:
                before.insert_after(item)
        before = item


def _extend_sidebar(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    original = context.get("generate_toctree_html")
    if original is None or app.builder.format != "html":
        return
    built = set(app.env.found_docs) if app.env else set()

    def with_planned(kind: str, **options: Any) -> Any:  # noqa: ANN401
        html = original(kind, **options)
        return add_planned(str(html), built) if kind == "sidebar" else html

    context["generate_toctree_html"] = with_planned


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("chapters", Contents)
    app.connect("html-page-context", _extend_sidebar, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
