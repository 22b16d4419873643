"""The report's page in a browser, and the memory that it takes to write it.

    python benchmarks/large_page.py [default] [1000x3] [10000x2] [memory] [--keep FOLDER]

default    the reference cases with the default models: bytes in one file, paint, usable, height
NxM        N cases with M models' cut-outs in the layout `folder`, opened from disk
memory     peak memory of writing the report of a finished run, and of `compare`: 1000, 3000 cases

A run of 40 cases of 960×640 px is evaluated; larger ones are the same records and pictures under
other names, so that to a page and a browser all are different. Everything is tried five times; the
least and the middle are printed, with the load of the machine, which makes timings longer. What is
made goes into FOLDER and is used again there.

Goals: the default file 15 MB. 1000x3: index.html 3 MB, first paint 1 s, usable 3 s, order and
filter 150 ms each to the next frame, no task above 100 ms while scrolling, the tab 500 MB. 10000x2:
usable in 5 s. Chromium keeps up to 512 MB of decoded pictures of any page, and lets them go where
memory is short: what is left then is the page's own.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psutil
from bench import HERE, RENDER, SELF, console, timed_command
from PIL import Image, ImageOps
from playwright.sync_api import Browser, CDPSession, Page
from rich.table import Table

from rmbg_eval import Run, load_cases
from rmbg_eval.core.anchors import case_anchor
from rmbg_eval.core.files import write_atomic
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.columns import Measurements
from rmbg_eval.run.previews import CasePreviews

sys.path.insert(0, str(HERE.parent / "tests"))
from browser import chromium

T = TypeVar("T", bound=Any)
TRIES = 5
WIDTHS = 390, 1440, 1920
SIZE = 960, 640
CONTENTS = 40
BUSY: dict[Page, CDPSession] = {}
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
    "const started = performance.now(); e.value = value;"
    "e.dispatchEvent(new Event('input', { bubbles: true }));"
    f"return {FRAME}.then(ended => ended - started); }}"
)


def main(parts: Sequence[str], folder: Path) -> None:
    """Make what is not there yet, and measure it."""
    for part in parts:
        console.rule(part)
        if part == "memory":
            for count in (1000, 3000):
                _memory_of_python(count, folder)
        elif part == "default":
            page_file = _report([], folder / part / "out")
            with chromium() as browser:
                _show(_opening(browser, page_file) | _heights(browser, page_file))
        else:
            count, models = map(int, part.split("x"))
            page_file = folder / part / "index.html"
            if not page_file.exists():
                _repeat(_base(folder, "base"), count, models, folder / part)
                _write_page(folder / part)
            with chromium() as browser:
                _show(_opening(browser, page_file) | _use(browser, page_file, count))


def _show(rows: dict[str, list[float]]) -> None:
    table = Table("", "least", "middle")
    for name, values in rows.items():
        table.add_row(name, f"{min(values):.6g}", f"{statistics.median(values):.6g}")
    console.print(table)
    console.print("load of the machine: " + " ".join(f"{load:.1f}" for load in os.getloadavg()))


def _report(options: list[str], out: Path) -> Path:
    """The page of a report, made where it is not there."""
    if not (out / "index.html").exists():
        timed_command([*SELF, "report", *options, "--out", str(out)], dict(os.environ))
    return out / "index.html"


def _write_page(folder: Path) -> None:
    """The page of a finished run, by a process of its own; and what that takes."""
    seconds, peak = timed_command([sys.executable, "-c", RENDER, str(folder)], dict(os.environ))
    console.print(f"report of {folder.name}: {peak / 2**20:.0f} MiB peak, {seconds:.0f} s")


# ---- in the browser


def _opened(browser: Browser, page_file: Path, width: int = 1440) -> tuple[Page, float]:
    """A page that answers, and the milliseconds until it did."""
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    BUSY[page] = session
    page.goto(page_file.as_uri(), wait_until="commit", timeout=120_000)
    page.wait_for_selector("html.script #left", state="attached", timeout=120_000)
    return page, page.evaluate(FRAME)


def _busy(page: Page) -> float:
    """Milliseconds that the page's main thread has had of a processor."""
    metrics = BUSY[page].send("Performance.getMetrics")["metrics"]
    return 1000 * next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def _opening(browser: Browser, page_file: Path) -> dict[str, list[float]]:
    paints, usables, busy = [], [], []
    for _ in range(TRIES):
        page, usable = _opened(browser, page_file)
        paints.append(page.evaluate(PAINT))
        usables.append(usable)
        busy.append(_busy(page))
        page.context.close()
    return {
        "index.html, MB": [page_file.stat().st_size / 1e6],
        "first paint, ms": paints,
        "usable, ms": usables,
        "usable, ms of processor": busy,
    }


def _heights(browser: Browser, page_file: Path) -> dict[str, list[float]]:
    """Of the page and of a case in it, every row laid out: as it is once one was there."""
    heights = {}
    for width in WIDTHS:
        page, _ = _opened(browser, page_file, width)
        _scroll(page)
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


def _scroll(page: Page) -> None:
    """From the top to the end."""
    for y in range(0, page.evaluate("document.documentElement.scrollHeight"), 800):
        page.evaluate(f"scrollTo(0, {y})")
        page.wait_for_timeout(16)


def _use(browser: Browser, page_file: Path, count: int) -> dict[str, list[float]]:
    """Order, filter, search, and scroll through a page of so many cases."""
    page, _ = _opened(browser, page_file)
    rows: dict[str, list[float]] = {}
    longest = []

    def change(name: str, selector: str, *values: str) -> None:
        for value in values:
            before = _busy(page)
            rows.setdefault(f"{name}, ms", []).append(page.evaluate(CHANGE, [selector, value]))
            rows.setdefault(f"{name}, ms of processor", []).append(_busy(page) - before)
            left = page.locator("#left").inner_text()
            if ("/" in left) != (bool(value) and name != "order"):
                raise AssertionError(f"{name} {value!r} left {left}")

    for _ in range(TRIES):
        change("order", "[name=order]", "-islands", "-in_between_share", "")
        change("filter", "[name=category]", "product", "")
        change("search", "[name=q]", "case 00001", "")
    page.evaluate(LONG)
    for _ in range(TRIES if count <= 1000 else 1):
        page.evaluate("longest = 0")
        _scroll(page)
        longest.append(page.evaluate("longest"))
    held = _memory_of_tab()
    BUSY[page].send("Memory.simulatePressureNotification", {"level": "critical"})
    page.wait_for_timeout(2000)
    return rows | {
        "longest task while scrolling, ms": longest,
        "memory of the tab, MB": [held / 1e6],
        "the same where memory is short, MB": [_memory_of_tab() / 1e6],
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
    one, other = folder / f"one-{count}", folder / f"other-{count}"
    for base, out in (("base", one), ("swapped", other)):
        if not out.exists():
            _repeat(_base(folder, base), count, 2, out)
    _write_page(one)
    compare = [*SELF, "compare", str(one), str(other), "--layout", "folder", "--out"]
    seconds, peak = timed_command(
        [*compare, str(folder / f"compare-{count}")], dict(os.environ), (0, 1)
    )
    console.print(f"compare of {count} × 2: {peak / 2**20:.0f} MiB peak, {seconds:.0f} s")


# ---- runs


def _base(folder: Path, name: str) -> Path:
    """The folder of a small run of three models; in `swapped` the first two change places."""
    names = ("m0", "m1", "m2")
    shown = ("m1", "m0", "m2") if name == "swapped" else names
    options = ["--layout", "folder", "--cases", str(folder / "cases")]
    for model, of in zip(names, shown, strict=True):
        options += ["--model", f"{model}=folder:{folder / of}"]
    if not (folder / "cases").exists():
        draw(names, CONTENTS, folder)
    return _report(options, folder / name).parent


def draw(models: Sequence[str], count: int, folder: Path) -> None:
    """Different pictures of 960×640 px in four categories, with as many soft discs a model."""
    rng = np.random.default_rng(0)
    sources = [case.picture().rgb for case in load_cases(resource("cases")).cases]
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] / SIZE[1]
    for number in range(count):
        left, top = rng.integers(0, 40, 2)
        whole = Image.fromarray(sources[number % len(sources)])
        drawn = {"cases": ImageOps.fit(whole.crop((left, top, *whole.size)), SIZE)}
        for model in models:
            away = np.hypot(x - rng.uniform(0.5, 1), y - 0.5)
            alpha = np.clip((rng.uniform(0.2, 0.4) - away) / rng.uniform(0.005, 0.015) + 0.5, 0, 1)
            drawn[model] = Image.fromarray(np.rint(255 * alpha).astype(np.uint8))
        category = ("portrait", "product", "pet", "garment")[number % 4]
        for name, image in drawn.items():
            path = folder / name / category / f"case {number:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path)


def _repeat(base: Path, count: int, models: int, out: Path) -> None:
    """A run folder of so many cases, whose pictures are hard links to those of `base`."""
    run = Run.load(base)
    kept = [model.info.name for model in run.models][:models]
    rounds = range(-(-count // len(run.cases)))
    keys = [(f"{n:03}", case) for n in rounds for case in run.cases][:count]
    named = {(n, case.category, case.id): f"{case.id} {n}" for n, case in keys}

    def of(records: Iterable[T]) -> tuple[T, ...]:
        records = [each for each in records if each.model in kept]
        return tuple(
            each.model_copy(update={"case": case})
            for (n, category, own), case in named.items()
            for each in records
            if (each.category, each.case) == (category, own)
        )

    predictions = []
    for (n, category, own), case in named.items():
        for each in run.index.by_case[category, own]:
            if each.model in kept:
                cutout = f"cutouts/{each.model}/{category}/{own}-{n}.png".replace(" ", "-")
                _link(base / (each.cutout or ""), out / cutout)
                predictions.append(each.model_copy(update={"case": case, "cutout": cutout}))
        drawn = (base / "assets" / f"{case_anchor(category, own)}.json").read_text("utf-8")
        previews = CasePreviews.model_validate_json(drawn)
        name = hashlib.sha256(f"{previews.name} {n}".encode()).hexdigest()[:20]
        for picture in (base / "assets").glob(f"{previews.name}-*"):
            _link(picture, out / "assets" / picture.name.replace(previews.name, name))
        mine = CasePreviews.model_validate_json(drawn.replace(previews.name, name))
        about = {"models": mine.models, "cutouts": mine.cutouts}
        about = {key: {m: each[m] for m in kept} for key, each in about.items()}
        index = out / "assets" / f"{case_anchor(category, case)}.json"
        index.write_text(mine.model_copy(update=about).model_dump_json(), encoding="utf-8")
    whole = run.model_copy(
        update={
            "settings": run.settings.model_copy(update={"out": str(out)}),
            "cases": tuple(c.model_copy(update={"id": f"{c.id} {n}"}) for n, c in keys),
            "models": tuple(each for each in run.models if each.info.name in kept),
            "predictions": tuple(predictions),
            "measurements": Measurements(of(run.measurements)),
            "points": of(run.points),
            "risks": of(run.risks),
        }
    )
    write_atomic(out / "run.json", whole.lines())


def _link(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, path)


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
