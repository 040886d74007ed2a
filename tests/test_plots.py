"""Figures: inline, deterministic, legible on any paper, and read aloud."""

import re
from xml.etree import ElementTree

import pytest

from recdiv import plots

plt = pytest.importorskip("matplotlib.pyplot")


def drawn():
    with plots.style():
        fig, ax = plt.subplots()
        ax.plot([1, 2, 3], [3, 1, 2], label="a")
        ax.plot([1, 2, 3], [1, 2, 3], label="b")
        ax.fill_between([1, 2, 3], [0, 0, 0], [1, 1, 1], alpha=0.2)
        ax.set_title("Title & more")
        ax.legend()
    return fig


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", plots.PALETTE)
@pytest.mark.parametrize("paper", ["#FFFFFF", "#121212"])
def test_palette_contrast_is_at_least_three_to_one(colour, paper):
    dark, light = sorted([luminance(colour), luminance(paper)])
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_markup_is_one_well_formed_figure():
    markup = plots.svg(drawn(), alt='Two lines: "a" falls', caption="A < B")
    root = ElementTree.fromstring(markup.replace("xlink:href", "href"))
    assert root.tag == "figure"
    assert markup.count("<svg") == 1
    assert 'role="img"' in markup
    assert 'aria-label="Two lines: &quot;a&quot; falls"' in markup
    assert "<figcaption>A &lt; B</figcaption>" in markup
    assert "Title &amp; more" in markup  # text stays text
    assert "<text" in markup


def test_ink_follows_the_page():
    markup = plots.svg(drawn(), alt="x")
    assert "currentColor" in markup
    assert not re.search(r"(fill|stroke): ?#(000000|ffffff)", markup)
    assert "<style" not in markup
    assert plots.PALETTE[0].lower() in markup.lower()


def test_same_bytes_each_time_and_no_date():
    first, second = (plots.svg(drawn(), alt="x") for _ in range(2))
    assert first == second
    assert "<metadata" not in first
    assert "dc:date" not in first


def test_identifiers_resolve_and_differ_between_figures():
    one = plots.svg(drawn(), alt="one")
    two = plots.svg(drawn(), alt="two")
    ids = set(re.findall(r'\bid="([^"]+)"', one))
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', one))
    assert used
    assert used == ids  # what nothing calls has no name
    assert not ids & set(re.findall(r'\bid="([^"]+)"', two))


def test_nothing_is_written_that_shows_nothing():
    with plots.style():
        fig, ax = plt.subplots()
        ax.plot([0, 1], [0, 1])
        ax.set(title="two  words", ylabel="turned")
        markup = plots.svg(fig, alt="x")
    assert set(re.findall(r'\bid="([^"]+)"', markup)) == set(re.findall(r'(?:url\(#|href="#)([^")]+)', markup))
    assert "rotate(-0" not in markup
    assert re.search(r'rotate\(-90[^"]*"[^>]*>turned<', markup)
    assert "\n" not in markup
    assert markup.count("font-family") == 1
    assert markup.index("font-family") < markup.index("viewBox")  # a style of the whole
    assert ">two words<" in markup  # as a page shows it


def test_two_typefaces_stay_with_their_texts():
    with plots.style():
        fig, ax = plt.subplots()
        ax.text(0, 0, "code", family="monospace")
        ax.set(title="prose")
        markup = plots.svg(fig, alt="x")
    families = dict(re.findall(r"font-family: '([^']+)'[^>]*>(\w+)<", markup))
    assert sorted(families.values())[-2:] == ["code", "prose"]
    assert len(families) == 2


def test_alternative_text_is_required():
    with pytest.raises(ValueError, match="alt must say"):
        plots.svg(drawn(), alt="  ")


def test_show_emits_html_and_words(monkeypatch):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: seen.append((data, raw)))
    fig = drawn()
    plots.show(fig, alt="two lines")
    data, raw = seen[0]
    assert raw
    assert data["text/plain"] == "two lines"
    assert data["text/html"].startswith("<figure")
    assert not plt.fignum_exists(fig.number)


def test_style_leaves_settings_as_they_were():
    before = plt.rcParams["axes.grid"], plt.rcParams["svg.hashsalt"]
    with plots.style():
        assert plt.rcParams["svg.hashsalt"] == "recdiv"
    assert (plt.rcParams["axes.grid"], plt.rcParams["svg.hashsalt"]) == before


def boxes(ax):
    renderer = ax.figure.canvas.get_renderer()
    return [text.get_window_extent(renderer) for text in ax.texts]


def test_labels_cover_neither_one_another_nor_what_is_to_be_clear():
    with plots.style():
        fig, ax = plt.subplots()
        points = [(x / 8, y / 8) for x in range(8) for y in range(8)]
        ax.scatter(*zip(*points, strict=True))
        placed = plots.label_points(ax, points, [f"label {i}" for i in range(64)], clear=[(0.06, 0.06)])
        found = boxes(ax)
    assert 8 < len(placed) < 64
    assert [text.get_text() for text in ax.texts] == [f"label {i}" for i in placed]
    assert not any(a.overlaps(b) for i, a in enumerate(found) for b in found[:i])
    clear = ax.transData.transform((0.06, 0.06))
    assert not any(box.contains(*clear) for box in found)
    plt.close(fig)


def test_labels_that_must_stand_do():
    with plots.style():
        fig, ax = plt.subplots()
        ax.scatter([0, 0], [0, 0])
        assert plots.label_points(ax, [(0, 0)] * 9, ["the same place"] * 9, always=True) == list(range(9))
        plt.close(fig)


def test_any_script_and_any_text_can_stand_in_a_figure(recwarn):
    hostile = ["$\\frac$", "茶\x00 and\nmore", "</text><script>x</script>", "שלום"]
    with plots.style():
        fig, ax = plt.subplots()
        ax.scatter(range(4), range(4))
        plots.label_points(ax, [(i, i) for i in range(4)], hostile, always=True)
        markup = plots.svg(fig, alt="x")
    assert "<script" not in markup
    assert "$\\frac$" in markup
    assert "茶 and more" in markup
    ElementTree.fromstring(markup.replace("xlink:href", "href"))
    assert not [str(each.message) for each in recwarn if "Glyph" in str(each.message)]
