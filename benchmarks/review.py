"""A review of many pictures in a browser: `python benchmarks/review.py [CASES] [LAYOUT]`.

200 in the layout `single` unless it is said: cases of 960×640 pixels with finished cut-outs, opened
from disk in Chromium and decided on by keys, a second apart, then as fast as keys go. The page is
loaded again in the middle, and the browser is killed at the end, as soon as the page has the last
decision kept. Goals: 150 ms from a key to the next picture, nothing lost.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil
from bench import HERE, console
from large_page import draw
from playwright.sync_api import Page, sync_playwright

from rmbg_eval import Settings, evaluate
from rmbg_eval.report.notebooks import render

WATCH = """() => {
  window.times = [];
  addEventListener("keydown", () => {
    const start = performance.now(), before = document.querySelector("#review .canvas");
    const time = { first: null, full: null };
    const look = () => {
      const canvases = [...document.querySelectorAll("#review .canvas")];
      if (canvases[0] && canvases[0] !== before) {
        const there = canvases.every(({ firstChild: image }) => image.complete ?? true);
        const now = performance.now() - start;
        if (there) time.first ??= now;
        if (canvases.every(({ dataset }) => "loaded" in dataset)) time.full = now;
      }
      if (time.full === null) requestAnimationFrame(look);
      else requestAnimationFrame(() => times.push(time)); // painted by then
    };
    requestAnimationFrame(look);
  }, true);
}"""
ANSWERS = "uuumux"


def main(count: int, layout: str, scratch: Path) -> None:
    """Make the report, review all of it, and count what is there afterwards."""
    draw(["cutouts"], count, scratch)
    settings = Settings(
        cases=str(scratch / "cases"),
        models=[f"folder:{scratch / 'cutouts'}"],
        out=str(scratch / "out"),
        layout=layout,
    )
    evaluate(settings)
    page_file = render(settings)
    console.print(f"{count} cases, index.html: {page_file.stat().st_size / 1e6:.1f} MB")
    with sync_playwright() as playwright:

        def opened() -> Page:
            """A window of a browser that keeps what pages keep."""
            context = playwright.chromium.launch_persistent_context(
                scratch / "browser",
                executable_path="/usr/bin/chromium",
                args=["--no-sandbox", "--disable-gpu"],
                viewport={"width": 1440, "height": 900},
            )
            page = context.new_page()
            page.goto(page_file.as_uri())
            return page

        page = opened()
        page.locator("#by-eye [data-do=review]").click()
        page.wait_for_timeout(2000)
        half = count // 2
        page.evaluate(WATCH)
        for number in range(half):
            page.keyboard.press(ANSWERS[number % len(ANSWERS)])
            page.wait_for_timeout(1000)
        _tell("a second apart", page)
        page.reload()
        page.wait_for_timeout(2000)
        console.print(f"loaded again at {page.locator('#review [data-part=count]').inner_text()}")
        page.evaluate(WATCH)
        for number in range(half, count - 1):
            page.keyboard.press(ANSWERS[number % len(ANSWERS)])
            while page.evaluate("times.length") <= number - half:
                page.wait_for_timeout(5)
        _tell("at once", page)
        page.keyboard.press("u")
        page.wait_for_selector("#review [data-part=unsaved]:not([data-keeping])")
        kept = _kept(page)
        _kill(scratch / "browser")
        page = opened()
        console.print(f"kept {kept} of {count} decisions; after the browser's crash {_kept(page)}")
        page.context.close()


def _kill(profile: Path) -> None:
    """End the browser of a profile as a crash does."""
    for process in psutil.Process().children(recursive=True):
        if f"--user-data-dir={profile}" in process.cmdline():
            process.kill()


def _kept(page: Page) -> int:
    """How many decisions the page says are there and in no file."""
    text = page.locator("#by-eye [data-part=unsaved] [lang=en]").inner_text(timeout=5000)
    return int(text.split()[0])


def _tell(how: str, page: Page) -> None:
    times = page.evaluate("times")
    for name, words in (("first", "the next picture"), ("full", "every pixel of it")):
        values = [time[name] for time in times]
        middle, most = np.percentile(values, [50, 95]).round()
        console.print(f"{how}: {words} after {middle} ms, 95 % within {most} ms, "
                      f"{max(values):.0f} ms at most, of {len(values)}")  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        cases = int(sys.argv[1]) if len(sys.argv) > 1 else 200
        main(cases, sys.argv[2] if len(sys.argv) > 2 else "single", Path(folder))
