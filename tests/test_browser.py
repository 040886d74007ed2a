"""The book in a browser that cannot reach any network: read, searched, switched to dark, and looked at on a phone."""

from __future__ import annotations

import json
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from built_site import ROOT, pages, site

pytestmark = pytest.mark.browser
pytest.importorskip("jupyter_book", reason="the book needs the extra [book]")
webdriver = pytest.importorskip("selenium.webdriver", reason="browser tests need the extra [dev]")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
AXE = ROOT / "tests/vendor/axe-core/axe.min.js"
PHONE, DESK = (390, 844), (1280, 900)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site())))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM or not DRIVER:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    switches = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    # No name but this machine's own resolves: what a page asks for elsewhere fails, and is seen in the log.
    switches += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--force-prefers-reduced-motion"]
    for switch in switches:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


def resize(browser, size) -> None:
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def open_page(browser, url: str, *, size=DESK) -> None:
    """Open a page and wait until its formulas and diagrams are drawn."""
    resize(browser, size)
    browser.get(url)
    drawn = """
      const math = document.querySelector('.math') && window.MathJax;
      if (math && !(window.MathJax.startup && document.querySelector('mjx-container'))) return false;
      return [...document.querySelectorAll('pre.mermaid')].every(d => d.querySelector('svg'));
    """
    WebDriverWait(browser, 30).until(lambda driver: driver.execute_script(drawn))


def set_theme(browser, theme: str) -> None:
    """As the theme itself does it; diagrams are drawn again."""
    browser.execute_script(
        "document.documentElement.dataset.mode = document.documentElement.dataset.theme = arguments[0]", theme
    )
    WebDriverWait(browser, 30).until(
        lambda d: d.execute_script(
            "return [...document.querySelectorAll('pre.mermaid')].every(d => d.querySelector('svg'))"
        )
    )


def requested(browser) -> set[str]:
    """Addresses asked for since the last call."""
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    return {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}


def test_no_page_asks_for_anything_elsewhere(browser, address):
    requested(browser)
    for page in pages():
        open_page(browser, address + page)
        elsewhere = {url for url in requested(browser) if urlsplit(url).scheme in ("http", "https", "ws", "wss")}
        assert {url for url in elsewhere if not url.startswith(address)} == set(), page
        errors = [
            entry["message"] for entry in browser.get_log("browser") if "Failed to load resource" in entry["message"]
        ]
        assert errors == [], page


def test_a_request_elsewhere_would_be_seen_and_fails(browser, address):
    open_page(browser, address + "book/glossary.html")
    requested(browser)
    script = "fetch('https://example.org/x').then(() => arguments[0]('came'), () => arguments[0]('failed'))"
    assert browser.execute_async_script(script) == "failed"
    assert any("example.org" in url for url in requested(browser))


def test_pages_opened_as_files_show_formulas_and_diagrams(browser):
    open_page(browser, (site() / "book/intro.html").as_uri())
    assert browser.find_elements(By.CSS_SELECTOR, "mjx-container")
    assert browser.find_elements(By.CSS_SELECTOR, "pre.mermaid svg")


def test_formulas_are_drawn_with_their_own_fonts(browser, address):
    open_page(browser, address + "book/notation.html")
    assert len(browser.find_elements(By.CSS_SELECTOR, "mjx-container")) > 20
    assert not browser.find_elements(By.CSS_SELECTOR, "mjx-merror")
    font = """
      const ours = f => f.family.includes('MJX') && f.status == 'loaded';
      document.fonts.ready.then(() => arguments[0]([...document.fonts].some(ours)));
    """
    assert browser.execute_async_script(font)


def test_search_finds_pages(browser, address):
    open_page(browser, address + "search.html?q=entropy")
    found = lambda driver: driver.find_elements(By.CSS_SELECTOR, "#search-results li a")  # noqa: E731
    WebDriverWait(browser, 20).until(found)
    assert any("glossary" in link.get_attribute("href") for link in found(browser))


def test_search_opens_from_a_page(browser, address):
    open_page(browser, address + "book/notation.html")
    button = next(b for b in browser.find_elements(By.CSS_SELECTOR, ".search-button__button") if b.is_displayed())
    button.click()
    field = WebDriverWait(browser, 10).until(
        lambda d: next((f for f in d.find_elements(By.CSS_SELECTOR, "input[type=search]") if f.is_displayed()), None)
    )
    field.send_keys("coverage")
    field.submit()
    WebDriverWait(browser, 20).until(lambda d: d.find_elements(By.CSS_SELECTOR, "#search-results li a"))


def test_dark_mode_is_one_button_away_and_redraws_diagrams(browser, address):
    open_page(browser, address + "book/intro.html")
    ground = "return getComputedStyle(document.body).backgroundColor"
    box = "return getComputedStyle(document.querySelector('pre.mermaid svg .node rect')).fill"
    browser.execute_script("localStorage.clear()")
    seen = {}
    for _ in range(3):  # the button goes round: auto, light, dark
        button = next(b for b in browser.find_elements(By.CSS_SELECTOR, ".theme-switch-button") if b.is_displayed())
        button.click()
        theme = browser.execute_script("return document.documentElement.dataset.theme")
        WebDriverWait(browser, 10).until(
            lambda d: d.execute_script("return !!document.querySelector('pre.mermaid svg .node rect')")
        )
        browser.execute_async_script("setTimeout(arguments[0], 800)")
        seen[theme] = (browser.execute_script(ground), browser.execute_script(box))
    assert set(seen) == {"light", "dark"}
    assert seen["light"][0] != seen["dark"][0]
    assert seen["light"][1] != seen["dark"][1]
    browser.execute_script("localStorage.clear()")


def test_no_page_moves_sideways_on_a_phone(browser, address):
    for page in pages():
        open_page(browser, address + page, size=PHONE)
        wide, seen = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= seen, page


def violations(browser) -> list[str]:
    """What axe calls serious or critical, one line a rule."""
    browser.execute_script(AXE.read_text(encoding="utf8"))
    run = """
      const done = arguments[arguments.length - 1];
      const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
      const rules = {runOnly, resultTypes: ['violations']};
      const grave = v => ['serious', 'critical'].includes(v.impact);
      const where = n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '');
      const line = v => v.id + ': ' + v.nodes.slice(0, 4).map(where).join(' | ');
      axe.run(document, rules).then(r => done(r.violations.filter(grave).map(line)), e => done(['axe failed: ' + e]));
    """
    lines: list[str] = browser.execute_async_script(run)
    return lines


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_serious_barrier_in_light_or_dark(browser, address, size):
    found = {}
    for page in pages():
        open_page(browser, address + page, size=size)
        for theme in ("light", "dark"):
            set_theme(browser, theme)
            if barriers := violations(browser):
                found[page, theme] = barriers
    assert found == {}, json.dumps({" ".join(key): lines for key, lines in found.items()}, indent=1)


def test_a_barrier_would_be_found(browser, address):
    open_page(browser, address + "book/glossary.html")
    browser.execute_script(
        "document.querySelector('article').innerHTML += '<p style=\"color:#ccc;background:#fff\">pale</p><img src=x>'"
    )
    names = {line.split(":")[0] for line in violations(browser)}
    assert {"color-contrast", "image-alt"} <= names
