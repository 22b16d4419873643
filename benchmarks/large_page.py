"""A report of many cases in a browser: `python benchmarks/large_page.py [CASES]` (1000).

Cases of 960×640 pixels with two models' finished cut-outs, all files different, in the layout
`folder`, opened from disk in Chromium. Goals: first paint 1 s, usable 3 s, index.html 3 MB, the
tab's memory 500 MB, scrolling without a task above 200 ms.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from bench import HERE, console
from PIL import Image, ImageOps

from rmbg_eval import Report, Settings, evaluate, load_cases
from rmbg_eval.core.paths import resource
from rmbg_eval.report.notebooks import render

sys.path.insert(0, str(HERE.parent / "tests"))
from browser import chromium

SIZE = 960, 640
PAINT = (
    "() => performance.getEntriesByType('paint').find(e => e.name == 'first-contentful-paint')"
    "?.startTime"
)
LONG = (
    "() => { window.longest = 0; new PerformanceObserver(list => { for (const e of "
    "list.getEntries()) longest = Math.max(longest, e.duration); })"
    ".observe({ type: 'longtask' }); }"
)


def main(count: int, scratch: Path) -> None:
    """Make the report, open it, scroll through it, and filter it."""
    models = _cases(count, scratch)
    settings = Settings.of(
        {
            "cases": str(scratch / "cases"),
            "models": models,
            "out": str(scratch / "out"),
            "layout": "folder",
        }
    )
    started = time.perf_counter()
    Report(evaluate(settings))
    page_file = render(settings)
    console.print(f"made in {time.perf_counter() - started:.0f} s")
    console.print(f"index.html: {page_file.stat().st_size / 1e6:.2f} MB for {count} cases")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        started = time.perf_counter()
        page.goto(page_file.as_uri(), wait_until="commit")
        page.wait_for_selector("html.script #left", state="attached")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        usable = time.perf_counter() - started
        console.print(f"first contentful paint: {page.evaluate(PAINT):.0f} ms")
        console.print(f"usable (filters answer): {usable:.2f} s")
        page.evaluate(LONG)
        height = page.evaluate("document.documentElement.scrollHeight")
        for y in range(0, height, 800):
            page.evaluate(f"scrollTo(0, {y})")
            page.wait_for_timeout(16)
        console.print(f"scrolled {height} px; longest task {page.evaluate('longest'):.0f} ms")
        page.locator("#find [name=order]").select_option("-in_between_share")
        page.locator("#find [name=q]").fill("case 01")
        console.print(f"longest task of an order and a search: {page.evaluate('longest'):.0f} ms")
        console.print(f"memory of the tab: {_memory() / 1e6:.0f} MB")


def _memory() -> int:
    """Private bytes of the largest of the browser's tabs."""
    tabs = [
        child.memory_full_info().uss
        for child in psutil.Process().children(recursive=True)
        if "--type=renderer" in child.cmdline()
    ]
    return max(tabs)


def _cases(count: int, scratch: Path) -> list[str]:
    rng = np.random.default_rng(0)
    sources = [case.picture().rgb for case in load_cases(resource("cases")).cases]
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    for number in range(count):
        name = f"case {number:04}"
        whole = Image.fromarray(sources[number % len(sources)])
        left, top = rng.integers(0, 40, 2)
        image = ImageOps.fit(whole.crop((left, top, *whole.size)), SIZE)
        category = ("portrait", "product", "pet", "garment")[number % 4]
        path = scratch / "cases" / category / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, quality=85)
        for model, soft in (("one", 4), ("two", 9)):
            middle, radius = rng.integers(300, 600), rng.integers(120, 280)
            away = np.hypot(x - middle, y - 320)
            matte = np.clip((radius - away) / soft + 0.5, 0, 1)
            file = scratch / model / category / f"{name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.rint(255 * matte).astype(np.uint8)).save(file)
    return [f"{name}=folder:{scratch / name}" for name in ("one", "two")]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, Path(folder))
