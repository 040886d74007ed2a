"""The page: one file, nothing from outside, no markup from the catalogue, readable by a parser and by people."""

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import recdiv as rd
from recdiv.plots import label_points

N, U = 60, 40
GENERATOR = np.random.default_rng(0)
EVIL = '</script><img src=x onerror=alert("x")> $\\frac$ & <b>bold</b>\x00'
CATALOG = rd.Catalog(
    pd.DataFrame(
        {
            "item_id": range(N),
            "title": [EVIL, *(f"Title {i}" for i in range(1, N))],
            "category": [f"c{i % 4}" for i in range(N)],
        }
    )
)
ITEMS = np.stack([GENERATOR.choice(N, 5, replace=False) for _ in range(U)])
ITEMS[0] = [0, 0, 0, 0, 0]  # the least diverse list shows the evil title
ITEMS[1, 4] = -2
RECS = rd.Recommendations(ITEMS, users=[f"<i>{u}</i>" for u in range(U)])
KERNEL = rd.EmbeddingKernel(GENERATOR.normal(size=(N, 16)))
REPORT = rd.evaluate(RECS, CATALOG, kernel=KERNEL)
VOID = {"wbr", "meta", "br", "link", "img", "input", "hr"}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return REPORT.to_html(tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture(scope="module")
def text(page):
    return page.read_text(encoding="utf-8")


class Balance(HTMLParser):
    """Tags opened and not closed."""

    def __init__(self):
        super().__init__()
        self.open, self.ids = [], []

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_markup_is_balanced_and_ids_are_unique(text):
    parser = Balance()
    parser.feed(text)
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))


def test_nothing_comes_from_outside(text):
    assert not re.search(r'(src|href)="(?!#)', text)
    assert not re.search(r"url\((?!#)|@import", text)
    assert "default-src 'none'" in text
    assert {address.split("/")[2] for address in re.findall(r'https?://[^"\s]+', text)} <= {"www.w3.org"}


def test_text_of_the_catalogue_is_escaped(text):
    assert "<img" not in text
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(&quot;x&quot;)&gt; $\\frac$ &amp; &lt;b&gt;" in text
    assert "<i>0</i>" not in text
    assert text.count("<script>") == text.count("</script>") == 1


def test_text_of_the_catalogue_is_escaped_in_figures(monkeypatch):
    """On the map every item is named."""
    from recdiv.report import _map, _sections

    monkeypatch.setattr(_map, "_far_apart", lambda found: [0])
    monkeypatch.setattr(
        _map, "label_points", lambda ax, points, texts, **look: label_points(ax, points, texts, always=True)
    )
    drawn = _sections._map(REPORT)
    assert "&lt;/script&gt;&lt;img src=x onerror" in drawn
    assert "<img" not in drawn
    Balance().feed(drawn)


def test_every_metric_is_there_with_its_formula(text):
    for name in REPORT.frame["metric"]:
        assert f">{name.replace('_', '_<wbr>').replace('@', '<wbr>@')}</span>" in text
        assert f"<strong>{name}</strong>" in text
        assert rd.metrics.describe(name).formula[:12] in text


def test_figures_say_in_words_what_they_show(text):
    labels = re.findall(r'aria-label="([^"]+)"', text)
    assert len(labels) == 4
    assert "by meaning:" in labels[0]
    assert "chance alone" in labels[0]
    split = REPORT.frame.set_index("metric")["value"]
    assert f"{split['gamma']:.1f} in all" in labels[0]


def test_lists_at_either_end(text):
    assert text.index("Most diverse lists") < text.index("Least diverse lists")
    least = text[text.index("Least diverse lists") :]
    assert "&lt;img" in least[: least.index("</ol>")]


def test_an_unknown_slot_says_so():
    from recdiv.report._lists import card, explain

    card = card(REPORT, 1, explain(REPORT, "ild", [1]))
    assert "<li><em>not in the catalogue</em></li>" in card
    assert card.count("<li>") == 5


def test_a_report_with_little_in_it_still_renders(tmp_path):
    bare = rd.Catalog(CATALOG.frame[["item_id"]])
    for recs in (RECS, rd.Recommendations(np.full((2, 3), -1)), rd.Recommendations(np.zeros((0, 3), dtype=int))):
        for catalog in (bare, CATALOG):
            path = rd.evaluate(recs, catalog).to_html(tmp_path / "bare.html")
            Balance().feed(path.read_text(encoding="utf-8"))


def test_without_matplotlib_the_numbers_are_there(monkeypatch):
    import sys

    from recdiv.report import page

    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    text = page(REPORT)
    assert "No figures:" in text
    assert "pip install &quot;recdiv[plot]&quot;" in text
    assert "gini" in text


def test_kernels_without_vectors_have_no_map_and_say_so():
    for kernel, why in (
        (None, "no kernel was given"),
        (rd.IdentityKernel(N), "IdentityKernel(60 items) has no vectors"),
    ):
        text = page_of(rd.evaluate(RECS, CATALOG, kernel=kernel))
        assert f"No map: {why}" in text
        assert "Lists at either end" in text


def test_the_map_is_the_plane_of_largest_variance():
    """Against a singular value decomposition; the same whatever the sign and order it comes in."""
    from recdiv.report._map import principal_plane

    places, share = principal_plane(KERNEL.vectors)
    centred = KERNEL.vectors.double().numpy() - KERNEL.vectors.double().numpy().mean(0)
    left, size, right = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * size[:2]
    np.testing.assert_allclose(np.abs(places), np.abs(expected), atol=1e-6)
    assert share == pytest.approx((size[:2] ** 2).sum() / (size**2).sum())
    for column in range(2):
        direction = right[column] * np.sign(right[column][np.abs(right[column]).argmax()])
        np.testing.assert_allclose(places[:, column], centred @ direction, atol=1e-6)


def test_undefined_lists_are_counted_in_the_table(text):
    assert ">undefined</th>" not in text
    assert "<button" not in text  # titles of columns become buttons where a script runs
    items = ITEMS.copy()
    items[2] = -1
    with_one = page_of(rd.evaluate(rd.Recommendations(items), CATALOG, kernel=KERNEL))
    assert ">undefined</th>" in with_one
    assert '<td class="spare" data-value="1.0">1</td>' in with_one


def test_the_page_says_what_chance_is(text):
    assert "<em>By chance</em> is what the same exposures give when dealt at random over the same lists" in text
    assert "<em>By chance</em>" not in page_of(rd.evaluate(RECS, CATALOG, metrics=["gini"]))
    for name in REPORT.frame["metric"][REPORT.frame["null"].notna()]:
        assert rd.metrics.describe(name).null_kind in ("re-dealt", "random lists")


def test_rows_stand_under_the_question_they_answer(text):
    order = [text.index(f">{title}</th>") for title in ("exposure over all lists", "within a list", "between lists")]
    assert order == sorted(order)
    assert order[0] < text.index(">gini<") < order[1] < text.index(">ild<") < order[2] < text.index(">chi<")


def test_contributions_in_a_card_add_up(text):
    card = text[text.index("Most diverse lists") :]
    card = card[card.index("<strong>") : card.index("</ol>")]
    shares = [float(each.replace("−", "-")) for each in re.findall(r"<b>([^<]+)</b>", card)]
    assert len(shares) == 5
    value = float(re.search(r"<strong>([\d.]+)</strong>", card)[1])
    assert sum(shares) == pytest.approx(np.log(value), abs=0.005)  # three digits are shown


def test_many_lists_make_no_large_page(tmp_path):
    generator = np.random.default_rng(1)
    n, users = 5000, 20_000
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(n), "title": [f"A title of number {i}" for i in range(n)]}))
    recs = rd.Recommendations((n * generator.random((users, 5)) ** 3).astype(int))
    report = rd.evaluate(
        recs, catalog, kernel=rd.EmbeddingKernel(generator.normal(size=(n, 8))), metrics=["ild", "gini"]
    )
    path = report.to_html(tmp_path / "many.html")
    assert path.stat().st_size < 300_000
    assert "Drawn: 700 of those (the most shown among them)" in path.read_text(encoding="utf-8")


def page_of(report):
    from recdiv.report import page

    return page(report)


SYSTEMS = {"plain": RECS, "<b>second</b>": rd.Recommendations((ITEMS + 1) % N, users=RECS.users), "third": RECS}


def test_page_of_a_comparison(tmp_path):
    found = rd.compare(SYSTEMS, CATALOG, kernel=KERNEL)
    text = found.to_html(tmp_path / "comparison.html").read_text(encoding="utf-8")
    Balance().feed(text)
    assert "<b>second" not in text
    assert "Differences from plain" in text
    assert text.count("&lt;b&gt;second&lt;/b&gt;") > len(found.frame)
    assert text.count("<svg") == 1
    for name in found.frame.index:
        assert text.count(f'data-value="{name}"') == 3  # two differences, one row of values


def test_dominated_systems():
    from recdiv.report._tradeoff import axes_of, beaten

    frame = {"metric": ["entropy", "gini"], "direction": ["higher", "lower"]}
    report = rd.evaluate(RECS, CATALOG, metrics=["entropy", "gini"])

    def system(entropy, gini):
        return replace(report, frame=pd.DataFrame({**frame, "value": [entropy, gini]}))

    reports = {"best": system(2.0, 0.3), "worse": system(1.0, 0.4), "other": system(3.0, 0.9), "same": system(2.0, 0.3)}
    found = replace(rd.compare({"a": RECS, "b": RECS}, CATALOG, metrics=["entropy", "gini"]), reports=reports)
    assert beaten(found, "entropy", "gini") == ["worse"]
    assert axes_of(found, "gini", None) == ("gini", "entropy")
    with pytest.raises(ValueError, match=r"x must be a metric that was measured \(entropy, gini\), got 'ndcg'"):
        axes_of(found, "ndcg", None)


def test_tradeoff_names_its_systems():
    import matplotlib.pyplot as plt

    figure = rd.compare(SYSTEMS, CATALOG, kernel=KERNEL).plot(x="ild", y="gini")
    assert [text.get_text() for text in figure.axes[0].texts] == list(SYSTEMS)
    assert figure.axes[0].get_xlabel() == "ild (higher is better)"
    assert figure.axes[0].get_ylabel() == "gini (lower is better)"
    plt.close(figure)


def test_plot_has_its_panels():
    import matplotlib.pyplot as plt

    figure = REPORT.plot()
    assert len(figure.axes) == 4
    bars = figure.axes[0].get_yticklabels()
    assert [label.get_text() for label in bars] == ["by identity", "by category", "by meaning"]
    plt.close(figure)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        REPORT.to_html(tmp_path / "no" / "r.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
def test_in_a_browser(page):
    webdriver = pytest.importorskip("selenium.webdriver", reason="browser tests need the extra [dev]")
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("chromedriver is not installed")

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        second = rd.compare(SYSTEMS, CATALOG, kernel=KERNEL).to_html(page.with_name("comparison.html"))
        for width, shown in ((390, second), (1200, second), (390, page), (1200, page)):
            browser.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
            )
            browser.get(shown.as_uri())
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        column = "td:nth-child(2)"
        names = [each.text for each in browser.find_elements(By.CSS_SELECTOR, "tbody th[scope=row]")]
        browser.find_element(By.XPATH, "//button[text()='value']").send_keys(Keys.ENTER)
        values = [float(cell.get_attribute("data-value")) for cell in browser.find_elements(By.CSS_SELECTOR, column)]
        assert values == sorted(values)
        assert not browser.find_element(By.CSS_SELECTOR, ".group").is_displayed()
        for _ in range(2):  # downwards, then by group again
            browser.find_element(By.XPATH, "//button[text()='value']").click()
        assert names == [each.text for each in browser.find_elements(By.CSS_SELECTOR, "tbody th[scope=row]")]
        assert browser.find_element(By.CSS_SELECTOR, ".group").is_displayed()
        tip = browser.find_element(By.CSS_SELECTOR, ".tip")
        browser.execute_script("arguments[0].focus()", tip)
        shown = browser.find_element(By.ID, "tip")
        assert shown.is_displayed()
        assert shown.text.split() == tip.get_attribute("data-tip").split()
        paper = "return getComputedStyle(document.body).backgroundColor"
        light = browser.execute_script(paper)
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        )
        assert browser.execute_script(paper) != light
        assert browser.get_log("browser") == []
    finally:
        browser.quit()


def test_an_item_without_a_title_is_shown_by_its_id(tmp_path):
    catalog = rd.Catalog(pd.DataFrame({"item_id": ["x1", "x2"], "title": ["One", None], "category": ["a", "b"]}))
    report = rd.evaluate(rd.Recommendations([[0, 1]]), catalog, metrics=["category_entropy"])
    page = report.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.findall(r"<li>(\w+)<", page) == ["One", "x2"]
