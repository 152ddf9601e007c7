"""Opens a page in headless Chromium as a reader would and prints what it saw as JSON.

drive_page.py PAGE FILTER, or drive_page.py --only-open PAGE
"""

import csv
import io
import json
import os
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

CANVASES = ["tradeoff", "energy", "area", "roofline"]


def start(downloads):
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--force-device-scale-factor=1"]:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": downloads})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=webdriver.chrome.service.Service("/usr/bin/chromedriver"), options=options)
    driver.set_script_timeout(60)
    return driver


def show_width(driver, width):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})


def colours(driver, name):
    """How many different colours a canvas has."""
    return driver.execute_script("""
        const canvas = document.getElementById(arguments[0]);
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const seen = new Set();
        for (let i = 0; i < data.length; i += 4) seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
        return seen.size;""", name)


def table_rows(driver):
    return driver.execute_script(
        "return [...document.querySelectorAll('#points tbody tr')].map((row) => Number(row.dataset.row))")


def scatter(driver):
    """Rows by how the chart shows them."""
    return driver.execute_script("""
        const sets = Chart.getChart("tradeoff").data.datasets;
        const rows = (sets) => sets.flatMap((set) => set.data.map((point) => point.row)).sort((a, b) => a - b);
        return {bright: rows(sets.filter((set) => set.group)), dimmed: rows(sets.filter((set) => set.dimmed)),
                front: sets.find((set) => set.front).data.map((point) => point.row)};""")


def selected(driver):
    return driver.execute_script("""
        const row = document.querySelector('#points tr[aria-current="true"]');
        return {row: row && Number(row.dataset.row), details: document.getElementById("details-body").textContent,
                heat: document.getElementById("heat-note").textContent,
                ring: Chart.getChart("tradeoff").data.datasets[0].data.map((point) => point.row),
                command: document.getElementById("command")?.textContent,
                layers: document.querySelectorAll("#heat tbody tr").length,
                exponents: [...document.querySelectorAll("#energy-table tr")].map(
                    (row) => [row.cells[0].textContent, row.cells[1].textContent])};""")


def type_filter(driver, text):
    """The time from the last key to a page that is laid out anew."""
    return driver.execute_script("""
        const field = document.getElementById("filter");
        field.value = arguments[0];
        const begin = performance.now();
        field.dispatchEvent(new Event("input", {bubbles: true}));
        document.body.offsetHeight;
        return performance.now() - begin;""", text)


def place_of(driver, row):
    """Of a point on the chart, from the middle of the canvas."""
    return driver.execute_script("""
        const chart = Chart.getChart("tradeoff");
        for (const [i, set] of chart.data.datasets.entries()) {
            if (!set.group) continue;
            const at = set.data.findIndex((point) => point.row === arguments[0]);
            if (at < 0) continue;
            const {x, y} = chart.getDatasetMeta(i).data[at];
            return [Math.round(x - chart.width / 2), Math.round(y - chart.height / 2)];
        }""", row)


def use_mouse(driver, facts):
    canvas = driver.find_element(By.ID, "tradeoff")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    row = scatter(driver)["front"][-1]
    x, y = place_of(driver, row)
    ActionChains(driver).move_to_element_with_offset(canvas, x, y - 60).move_to_element_with_offset(canvas, x, y).perform()
    time.sleep(0.2)
    facts["hover"] = {"aimed": row, "visible": driver.find_element(By.ID, "tip").is_displayed(),
                      "tip": driver.find_element(By.ID, "tip").text}
    ActionChains(driver).click().perform()
    time.sleep(0.3)
    facts["clicked"] = selected(driver)
    span = "const {min, max} = Chart.getChart('tradeoff').scales.x; return [min, max]"
    facts["range"] = [driver.execute_script(span)]
    origin = ScrollOrigin.from_element(canvas, 0, -20)
    ActionChains(driver).move_to_element_with_offset(canvas, 10, -20).scroll_from_origin(origin, 0, -240).perform()
    time.sleep(0.3)
    facts["range"].append(driver.execute_script(span))
    ActionChains(driver).move_to_element_with_offset(canvas, -60, -60).click_and_hold() \
        .move_to_element_with_offset(canvas, 40, 40).release().perform()
    facts["range"].append(driver.execute_script(span))
    driver.find_element(By.ID, "zoom-reset").click()
    facts["range"].append(driver.execute_script(span))


def use_keys(driver, facts):
    canvas = driver.find_element(By.ID, "tradeoff")
    driver.execute_script("arguments[0].focus()", canvas)
    driver.execute_script("const each = document.getElementById('front-of-each'); if (each.checked) each.click();")
    front = scatter(driver)["front"]
    if len(front) < 2:
        front = driver.execute_script("return JSON.parse(document.getElementById('data').textContent).front")
    visited = []
    for _ in front:
        ActionChains(driver).send_keys(Keys.ARROW_LEFT).perform()
    for _ in front:
        visited.append(selected(driver)["ring"][0])
        ActionChains(driver).send_keys(Keys.ARROW_RIGHT).perform()
    ActionChains(driver).send_keys(Keys.ENTER).perform()
    facts["keys"] = {"front": front, "visited": visited,
                     "focus": driver.execute_script("return document.activeElement.id")}
    first = driver.execute_script("document.querySelector('#points tbody tr').focus(); "
                                  "return Number(document.activeElement.dataset.row)")
    ActionChains(driver).send_keys(Keys.ARROW_DOWN, Keys.ENTER).perform()
    facts["keys"]["table"] = [first, selected(driver)["row"], table_rows(driver)[:2]]


def use_table(driver, facts, text):
    facts["filter_ms"] = [type_filter(driver, part) for part in [text[:1], text, "", text]]
    facts["filtered"] = {**scatter(driver), "table": table_rows(driver),
                         "count": driver.find_element(By.ID, "match-count").text}
    driver.find_element(By.ID, "save-csv").click()
    facts["errors"] = []
    for wrong in ["nothing<3", "energy_pj<x", "bits<"]:
        type_filter(driver, wrong)
        facts["errors"].append(driver.find_element(By.ID, "filter-error").text)
    type_filter(driver, "")
    button = '[data-sort="energy_pj"]'
    driver.execute_script(f"document.querySelector('{button}').click()")
    facts["sorted"] = [table_rows(driver)]
    driver.execute_script(f"document.querySelector('{button}').click()")
    facts["sorted"].append(table_rows(driver))
    facts["sort_state"] = driver.execute_script(f"return document.querySelector('{button}').closest('th').ariaSort")


def saved_csv(folder):
    for _ in range(50):
        files = [name for name in os.listdir(folder) if name.endswith(".csv")]
        if files:
            with open(os.path.join(folder, files[0]), newline="", encoding="utf-8") as file:
                return list(csv.DictReader(io.StringIO(file.read())))
        time.sleep(0.1)
    return None


def requests(driver):
    """Everything that was asked for but the page itself and what it holds or makes."""
    asked = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            asked.append(message["params"].get("request", message["params"])["url"])
    return [url for url in asked if not url.startswith(("data:", "blob:"))]


def open_page(driver, page, facts):
    show_width(driver, 1300)
    driver.get("file://" + os.path.abspath(page))
    facts["text"] = driver.find_element(By.TAG_NAME, "body").text
    facts["paint_ms"] = driver.execute_script(
        "return Object.fromEntries(performance.getEntriesByType('paint').map((e) => [e.name, e.startTime]))")
    facts["loaded_ms"] = driver.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd")


def use_page(driver, facts, text, downloads):
    facts["colours"] = {name: colours(driver, name) for name in CANVASES}
    facts["all"] = scatter(driver)
    facts["start"] = selected(driver)
    use_mouse(driver, facts)
    use_keys(driver, facts)
    use_table(driver, facts, text)
    facts["csv"] = saved_csv(downloads)
    show_width(driver, 360)
    time.sleep(0.5)
    facts["narrow"] = driver.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")


def main():
    facts = {}
    only_open = sys.argv[1] == "--only-open"
    with tempfile.TemporaryDirectory() as downloads:
        driver = start(downloads)
        try:
            open_page(driver, sys.argv[2] if only_open else sys.argv[1], facts)
            if not only_open:
                use_page(driver, facts, sys.argv[2], downloads)
            facts["console"] = [entry for entry in driver.get_log("browser") if entry["level"] != "INFO"]
            facts["requests"] = requests(driver)
        finally:
            driver.quit()
    print(json.dumps(facts))


main()
