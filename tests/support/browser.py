"""A real browser without a window, for tests of pages: Chromium, driven by Selenium.

Tests that use it are skipped where Chromium, its driver or Selenium is missing.
"""

import shutil

import pytest


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """The driver of one browser for all tests of a process; it can reach no network."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed")
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("Debian's chromium and chromium-driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    profile = tmp_path_factory.mktemp("chromium")
    for argument in (
        "--headless=new",
        "--no-sandbox",  # its sandbox does not work for root
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--window-size=1440,900",
        "--user-data-dir={}".format(profile),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.chrome.service.Service(driver)
    started = webdriver.Chrome(options=options, service=service)
    started.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    yield started
    started.quit()


CONTRAST = """
const part = (color) => { const v = color / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
const behind = (one) => {
  for (let at = one; at; at = at.parentElement) {
    const found = numbers(getComputedStyle(at).backgroundColor);
    if (found.length === 3) return found;
  }
  return [255, 255, 255];
};
const poor = [];
for (const one of document.querySelectorAll("body *:not(script):not(noscript)")) {
  const says = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!says || !one.checkVisibility()) continue;
  const [a, b] = [light(numbers(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
  if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(one.className + ": " + one.textContent.slice(0, 30));
}
return poor;
"""


class Page:
    """A page in the browser, as somebody sees and uses it."""

    def __init__(self, driver):
        self.driver = driver

    def run(self, script, *values):
        """What a script of ours returns; the page's policy does not hold for it."""
        return self.driver.execute_script(script, *values)

    def one(self, selector):
        """The first element that a CSS selector finds."""
        return self.driver.find_element("css selector", selector)

    def texts(self, selector):
        """The texts of all elements that can be seen, from top to bottom."""
        return self.run(
            """
            const seen = [...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility());
            const top = (one) => one.getBoundingClientRect().top;
            return seen.sort((a, b) => top(a) - top(b)).map((one) => one.innerText.trim());
            """,
            selector,
        )

    def covered(self, selector):
        """The elements that something else lies upon, or that are out of sight."""
        return self.run(
            """
            const isSeen = (one) => {
              const box = one.getBoundingClientRect();
              const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              return found && (one.contains(found) || found.contains(one));
            };
            const every = [...document.querySelectorAll(arguments[0])];
            return every.filter((one) => !isSeen(one)).map((one) => one.outerHTML);
            """,
            selector,
        )

    def count(self, selector):
        """How many elements there are, in sight or not."""
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def press(self, *keys):
        """Type into whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def click(self, selector):
        """Click on an element."""
        self.one(selector).click()

    def be_wide(self, width):
        """Show the page in so many pixels, 0 for as many as the window has."""
        size = {"width": width, "height": 0, "deviceScaleFactor": 0, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def faint(self):
        """The texts in sight that do not stand out enough from what is behind them."""
        return self.run(CONTRAST)

    def worked(self):
        """How many seconds of the processor the page has taken so far."""
        found = self.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return {one["name"]: one["value"] for one in found}["TaskDuration"]

    def told(self):
        """What the browser's console says: refused scripts, errors, requests."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture
def browse(chromium, tmp_path):
    """Show a text of HTML from a file, to somebody who likes it dark or light; return the page."""

    def show(html, scheme="light"):
        path = tmp_path / "page.html"
        path.write_text(html, "utf-8")
        wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": wishes[name]} for name in sorted(wishes)]
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        chromium.get_log("browser")
        chromium.get(path.as_uri())
        return Page(chromium)

    yield show
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    chromium.get("about:blank")
