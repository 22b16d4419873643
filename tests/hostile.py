"""Case sets that mean harm, by chance from a seed, and what browsers make of their pages.

    PYTHONPATH=tests python tests/hostile.py [CASES] [SEED] [--clicks N] [--no-lab]

makes a set (200 cases), decisions about it, its report in both layouts and a comparison, opens
every page in Chromium, scrolls through it and clicks its pictures, then opens the executed
notebooks in JupyterLab, as a stranger's and trusted. Whatever runs (`window.pwned`, a dialog), asks
for anything elsewhere or is written outside is counted, printed, and exit status 1. The tests do a
dozen cases of it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.parse import unquote
from urllib.request import urlopen

import numpy as np
from browser import chromium, free_port
from commands import call
from fakes import disc
from PIL import Image, ImageCms, PngImagePlugin
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError

from rmbg_eval import Run, Settings, evaluate
from rmbg_eval.ci.outputs import build_files
from rmbg_eval.compare.folder import compare_folders
from rmbg_eval.decisions.record import ANSWERS, Decision, Decisions, Review, Side, Vote
from rmbg_eval.report.notebooks import render, render_comparison
from rmbg_eval.settings import CompareSettings

ATTACKS = [
    '"><img src=x onerror="window.pwned=1">',
    "'><svg onload=window.pwned=1>",
    "<script>window.pwned=1;alert(1)<script>",
    "--><iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<img src=//elsewhere.invalid/x onerror=alert(1)>",
    "<style>@import '//elsewhere.invalid/x'</style>",
    "<link rel=stylesheet href=//elsewhere.invalid/x>",
    "<meta http-equiv=refresh content='0;url=//elsewhere.invalid'>",
    "<base href=//elsewhere.invalid>",
    "<form action=//elsewhere.invalid><button autofocus onfocus=window.pwned=1>",
    "<details open ontoggle=window.pwned=1>",
    "</script><script>window.pwned=1</script>",
    "</title></style></textarea></template><svg/onload=window.pwned=1>",
    "]]><![CDATA[<x:script xmlns:x='http://www.w3.org/1999/xhtml'>window.pwned=1",
    "javascript:window.pwned=1//",
    "data:text/html,<script>window.pwned=1</script>",
    "${window.pwned=1}`${window.pwned=1}`",
    "{{constructor.constructor('window.pwned=1')()}}{% raw %}{{7*7}}",
    "';window.pwned=1;'",
    '\\";window.pwned=1;//',
    "![x](javascript:window.pwned=1) [y](//elsewhere.invalid) `<b>`",
    "$$\\href{javascript:window.pwned=1}{x}$$ $\\unicode{x}$",
    "&lt;img src=x onerror=window.pwned=1&gt; &#60;b&#62;",
    "=cmd|'/c calc'!A1",
    "[bold red]rich[/] [link=javascript:alert(1)]x[/link]",
    "../../../../outside",
    "..\\..\\outside",
    "%2e%2e%2foutside#a?b&c=d",
    "__proto__",
    "constructor",
    "$& $1 \\1 {0} {name} %s %(x)s",
]
ODD = [
    "\u202egnp.exe", "\u2066\u2069\u200f\u061c עברית عربى", "\x1b[31m\x07\x08 \x7f",
    "line\nfeed\r\ttab\ufffe",
    "发丝 👩‍👩‍👧‍👦 🏳️‍🌈", "Z̸̢̛̫͖̈́͝a̷l̶g̵o̴", "\u2028\u2029\ufeff\u200b",
    "e\u0301 é", "ﷺ" * 20,
    "con", "NUL.txt", " ends in a blank ", "-rf", "--out", "~", "a" * 200, "杯" * 60,
]  # fmt: skip
TOML = [
    "[[points]]\nid = 'x'\nkind = 'opaque'\nbox = [0, 0, 99999999999999999999, 1]",
    "[[points]]\nid = 'x'\nkind = 'opaque'\nbox = [4, 4, 9, 9]\nexpected = 1e308",
    "[[points]]\nid = 'x'\nkind = 'opaque'\nbox = [4, 4, 9, 9]\nexpected = nan\ntolerance = -inf",
    "[[points]]\nid = '__proto__'\nkind = 'constructor'\nbox = [4, 4, 9, 9]",
    "sha256 = 0x7fffffffffffffff",
    "a.b.c.d = 1\n[a.b]\nc = 2",
    f"group = {'[' * 400}{']' * 400}",
    'image = "../../../outside.png"',
    'alpha = "/etc/passwd"',
    'image = "a\\u0000b.png"',
    f'licence = "{"x" * 100_000}"',
    f"year = {'9' * 5000}",
    "when = 1979-05-27T07:32:00Z",
]


def text(chance: np.random.Generator) -> str:
    """One to three hostile pieces, one after the other."""
    pieces = [*ATTACKS, *ATTACKS, *ODD]
    return " ".join(pieces[int(chance.integers(len(pieces)))] for _ in range(chance.integers(1, 4)))


def file_name(chance: np.random.Generator) -> str:
    """`text` as a file may be called: at most 240 bytes, without slashes."""
    name = text(chance).replace("/", "\u2215").replace("\0", "").encode("utf-8")[:240]
    if chance.random() < 0.05:
        name += b"\xff\xfe"
    return os.fsdecode(name).strip(".") or "x"


def label(chance: np.random.Generator) -> str:
    """What a model may be called: 80 characters that can be seen, without `=`."""
    seen = "".join(c for c in text(chance).replace("=", "﹦") if c.isprintable())
    return f"{seen[:60].strip()} {chance.integers(1000)}".strip()


def make(folder: Path, count: int, seed: int) -> list[str]:
    """A case set `folder/cases` of so many cases, and two models' cut-outs; the models' specs."""
    chance = np.random.default_rng(seed)
    categories = [file_name(chance)[:120] for _ in range(max(2, count // 25))]
    models = [folder / "one", folder / "two"]
    for number in range(count):
        rgb, alpha = disc(number, (96, 64))
        category = folder / "cases" / categories[number % len(categories)]
        name = file_name(chance)
        described = number % 3 == 0
        path = category / name / "image.png" if described else category / f"{name}.jpg"
        with suppress(OSError):  # two of one name; a name too long for this disk
            path.parent.mkdir(parents=True, exist_ok=True)
            _picture(path, rgb, text(chance))
            if described:
                (path.parent / "case.toml").write_text(_toml(chance), "utf-8", "replace")
            stem = path.parent.name if described else path.stem
            for model in models if chance.random() < 0.95 else models[:1]:
                model.mkdir(exist_ok=True)
                moved = np.roll(alpha, int(chance.integers(-6, 7)), 1)
                Image.fromarray(moved).save(model / f"{stem}.png")
    return [f"{label(chance)}=folder:{model}" for model in models]


def _picture(path: Path, rgb: np.ndarray, said: str) -> None:
    """With `said` wherever such a file has room for words."""
    image, exif = Image.fromarray(rgb), Image.Exif()
    for tag in (0x010E, 0x013B, 0x8298, 0x9C9B):  # description, artist, copyright, title
        exif[tag] = said.encode("utf-8", "replace").decode("latin-1")
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{said}</x:xmpmeta>".encode("utf-8", "replace")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(
        "sRGB built-in".encode("utf-16-be"), "<svg onload=1".encode("utf-16-be")
    )
    if path.suffix == ".jpg":
        image.save(
            path, exif=exif, xmp=xmp, icc_profile=profile, comment=said.encode("utf-8", "replace")
        )
        return
    words = PngImagePlugin.PngInfo()
    for name in ("Title", "Comment", "XML:com.adobe.xmp", "<b>"):
        words.add_itxt(name, said.encode("utf-8", "replace").decode("utf-8"))
    image.save(path, exif=exif, icc_profile=profile, pnginfo=words)


def _toml(chance: np.random.Generator) -> str:
    def quoted() -> str:
        said = text(chance).encode("utf-8", "replace").decode("utf-8")
        return json.dumps(said, ensure_ascii=False).replace("\x7f", "\\u007f")

    if chance.random() < 0.3:
        return TOML[int(chance.integers(len(TOML)))]
    lines = [f"title = {{ en = {quoted()}, zh = {quoted()} }}"]
    lines += [f"{name} = {quoted()}" for name in ("licence", "author", "source", "group")]
    for number in range(3):
        lines += [
            "[[points]]",
            f"id = 'p{number}'",
            "kind = 'opaque'",
            f"box = [{8 * number}, 9, 20, 20]",
        ]
        lines += [
            f"title = {{ en = {quoted()}, zh = {quoted()} }}",
            f"required = {['false', 'true'][number % 2]}",
        ]
    return "\n".join(lines)


def decide(run: Run, path: Path, chance: np.random.Generator) -> None:
    """A decisions file with a review of every cut-out and votes, all in hostile words."""

    def said(most: int) -> str:
        return text(chance).encode("utf-8", "replace").decode("utf-8")[:most]

    decisions: list[Decision] = []
    seen: dict[tuple[str, str], Side] = {}
    for number, each in enumerate(p for p in run.predictions if p.cutout_sha256):
        side = Side(model=each.model, cutout_sha256=each.cutout_sha256)
        time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        about = {"category": each.category, "case": each.case, "time": time}
        about |= {"person": said(80), "page": said(40)}
        answer = tuple(ANSWERS)[number % len(ANSWERS)]
        decisions.append(
            Review(**about, **dict(side), answer=answer, comment=said(2000), place=(9, 9))
        )
        first = seen.setdefault((each.category, each.case), side)
        if first is not side:
            decisions.append(Vote(**about, left=first, right=side, choice="left"))
    path.write_text(Decisions(decisions=tuple(decisions)).model_dump_json(), "utf-8")


@dataclass
class Counts:
    """What was opened, and what was caught."""

    cases: int = 0
    pages: int = 0
    pictures: int = 0
    """Clicked."""
    opened: int = 0
    """Reviews, and votes without names."""
    ran: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """For anything but the page's own files."""
    errors: list[str] = field(default_factory=list)
    """Of the page's scripts, and what the console calls an error."""

    def __str__(self) -> str:
        caught = (self.ran, self.dialogs, self.requests, self.errors)
        names = ("ran", "dialogs", "requests", "errors")
        heads = f"{self.cases} cases, {self.pages} pages, {self.pictures} pictures clicked"
        heads += f", {self.opened} reviews and votes"
        return ", ".join([heads, *(f"{len(c)} {n}" for n, c in zip(names, caught, strict=True))])

    @property
    def harm(self) -> list[str]:
        return [*self.ran, *self.dialogs, *self.requests, *self.errors]


LAYOUTS = {"single": "en", "folder": "zh"}


def pages_of(
    folder: Path, count: int, seed: int, layouts: tuple[str, ...] = tuple(LAYOUTS)
) -> list[Path]:
    """The folders of a hostile set's pages: its report in the layouts, and a comparison."""
    one, other = make(folder, count, seed)
    out, settings = [], Settings(cases=str(folder / "cases"), models=[one, other])
    for layout in layouts:
        update = {"out": str(folder / layout), "layout": layout, "lang": LAYOUTS[layout]}
        changed = settings.model_copy(update=update)
        run = evaluate(changed, on_save=build_files)
        decide(run, folder / f"{layout}.json", np.random.default_rng(seed))
        status, printed = call("decide", folder / layout, folder / f"{layout}.json")
        assert status == 0, printed
        render(changed)
        out.append(folder / layout)
    again = settings.model_copy(
        update={
            "out": str(folder / "again"),
            "models": [f"{one.partition('=')[0]}=folder:{folder / 'two'}"],
        }
    )
    evaluate(again, on_save=build_files)
    comparing = CompareSettings(
        base=str(out[0]), new=str(folder / "again"), out=str(folder / "compared")
    )
    compare_folders(comparing, on_save=build_files)
    render_comparison(comparing)
    return [*out, folder / "compared"]


def watch(page: Page, counts: Counts, own: str) -> None:
    """Catch what the page does from now on; `own`: what its own addresses begin with."""

    def dialog(shown: object) -> None:
        counts.dialogs.append(f"{shown.type}: {shown.message}")  # type: ignore[attr-defined]
        shown.dismiss()  # type: ignore[attr-defined]

    def asked(address: str) -> None:
        scheme = address.partition(":")[0]
        if scheme not in ("data", "blob", "about") and not unquote(address).startswith(own):
            counts.requests.append(address)

    page.on("dialog", dialog)
    page.on("request", lambda request: asked(request.url))
    page.on("websocket", lambda socket: asked(socket.url.replace("ws", "http", 1)))
    page.on("pageerror", lambda error: counts.errors.append(str(error)))


def visit(browser: Browser, file: Path, counts: Counts, most: int = 1000) -> None:
    """Open a page from disk, scroll through it, click each picture and what has one, and Escape;
    review, vote, and open the run's decisions file in it."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    watch(
        page, counts, f"file://{file.parent.parent if file.parent.name == 'pages' else file.parent}"
    )
    page.on("console", lambda m: counts.errors.append(m.text) if m.type == "error" else None)
    page.goto(file.as_uri())
    counts.pages += 1
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    for _ in range(200):
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(20)
        if page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 2"):
            break
    targets = page.locator(
        "a:has(img), button:has(img), button:has(canvas), [tabindex]:has(img), main img"
    )
    for number in range(min(targets.count(), most)):
        with suppress(BrowserError):  # hidden by now, or under what is open
            if not targets.nth(number).is_visible():
                continue
            targets.nth(number).click(timeout=15_000)
            counts.pictures += 1
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Escape")
        if not page.url.startswith(file.as_uri()):
            page.goto(file.as_uri())
    for what, keys in (("review", "uumx"), ("blind", "=")):
        if page.locator(f"[data-do={what}]").count():
            page.click(f"[data-do={what}]")
            counts.opened += 1
            for key in keys:
                page.keyboard.press(key)
            page.keyboard.press("Escape")
    decisions = file.parent / "decisions.json"
    if decisions.exists() and page.locator("[data-part=file]").count():
        page.set_input_files("[data-part=file]", decisions)
        page.wait_for_timeout(500)
    _ran(page, counts, str(file))
    page.close()


def _ran(page: Page, counts: Counts, where: str) -> None:
    for frame in page.frames:
        with suppress(BrowserError):
            if frame.evaluate("window.pwned"):
                counts.ran.append(where)


@contextmanager
def lab(folder: Path, home: Path) -> Iterator[str]:
    """JupyterLab over `folder` on loopback, with settings and trust of its own in `home`."""
    port, token = free_port(), os.urandom(12).hex()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
            *(f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None"),
            *("--ServerApp.ip=127.0.0.1", "--LabApp.extension_manager=readonly"),
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        env={**os.environ, **_home(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in range(600):
            with suppress(URLError, OSError):
                urlopen(f"http://127.0.0.1:{port}/api", timeout=5)
                break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/lab/tree/{{name}}?token={token}&reset"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _home(home: Path) -> dict[str, str]:
    names = "JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR IPYTHONDIR JUPYTERLAB_WORKSPACES_DIR"
    return {
        **{name: str(home / name) for name in (*names.split(), "JUPYTERLAB_SETTINGS_DIR")},
        "JUPYTER_PREFER_ENV_PATH": "1",
    }


def visit_lab(browser: Browser, folders: list[Path], scratch: Path, counts: Counts) -> None:
    """Each folder's executed notebook, as it comes from a stranger and then trusted."""
    for folder in folders:
        (notebook,) = folder.glob("*.ipynb")
        home = scratch / f"home of {folder.name}"
        with lab(folder, home) as address:
            for trusted in (False, True):
                if trusted:
                    subprocess.run(
                        [sys.executable, "-m", "jupyter", "trust", str(notebook)],
                        env={**os.environ, **_home(home)},
                        stdout=subprocess.DEVNULL,
                        check=True,
                    )
                page = browser.new_page(viewport={"width": 1400, "height": 1000})
                page.set_default_timeout(120_000)
                watch(page, counts, address.partition("/lab")[0])
                page.goto(address.format(name=notebook.name))
                page.wait_for_selector(".jp-Notebook .jp-CodeCell")
                page.wait_for_timeout(2000)
                page.mouse.move(700, 500)
                for _ in range(60):
                    page.mouse.wheel(0, 1500)
                    page.wait_for_timeout(50)
                counts.pages += 1
                _ran(page, counts, f"{notebook} in JupyterLab, {trusted=}")
                page.close()


def main(count: int, seed: int, clicks: int, with_lab: bool = True) -> Counts:
    """Make, open, click on so many pictures of a page, count; what is caught is printed."""
    counts = Counts()
    with TemporaryDirectory() as scratch, chromium() as browser:
        folder = Path(os.path.realpath(scratch)) / "in"
        folder.mkdir()
        os.environ["RMBG_EVAL_CACHE"] = str(Path(scratch) / "cache")
        folders = pages_of(folder, count, seed)
        counts.cases = len(json.loads((folder / "single" / "run.json").read_text("utf-8"))["cases"])
        for each in folders:
            for file in sorted({each / "index.html", *each.glob("pages/*.html")}):
                visit(browser, file, counts, 3 if file.parent.name == "pages" else clicks)
            print(f"{each.name}: {counts}", flush=True)
        print(f"seed {seed}: {counts}", flush=True)
        if with_lab:
            in_lab = Counts(counts.cases)
            visit_lab(browser, folders, Path(scratch), in_lab)
            print(f"in JupyterLab: {in_lab}", flush=True)
            counts.ran += in_lab.ran
            counts.dialogs += in_lab.dialogs
            counts.requests += in_lab.requests
        shutil.rmtree(folder)
    for each in counts.harm[:50]:
        print(ascii(each), flush=True)
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="?", type=int, default=200)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--clicks", type=int, default=100, help="on pictures of a page (100)")
    parser.add_argument("--no-lab", action="store_true")
    given = parser.parse_args()
    sys.exit(bool(main(given.cases, given.seed, given.clicks, not given.no_lab).harm))
