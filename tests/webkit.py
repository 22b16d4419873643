"""WebKit, which Safari is made of, driven by the W3C's WebDriver protocol."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from browser import free_port

NEEDED = ("WebKitWebDriver", "Xvfb")
BROWSER = "webkit2gtk-*/MiniBrowser"
PATIENCE = 60
"""Seconds."""


class WebKit:
    """A window of 1440 × 900 CSS pixels."""

    def __init__(self, driver: str) -> None:
        self._driver = driver
        (browser,) = sorted(Path("/usr/lib").glob(f"*/{BROWSER}"))[-1:]
        options = {"binary": str(browser), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        answer = self._ask("POST", "/session", capabilities=wanted)
        self._session = f"/session/{answer['sessionId']}"
        self._ask("POST", f"{self._session}/window/rect", width=1440, height=900)

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        data = json.dumps(body).encode() if method == "POST" else None
        request = Request(self._driver + path, data, method=method)
        with urlopen(request, timeout=PATIENCE) as response:
            return json.load(response)["value"]

    def visit(self, address: str) -> None:
        self._ask("POST", f"{self._session}/url", url=address)

    def run(self, script: str) -> Any:
        """The body of a function, and what it returns."""
        return self._ask("POST", f"{self._session}/execute/sync", script=script, args=[])

    def until(self, script: str) -> Any:
        """The same again until it returns something."""
        end = time.monotonic() + PATIENCE
        while not (answer := self.run(script)):
            assert time.monotonic() < end, script
            time.sleep(0.1)
        return answer

    def press(self, *keys: str) -> None:
        for key in keys:
            strokes = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
            keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
            self._ask("POST", f"{self._session}/actions", actions=[keyboard])

    def close(self) -> None:
        self._ask("DELETE", self._session)


@contextmanager
def webkit() -> Iterator[WebKit]:
    """It, in a display of its own; without it the test fails in CI and is skipped elsewhere."""
    if not all(map(shutil.which, NEEDED)) or not [*Path("/usr/lib").glob(f"*/{BROWSER}")]:
        reason = "WebKit is not installed (Debian: apt-get install webkit2gtk-driver xvfb)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    own, its = os.pipe()
    screen = ("-screen", "0", "1600x1200x24")
    started = [subprocess.Popen(["Xvfb", "-displayfd", str(its), *screen], pass_fds=[its])]
    try:
        os.close(its)
        with open(own) as display:
            name = f":{display.readline().strip()}"
        port = free_port()
        started.append(
            subprocess.Popen(
                ["WebKitWebDriver", f"--port={port}"], env=os.environ | {"DISPLAY": name}
            )
        )
        browser = WebKit(_answering(f"http://127.0.0.1:{port}"))
        try:
            yield browser
        finally:
            browser.close()
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def _answering(driver: str) -> str:
    """The driver's address, once it answers."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            urlopen(f"{driver}/status", timeout=PATIENCE).close()
        except URLError:
            assert time.monotonic() < end
            time.sleep(0.1)
        else:
            return driver
