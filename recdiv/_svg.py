"""A drawing of Matplotlib's as an SVG element that can stand in a page among others, without what shows nothing."""

from __future__ import annotations

import hashlib
import re


def inline(document: str, alt: str) -> str:
    """The ``<svg>`` element of an SVG document, fit to stand in a page among others."""
    body = document[document.index("<svg") :].strip()
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>\*\{[^}]*\}</style>", "", body)  # `*` would restyle the whole page
    body = re.sub(r"(fill|stroke): ?#000000", r"\1: currentColor", body)
    # A thousandth of a point is below what a screen shows, and above what the order of a sum moves.
    body = re.sub(r"\d+\.\d{4,}", lambda number: f"{float(number[0]):.3f}".rstrip("0").rstrip("."), body)
    mark = "f" + hashlib.sha256((body + alt).encode()).hexdigest()[:8]
    body = re.sub(r'\bid="([^"]+)"', rf'id="{mark}-\1"', body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{mark}-", body)
    body, family = _lean(body)
    size = re.search(r'viewBox="\S+ \S+ (\S+) \S+"', body)
    width = f"{float(size[1]) * 4 / 3:.0f}px" if size else "100%"
    look = f"width:100%;max-width:{width};height:auto;stroke-linejoin:round;stroke-linecap:butt{family}"
    root = f'<svg role="img" aria-label="{alt}" fill="currentColor" style="{look}"'
    body = re.sub(r'(<svg[^>]*?)\s+width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?)\s+height="[^"]*"', r"\1", body, count=1)
    return body.replace("<svg", root, 1)


def _lean(body: str) -> tuple[str, str]:
    """The drawing without identifiers that nobody refers to, turns by no angle, ends of lines; and its one typeface.

    They are two fifths of what a chapter's file keeps of a figure. The typeface is said once, as a style of the whole,
    where all texts have the same.
    """
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', body))
    body = re.sub(r'\s\bid="([^"]+)"', lambda found: found[0] if found[1] in used else "", body)
    body = re.sub(r'\stransform="rotate\(-?0 [^"]*\)"', "", body)
    body = re.sub(r"\s+", " ", body).replace("> <", "><")
    families = set(re.findall(r"font-family: ([^;\"]+)", body))
    if len(families) != 1:
        return body, ""
    return re.sub(r" ?font-family: [^;\"]+;?", "", body), f";font-family:{families.pop()}"
