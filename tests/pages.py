"""What the tests of pages share: opening one, its viewer, its review, and a server like Jenkins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

Pages = dict[str, Path]
"""The page of one thing, by layout."""
Window = Callable[..., Page]
"""Opens a page in a window of its own, with playwright's options of it."""
HOSTILE = '"><img src=x onerror="document.title=1">'
KEPT = "#review [data-part=unsaved]:not([data-keeping])"
DRESS = "[id^=case-garment-dress]"
CALM = 400  # milliseconds after which the address has where one looks
JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"


def opened(page: Page, address: str) -> tuple[list[str], list[str]]:
    """Open the page with every picture loaded; what it asked for, and what it complained of."""
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    # Not wait_for_function, which polls by eval(), and that is what the page's policy forbids.
    page.evaluate("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    page.evaluate("Promise.all([...document.images].map(i => i.decode().catch(() => 0)))")
    return asked, complaints


def where(page: Page) -> str:
    """Its address as it is now; `page.url` is what the browser has told so far."""
    return page.evaluate("location.href")


def look(page: Page, link: Locator) -> Page:
    """Follow a link into the viewer, wherever it moves to while rows above it are laid out."""
    link.focus()
    link.dispatch_event("click")
    expect(page.locator("#viewer")).to_be_visible()
    return whole(page)


def whole(page: Page) -> Page:
    """Once every picture of the viewer is there at full size."""
    expect(page.locator("#viewer .canvas:not([data-loaded])")).to_have_count(0)
    return page


def covered(page: Page, bar: str) -> list[str]:
    """The controls of a bar that something lies over, or that the window's edge cuts off."""
    return page.locator(bar).evaluate(
        """bar => [...bar.querySelectorAll('button, select, label, input:not([type=radio])')]
        .filter(e => e.checkVisibility()).filter(e => {
            const { left, right, top, bottom } = e.getBoundingClientRect();
            const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
            return !(hit && e.contains(hit));
        }).map(e => e.dataset.do ?? e.title ?? e.name)"""
    )


class served:
    """A folder on loopback, by default with the header that Jenkins sends for published pages."""

    def __init__(self, folder: Path, policy: str = JENKINS) -> None:
        self._folder = folder
        self._policy = policy

    def __enter__(self) -> str:
        policy = self._policy

        class Handler(SimpleHTTPRequestHandler):
            def end_headers(self) -> None:
                if policy:
                    self.send_header("Content-Security-Policy", policy)
                super().end_headers()

            def log_message(self, *_: object) -> None:
                pass

        handler = partial(Handler, directory=str(self._folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def saved(page: Page, path: Path) -> Path:
    """The decisions as the page saves them."""
    with page.expect_download() as download:
        page.locator("#review [data-do=save-decisions]").click()
    download.value.save_as(path)
    return path


def place(page: Page) -> Locator:
    """Which of the cut-outs is shown, of how many; a page that was loaded again brings it late."""
    return page.locator("#review [data-part=count]")


def places(page: Page) -> list[str]:
    return page.eval_on_selector_all(
        "#viewer .canvas", "all => all.map(each => each.style.transform)"
    )


def fragment(page: Page) -> dict[str, str]:
    """What the address has of it, once it is written."""
    page.wait_for_timeout(CALM)
    return page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")
