"""The book as built: links, pictures, nothing fetched, contents, search, and the promises its pages make."""

from __future__ import annotations

import doctest
import importlib
import json
import re
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from built_site import ROOT, pages, site

pytest.importorskip("jupyter_book", reason="the book needs the extra [book]")
bs4 = pytest.importorskip("bs4", reason="the book needs the extra [book]")

REMOTE = re.compile(r"^(?:https?:)?//", re.IGNORECASE)


@cache
def soup(page: Path):
    return bs4.BeautifulSoup(page.read_text(encoding="utf8"), "html.parser")


@cache
def anchors(page: Path) -> set[str]:
    return {tag["id"] for tag in soup(page).find_all(id=True)} | {
        tag["name"] for tag in soup(page).find_all("a", {"name": True})
    }


def every_page():
    return [(name, soup(site() / name)) for name in pages()]


# --- links and pictures ----------------------------------------------------------------------------------------------


def broken_links(name: str, document) -> list[str]:
    found = []
    for tag in document.find_all("a", href=True):
        link, anchor = urldefrag(tag["href"])
        if REMOTE.match(link) or link.startswith(("mailto:", "javascript:", "data:")):
            continue
        target = (site() / name).parent / unquote(link) if link else site() / name
        target = target.resolve()
        if not target.is_file() or (anchor and target.suffix == ".html" and unquote(anchor) not in anchors(target)):
            found.append(tag["href"])
    return found


def test_every_internal_link_and_anchor_resolves():
    broken = {name: links for name, document in every_page() if (links := broken_links(name, document))}
    assert broken == {}


def test_boxes_of_diagrams_lead_somewhere():
    for name, document in every_page():
        for diagram in document.select("pre.mermaid"):
            for link in re.findall(r'click \w+ (?:href )?"([^"]+)"', diagram.get_text()):
                if not REMOTE.match(link):
                    assert (site() / name).parent.joinpath(urldefrag(link)[0]).is_file(), f"{name}: {link}"


def test_a_broken_link_is_found():
    document = bs4.BeautifulSoup(
        '<a href="nowhere.html">x</a><a href="#nowhere">y</a><a href="intro.html">z</a>', "html.parser"
    )
    assert broken_links("book/intro.html", document) == ["nowhere.html", "#nowhere"]


def test_every_picture_is_there_and_says_what_it_shows():
    for name, document in every_page():
        for image in document.find_all("img"):
            assert image.get("alt", "").strip(), f"{name}: {image}"
            if not image["src"].startswith("data:"):
                assert ((site() / name).parent / unquote(urldefrag(image["src"])[0].split("?")[0])).is_file(), (
                    f"{name}: {image}"
                )
        for drawing in document.select("figure svg"):
            assert drawing.get("role") == "img", f"{name}: a figure without role=img"
            assert drawing.get("aria-label", "").strip(), f"{name}: a figure without alternative text"


def test_nothing_is_loaded_from_elsewhere():
    loaded = {"script": "src", "img": "src", "iframe": "src", "source": "src", "embed": "src", "object": "data"}
    for name, document in every_page():
        remote = [
            tag[key]
            for kind, key in loaded.items()
            for tag in document.find_all(kind, {key: True})
            if REMOTE.match(tag[key])
        ]
        for link in document.find_all("link", href=True):
            if {"stylesheet", "preload", "icon", "preconnect", "dns-prefetch"} & set(
                link.get("rel", [])
            ) and REMOTE.match(link["href"]):
                remote.append(link["href"])
        assert remote == [], name
    for style in (site() / "_static").rglob("*.css"):
        text = style.read_text(encoding="utf8")
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", text), style.name
        assert not re.search(r"@import[^;]*//", text), style.name


def test_formulas_and_diagrams_bring_their_script_and_others_do_not():
    for name, document in every_page():
        scripts = " ".join(tag.get("src", "") for tag in document.find_all("script"))
        assert ("mermaid.min.js" in scripts) == bool(document.select("pre.mermaid")), name
        if document.select("article .math"):
            assert "tex-chtml-full.js" in scripts, name


def test_no_page_is_heavy():
    for name, _ in every_page():
        assert (site() / name).stat().st_size < 700_000, name


# --- contents --------------------------------------------------------------------------------------------------------


def chapters() -> list[dict[str, str]]:
    parts = tomllib.loads((ROOT / "book/chapters.toml").read_text(encoding="utf8"))["part"]
    return [chapter for part in parts for chapter in part["chapters"]]


def in_contents() -> dict[str, str]:
    """File and title of what ``_toc.yml`` builds."""
    toc = (ROOT / "_toc.yml").read_text(encoding="utf8")
    return dict(re.findall(r"- file: (\S+)\n\s+title: (.+)", toc))


def test_every_chapter_stands_once_and_in_order():
    files = [chapter["file"] for chapter in chapters()]
    assert files == sorted(set(files))
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"notebooks/{path.stem}" in files, f"{path.name} is not in book/chapters.toml"
        assert f"notebooks/{path.stem}" in in_contents(), f"{path.name} is not in _toc.yml"


def test_sidebar_links_what_is_built_and_marks_the_rest_as_planned():
    built = in_contents()
    for name in ("book/intro.html", "book/glossary.html"):
        entries = soup(site() / name).select("nav.bd-links li.toctree-l1 > a")
        by_title = {re.sub(r"\s*planned$", "", entry.get_text(" ", strip=True)): entry for entry in entries}
        titles = list(by_title)
        positions = [titles.index(chapter["title"]) for chapter in chapters()]
        assert positions == sorted(positions), "the sidebar must keep the order of the chapters"
        assert [title for title in titles if title in built.values()] == list(built.values()), "and of other pages"
        for chapter in chapters():
            entry = by_title[chapter["title"]]
            if chapter["file"] in built:
                assert built[chapter["file"]] == chapter["title"]
                assert entry.has_attr("href")
            else:
                assert not entry.has_attr("href")
                assert entry["aria-disabled"] == "true"
                assert "planned" in entry.get_text()


def test_landing_page_lists_every_chapter_with_its_question():
    text = soup(site() / "book/intro.html").find("article").get_text(" ", strip=True)
    for chapter in chapters():
        assert chapter["title"] in text
        assert chapter["question"] in text


@pytest.mark.parametrize("word", ["entropi", "coverag", "divers", "recommend", "colab"])
def test_search_knows_the_word(word):
    index = (site() / "searchindex.js").read_text(encoding="utf8")
    terms = json.loads(index.removeprefix("Search.setIndex(").rstrip(";\n").removesuffix(")"))
    assert word in terms["terms"] or word in terms["titleterms"]


# --- what the pages say ----------------------------------------------------------------------------------------------


def entries() -> dict[str, str]:
    text = (ROOT / "book/references.bib").read_text(encoding="utf8")
    found = re.findall(r"^@\w+\{([^,\s]+),(.*?)(?=^@|\Z)", text, re.DOTALL | re.MULTILINE)
    keys = [key for key, _ in found]
    assert len(keys) == len(set(keys)), "a key stands twice in references.bib"
    return dict(found)


def test_every_work_can_be_found():
    for key, fields in entries().items():
        assert re.search(r"\b(doi|eprint|url|isbn)\s*=\s*\{\S", fields), f"{key} has no DOI, arXiv number, URL or ISBN"
        assert re.search(r"\byear\s*=\s*\{\d{4}\}", fields), key


def test_every_citation_has_its_entry():
    cited: dict[str, str] = {}
    for path in [*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]:
        for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", path.read_text(encoding="utf8")):
            cited.update({key.strip(): path.name for key in keys.split(",")})
    assert cited
    assert {key: where for key, where in cited.items() if key not in entries()} == {}


def prompts(page: str) -> str:
    text = (ROOT / "book" / page).read_text(encoding="utf8")
    return "\n".join(
        block for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE) if ">>>" in block
    )


def test_the_numbers_on_the_landing_page_are_what_the_code_prints():
    pytest.importorskip("transformers", reason="the landing page encodes twelve headlines")
    example = doctest.DocTestParser().get_doctest(prompts("intro.md"), {}, "intro.md", None, 0)
    assert len(example.examples) >= 5
    result = doctest.DocTestRunner(verbose=False).run(example)
    assert result.failed == 0


def test_five_lines_are_python():
    text = (ROOT / "book/intro.md").read_text(encoding="utf8")
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        if ">>>" not in block:
            compile(block, "intro.md", "exec")


def commands(page: str) -> list[str]:
    text = (ROOT / "book" / page).read_text(encoding="utf8")
    lines = [
        line
        for block in re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    return [line.split("#")[0].strip() for line in lines] + re.findall(r"`((?:make|recdiv) [^`]+)`", text)


def test_commands_on_the_page_exist():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf8"), re.MULTILINE)
    click = pytest.importorskip("typer").main.get_command(__import__("recdiv.cli", fromlist=["app"]).app)
    seen = set()
    for command in commands("how_to_run.md"):
        words = command.split()
        if words[:1] == ["make"]:
            assert words[1] in targets, command
        elif words[:1] == ["recdiv"] and len(words) > 1:
            found = click.commands[words[1]]
            found = found.commands[words[2]] if len(words) > 2 and hasattr(found, "commands") else found
            options = {name for parameter in found.params for name in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= options | {"--help"}, command
        seen.add(words[0])
    assert {"make", "recdiv"} <= seen


@pytest.mark.parametrize("path", sorted((ROOT / "book/_ext").glob("*.py")), ids=lambda path: path.stem)
def test_examples_of_the_extensions(path, monkeypatch):
    monkeypatch.syspath_prepend(str(path.parent))
    assert doctest.testmod(importlib.import_module(path.stem)).failed == 0
