"""`rmbg-eval serve RUN`: a finished report, whose page saves what a file cannot.

Of the run's folder the pages are served, their parts, and the pictures that a run writes into
folders of its own; nothing else, and nothing beside it. What a page sends is bounded, is checked by
the records it is made of, and comes from this page alone: with the token if there is one, and from
the same origin. Nothing that a visitor sends writes to the operator's log.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import mimetypes
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from tornado.log import app_log
from tornado.web import Application, HTTPError, RequestHandler

from ..core.files import inside, try_to_write, user_path
from ..decisions.files import keep_by_person, received
from ..decisions.record import Decisions
from ..errors import (
    DecisionError,
    Failure,
    OutputError,
    RmbgEvalError,
    SettingsError,
    printable,
    system_reason,
)
from ..i18n import Message
from ..report.by_eye import page_data
from ..run.folder import PAGES
from ..run.record import Run
from .access import address_of, check_free, is_local_name, listen, token_of
from .by_hand import ByHand

_SHOWN = {".png", ".webp", ".jpg", ".jpeg"}
_FOLDERS = ("assets/", "cutouts/")
_PARTS = {
    "report.css": "text/css",
    "report.js": "text/javascript",
    "backdrop.webp": "image/webp",
}
_META = '<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; '
"""What a page of ours begins its policy with."""
Answer = Callable[[bytes], dict[str, Any]]
"""To what a page sends; it may raise any RmbgEvalError."""
_POLICY_OF_PICTURES = "default-src 'none'; sandbox; frame-ancestors 'none'"


class Desk:
    """A run, and what may be written of it. Where it is made anew meanwhile, its folder's new page
    is served: what that asks is answered by the new run, as is what the page before decided by the
    one that it shows."""

    def __init__(self, folder: Path, decisions: str, add_to: str = "") -> None:
        run = Run.load(folder)
        self.folder = run.settings.out_folder
        self._runs = [_known(run)]
        self._stamp = self._stamp_now()
        self._taking_new = Lock()
        self.told = ""
        """What who runs the server was told last of its disk; empty once it can be written to."""
        if not (self.folder / "index.html").is_file():
            raise SettingsError(
                Message("{folder} has no index.html", folder=printable(str(folder))),
                Message("Make it: rmbg-eval report --out DIR."),
            )
        self.decisions = _taking(decisions) if decisions else None
        self._cases = user_path(add_to, SettingsError) if add_to else None
        self.by_hand = ByHand(self.run, self._cases)
        self.asks: dict[str, Answer] = {"measure-point": self.measure}
        if add_to:
            self.asks["write-point"] = self.write
        if self.decisions:
            self.asks["decisions"] = self.keep
        self.writing = ThreadPoolExecutor(1, "writing")
        self.measuring = ThreadPoolExecutor(1, "measuring")  # which takes its time

    @property
    def run(self) -> Run:
        """The run, as it is now."""
        return self._runs[0][0]

    def page(self, path: Path) -> bytes:
        """A page of the report, which may ask what this server offers."""
        text = path.read_text("utf-8")
        start = text.find(_META)
        if not 0 <= start < 1000:  # of another version, or no page of ours
            raise HTTPError(404)
        offers = f'<meta name="rmbg-eval-offers" content="{" ".join(self.asks)}">\n'
        rest = text[start:].replace(_META, f"{_META}connect-src 'self'; ", 1)
        return (text[:start] + offers + rest).encode("utf-8")

    def keep(self, data: bytes) -> dict[str, Any]:
        """Save decisions; how many there were."""
        assert self.decisions is not None
        self._take_new()
        of, new = self._received(data)
        keep_by_person(self.decisions, of, new)
        return {"saved": len(new.decisions)}

    def _received(self, data: bytes) -> tuple[str, Decisions]:
        """Decisions, and of which run they are: this one, or that before."""
        (run, of), *before = self._runs
        try:
            return of, received(run, data)
        except DecisionError:
            for earlier, its in before:
                with suppress(DecisionError):
                    return its, received(earlier, data)
            raise

    def measure(self, data: bytes) -> dict[str, Any]:
        """What a point measures, as `ByHand.measure`."""
        self._take_new()
        return self.by_hand.measure(data)

    def write(self, data: bytes) -> dict[str, Any]:
        """Write a point, as `ByHand.write`."""
        self._take_new()
        return self.by_hand.write(data)

    def _take_new(self) -> None:
        """Take the run that the folder has by now, once it is complete."""
        with self._taking_new, suppress(RmbgEvalError, OSError):
            if (stamp := self._stamp_now()) != self._stamp:
                self._stamp = stamp
                run = Run.load(self.folder)
                if run.complete:
                    self.by_hand = ByHand(run, self._cases)
                    known = _known(run)
                    self._runs = [known, *(old for old in self._runs if old[1] != known[1])][:2]

    def _stamp_now(self) -> tuple[int, int]:
        status = (self.folder / "run.json").stat()
        return status.st_ino, status.st_mtime_ns


def _known(run: Run) -> tuple[Run, str]:
    """A run, and what tells it from others."""
    return run, str(page_data(run, Decisions())["content"])


def _taking(decisions: str) -> Path:
    """The folder, made if need be; SettingsError where nothing can be saved in it: else the first
    visitor would be told, and not who could do something about it."""
    folder = user_path(decisions, SettingsError)
    try:
        try_to_write(folder)
    except OSError as error:
        raise SettingsError(
            Message(
                "Decisions cannot be saved in {folder}: {reason}",
                folder=printable(str(folder)),
                reason=system_reason(error),
            ),
            Message("Let --decisions name a folder that you may write to."),
        ) from None
    return folder


class Visit(RequestHandler):
    """Who may come in, and what is said of errors: a line, in no language but the protocol's."""

    def initialize(self, desk: Desk, token: str | None) -> None:
        self.desk, self.token = desk, token

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Content-Security-Policy", _POLICY_OF_PICTURES)

    def prepare(self) -> None:
        if self.token is None:  # no other site's name may lead here
            if not is_local_name(self.request.host_name):
                raise HTTPError(403)
            return
        looks = self.request.method in ("GET", "HEAD")
        asked = self.get_query_argument("token", None) if looks else None
        if asked is not None and self._right(asked):
            self.set_cookie(self._cookie(), self.token, httponly=True, samesite="Strict", path="/")
            self.redirect(self.request.path)  # the address has it no longer
            return
        if not self._right(self.get_cookie(self._cookie()) or ""):
            raise HTTPError(403)

    def _cookie(self) -> str:
        """With the port: browsers send a host's cookies to all of its servers, which overwrite each
        other's of one name."""
        return "rmbg-eval-token-" + re.sub(r"\W", "-", self.request.host, flags=re.ASCII)

    def _right(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "replace"), (self.token or "").encode())

    def head(self, *name: str) -> None:
        """As `get`; tornado sends no body."""
        self.get(*name)

    def write_error(self, status_code: int, **_: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {self._reason}\n")

    def log_exception(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if not isinstance(error, HTTPError):
            app_log.error(printable(f"{type(error).__name__}: {error}")[:300])

    def file(self, name: str) -> Path:
        """A file of the run's folder; HTTPError 404 where there is none of that name."""
        path = self.desk.folder / name
        with suppress(OSError):  # a name that is too long
            if inside(self.desk.folder, name) and path.is_file():
                return path
        raise HTTPError(404)


class PageHandler(Visit):
    """The report, or a case's own page."""

    def get(self, name: str = "") -> None:
        path = self.file(f"{PAGES}/{name}" if name else "index.html")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", "frame-ancestors 'none'")  # and the page's own
        self.finish(self.desk.page(path))


class FileHandler(Visit):
    """A picture of the report, or a part of its page."""

    def get(self, name: str) -> None:
        if name == "favicon.ico":  # browsers ask for one
            self.set_status(204)
            return
        picture = name.startswith(_FOLDERS) and Path(name).suffix.lower() in _SHOWN
        if not (picture or name in _PARTS) or any(part.startswith(".") for part in name.split("/")):
            raise HTTPError(404)
        path = self.file(name)
        kind = _PARTS.get(name) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        self.set_header("Content-Type", kind)
        self.finish(path.read_bytes())


class AskHandler(Visit):
    """What the page asks for, as JSON; answered after what was asked before of the same sort."""

    def initialize(self, desk: Desk, token: str | None, answer: Answer) -> None:  # type: ignore[override]
        super().initialize(desk, token)
        self.answer = answer
        self.line = desk.measuring if answer == desk.measure else desk.writing

    def prepare(self) -> None:
        super().prepare()
        origin = urlsplit(self.request.headers.get("Origin", ""))
        own = origin.scheme in ("http", "https") and origin.netloc == self.request.host
        kind = self.request.headers.get("Content-Type", "")
        if not own or self.request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise HTTPError(403)
        if kind.split(";")[0].strip() != "application/json":
            raise HTTPError(415)

    async def post(self) -> None:
        loop = asyncio.get_running_loop()
        work = partial(self.answer, self.request.body)
        try:
            said = await loop.run_in_executor(self.line, work)
            if self.line is self.desk.writing:
                self.desk.told = ""
        except OutputError as error:  # no fault of the visitor's, whose page tries it again
            if self.desk.told != (text := printable(str(error))):
                self.desk.told = text
                app_log.error(text)
            raise HTTPError(503) from None
        except RmbgEvalError as error:
            said = Failure.of(error).everywhere()
            self.set_status(422)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(said))


def application(desk: Desk, token: str | None) -> Application:
    """What is served."""
    about: dict[str, Any] = {"desk": desk, "token": token}
    return Application(
        [
            (r"/(?:index\.html)?", PageHandler, about),
            (rf"/{PAGES}/([^/]+\.html)", PageHandler, about),
            *((f"/{ask}", AskHandler, {**about, "answer": desk.asks[ask]}) for ask in desk.asks),
            (r"/(.+)", FileHandler, about),
        ],
        log_function=lambda handler: None,
    )


def serve_report(
    folder: Path,
    host: str,
    port: int,
    token: str | None,
    decisions: str,
    add_to: str,
    say: Callable[[str], None],
) -> None:
    """Serve a finished report until the process is told to end.

    `decisions`: the folder that takes what visitors decide, or none; `add_to`: the folder of cases
    whose points they may write, or none. Any host but a loopback address gets a token. `say` is
    told the address. Raises SettingsError for what cannot be served, OutputError for a folder that
    holds no run, CaseError for one that holds no cases.
    """
    token = token_of(host, token)
    check_free(host, port)
    desk = Desk(folder, decisions, add_to)
    logging.getLogger("tornado").setLevel(logging.ERROR)  # below that, it tells of visitors' faults
    asyncio.run(
        _serve(application(desk, token), host, port, lambda: say(address_of(host, port, token)))
    )


async def _serve(app: Application, host: str, port: int, when_there: Callable[[], None]) -> None:
    listen(app, port, host)
    when_there()
    await asyncio.Event().wait()
