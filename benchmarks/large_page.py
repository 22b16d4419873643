"""The report's page in a browser, and the memory that it takes to write it.

    python benchmarks/large_page.py [default] [1000x3] [10000x2] [memory] [--keep FOLDER]

default    the reference cases with three models in one file: bytes, first paint, usable, height
NxM        N cases with M models' finished cut-outs in the layout `folder`, opened from disk
memory     peak memory of `report` of a finished run and of `compare`, over 1000 and 3000 cases

Goals: the default file 15 MB. 1000x3: index.html 3 MB, first paint 1 s, usable 3 s, order and filter
150 ms each to the next frame, no task above 100 ms while scrolling, the tab 500 MB. 10000x2: usable
5 s. Everything is tried `TRIES` times; the least and the middle are printed, with the load of the
machine, which makes timings longer. What is made goes into FOLDER and is used again there.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from bench import HERE, SELF, _timed, console
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page
from rich.table import Table

from rmbg_eval import load_cases
from rmbg_eval.core.paths import resource

sys.path.insert(0, str(HERE.parent / "tests"))
from browser import chromium

TRIES = 5
WIDTHS = 390, 1440, 1920
CONTENTS = 1000
"""Different pictures at most: those of more cases are hard links to them."""
DEFAULT = "isnet", "isnet-quint8", "grabcut"
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
FRAME = (
    "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
)
LONG = (
    "() => { window.longest = 0; new PerformanceObserver(list => { for (const e of "
    "list.getEntries()) longest = Math.max(longest, e.duration); })"
    ".observe({ type: 'longtask' }); }"
)
CHANGE = (
    "([selector, value]) => { const e = document.querySelector(selector);"
    "const started = performance.now(); if (e.type === 'checkbox') e.checked = value;"
    "else e.value = value; e.dispatchEvent(new Event('input', { bubbles: true }));"
    f"return {FRAME}.then(ended => ended - started); }}"
)


def main(parts: Sequence[str], folder: Path) -> None:
    """Make what is not there yet, and measure it."""
    for part in parts:
        console.rule(part)
        if part == "memory":
            for count in (1000, 3000):
                _memory_of_python(count, folder / f"memory-{count}")
        elif part == "default":
            options = [option for model in DEFAULT for option in ("--model", model)]
            page_file, _ = _report(options, folder / part)
            with chromium() as browser:
                _show(_opening(browser, page_file) | _heights(browser, page_file))
        else:
            count, models = map(int, part.split("x"))
            options = [*_cases(count, models, folder / part), "--layout", "folder"]
            page_file, _ = _report(options, folder / part)
            with chromium() as browser:
                _show(_opening(browser, page_file) | _use(browser, page_file, count))


def _show(rows: dict[str, list[float]]) -> None:
    table = Table("", "least", "middle")
    for name, values in rows.items():
        table.add_row(name, f"{min(values):.6g}", f"{statistics.median(values):.6g}")
    console.print(table)
    console.print("load of the machine: " + " ".join(f"{load:.1f}" for load in os.getloadavg()))


def _report(options: list[str], folder: Path, out: str = "out") -> tuple[Path, int]:
    """The page of a report, made where it is not there; and the peak bytes of its largest process,
    0 where it was."""
    page_file = folder / out / "index.html"
    if page_file.exists():
        return page_file, 0
    seconds, peak = _timed(
        [*SELF, "report", *options, "--out", str(folder / out)], dict(os.environ)
    )
    console.print(f"report made in {seconds:.0f} s")
    return page_file, peak


# ---- in the browser


def _opened(browser: Browser, page_file: Path, width: int = 1440) -> tuple[Page, float]:
    """A page that answers, and the milliseconds until it did."""
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(page_file.as_uri(), wait_until="commit", timeout=120_000)
    page.wait_for_selector("html.script #left", state="attached", timeout=120_000)
    return page, page.evaluate(FRAME)


def _opening(browser: Browser, page_file: Path) -> dict[str, list[float]]:
    paints, usables = [], []
    for _ in range(TRIES):
        page, usable = _opened(browser, page_file)
        paints.append(page.evaluate(PAINT))
        usables.append(usable)
        page.context.close()
    return {
        "index.html, MB": [page_file.stat().st_size / 1e6],
        "first paint, ms": paints,
        "usable, ms": usables,
    }


def _heights(browser: Browser, page_file: Path) -> dict[str, list[float]]:
    """Of the page and of a case in it, every row laid out."""
    heights = {}
    for width in WIDTHS:
        page, _ = _opened(browser, page_file, width)
        page.evaluate(
            "() => { const all = new CSSStyleSheet();"
            "all.replaceSync('* { content-visibility: visible !important }');"
            "document.adoptedStyleSheets = [...document.adoptedStyleSheets, all];"
            "for (const image of document.images) image.loading = 'eager'; }"
        )
        page.evaluate("Promise.all([...document.images].map(i => i.decode().catch(() => 0)))")
        rows = page.locator("article.case")
        tall = rows.evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
        heights |= {
            f"height at {width}, px": [page.evaluate("document.documentElement.scrollHeight")],
            f"a case at {width}, px": [sum(tall) / len(tall)],
        }
        page.context.close()
    return heights


def _use(browser: Browser, page_file: Path, count: int) -> dict[str, list[float]]:
    """Order, filter, search, and scroll through a page of so many cases."""
    page, _ = _opened(browser, page_file)
    orders, filters, searches, longest = [], [], [], []

    def change(selector: str, value: Any) -> float:
        return page.evaluate(CHANGE, [selector, value])

    for _ in range(TRIES):
        orders += [change("[name=order]", value) for value in ("-islands", "-in_between_share", "")]
        filters += [change("[name=category]", value) for value in (True, False)]
        searches += [change("[name=q]", value) for value in ("case 0001", "")]
    page.evaluate(LONG)
    for _ in range(TRIES if count <= 1000 else 1):
        page.evaluate("longest = 0")
        for y in range(0, page.evaluate("document.documentElement.scrollHeight"), 800):
            page.evaluate(f"scrollTo(0, {y})")
            page.wait_for_timeout(16)
        longest.append(page.evaluate("longest"))
    return {
        "order, ms": orders,
        "filter, ms": filters,
        "search, ms": searches,
        "longest task while scrolling, ms": longest,
        "memory of the tab, MB": [_memory_of_tab() / 1e6],
    }


def _memory_of_tab() -> int:
    """Private bytes of the largest of the browser's tabs."""
    tabs = [
        child.memory_full_info().uss
        for child in psutil.Process().children(recursive=True)
        if "--type=renderer" in child.cmdline()
    ]
    return max(tabs)


# ---- in Python


def _memory_of_python(count: int, folder: Path) -> None:
    """Peak memory of a report of a finished run, and of a comparison with another one."""
    options = [*_cases(count, 2, folder), "--layout", "folder"]
    for out in ("out", "new"):
        _report(options, folder, out)
        options = [option.replace("m0=", "m?=").replace("m1=", "m0=") for option in options]
        options = [option.replace("m?=", "m1=") for option in options]  # the other's cut-outs
    again = [*SELF, "report", *options, "--out", str(folder / "new")]
    compare = [*SELF, "compare", str(folder / "out"), str(folder / "new"), "--layout", "folder"]
    compare += ["--out", str(folder / "compare")]
    for name, command in {"report of a finished run": again, "compare": compare}.items():
        seconds, peak = _timed(command, dict(os.environ))
        console.print(f"{count} cases × 2, {name}: {peak / 2**20:.0f} MiB peak, {seconds:.0f} s")


# ---- cases


def _cases(count: int, models: int, folder: Path) -> list[str]:
    """Options that name so many cases and models; their files are made where they are not there."""
    names = [f"m{number}" for number in range(models)]
    options = [part for name in names for part in ("--model", f"{name}=folder:{folder / name}")]
    options += ["--cases", str(folder / "cases")]
    if folder.exists():
        return options
    size = (960, 640) if count <= CONTENTS else (240, 160)
    rng = np.random.default_rng(0)
    sources = [case.picture().rgb for case in load_cases(resource("cases")).cases]
    y, x = np.mgrid[: size[1], : size[0]] / size[1]

    def picture(number: int) -> Image.Image:
        left, top = rng.integers(0, 40, 2)
        whole = Image.fromarray(sources[number % len(sources)])
        return ImageOps.fit(whole.crop((left, top, *whole.size)), size)

    def matte() -> Image.Image:
        away = np.hypot(x - rng.uniform(0.5, 1), y - 0.5)
        soft = rng.uniform(0.005, 0.015)
        alpha = np.clip((rng.uniform(0.2, 0.4) - away) / soft + 0.5, 0, 1)
        return Image.fromarray(np.rint(255 * alpha).astype(np.uint8))

    make: dict[str, Callable[[int], Image.Image]] = {"cases": picture}
    make |= {name: lambda _: matte() for name in names}
    for number in range(count):
        category = ("portrait", "product", "pet", "garment")[number % 4]
        for name, drawn in make.items():
            file = (
                folder / name / category / f"case {number:05}.{'jpg' if name == 'cases' else 'png'}"
            )
            file.parent.mkdir(parents=True, exist_ok=True)
            if number < CONTENTS:
                drawn(number).save(file)
            else:
                like = f"case {number % CONTENTS:05}{file.suffix}"
                os.link(folder / name / category / like, file)
    return options


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["default", "1000x3", "10000x2", "memory"])
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    if given.keep:
        main(given.parts, given.keep)
    else:
        with tempfile.TemporaryDirectory(dir=HERE) as scratch:
            main(given.parts, Path(scratch))
