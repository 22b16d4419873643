"""The widget of explore.ipynb: a page of plain JavaScript, and the Python it talks to.

In JupyterLab the models are in this kernel; on the page of `rmbg-eval serve`, in the process that
SERVED names. Messages are JSON; what a picture weighs travels beside them, in parts.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

import anywidget
import traitlets

from ..cases.categories import CATEGORIES, LOOSE, category_title
from ..cases.folder import load_cases
from ..core.choices import Foreground, Language
from ..core.foreground import words
from ..errors import CaseError, Failure, ModelError, RmbgEvalError, printable
from ..i18n import Message
from ..measure.kinds import KINDS
from ..models.table import OneModel
from ..settings import Settings
from ..web import module, style
from .by_hand import PicturePoints
from .case_set import add_case
from .engine import Engine, LocalEngine
from .model_server import RemoteEngine
from .pictures import MOST_UPLOAD, Pictures, preview
from .texts import strings

SERVED = "RMBG_EVAL_SERVED"
"""Environment variable by which `rmbg-eval serve` tells its kernels, as JSON, `socket`: of the
process that holds the models; `cases`: to choose from; `add_to`: the folder cases go to, or ""."""

PART = 1 << 20
"""Bytes of a picture in one message: far below what websockets refuse without a word."""

MOST_MEMORY = 6 << 30
"""Bytes of address space of a visitor's kernel; decoding 89 megapixels takes about 1 GB."""

Wire = dict[str, Any]
Answer = Callable[[Wire, list[memoryview]], None]
"""To a message, with what came beside it."""


class Explorer(anywidget.AnyWidget):
    """Drop a picture, press the button, look at hair at 800 %, save the RGBA.

    Args:
        models: a spec, a model object or a function, or a list of them; by default those of
            `Settings`.
        cases: folder of the cases one can choose from; by default the reference cases.
        add_to: folder that "add to my case set" writes to; by default `my-cases`.
        lang: of the first view; by default the browser's.

    RmbgEvalError where one of them cannot be used.
    """

    _esm = module("widget")
    _css = style("explore")
    strings = traitlets.Dict(strings("widget")).tag(sync=True)
    lang = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        models: OneModel | Sequence[OneModel] = (),
        *,
        cases: str = "",
        add_to: str = "my-cases",
        lang: Language | None = None,
        engine: Engine | None = None,
    ) -> None:
        if lang:
            Settings(lang=lang)
        super().__init__(lang=lang or "")
        served = json.loads(os.environ.get(SERVED, "{}"))
        self._served = bool(served) and engine is None
        if self._served:
            bound_memory()
            engine = RemoteEngine(served["socket"])
            cases, add_to = served["cases"], served["add_to"]
        self._cases = Settings(cases=cases).cases_folder
        if engine is None:
            load_cases(self._cases)
        several: Sequence[OneModel] = (
            models if isinstance(models, Sequence) and not isinstance(models, str) else [models]
        )
        self._engine = engine or LocalEngine(several or Settings().models)
        self._add_to = add_to
        self._pictures = Pictures()
        self._points = PicturePoints(self._engine.png, add_to)
        self._decoding = ThreadPoolExecutor(1, "decode")
        self._removing = ThreadPoolExecutor(1, "remove")  # one at a time for each visitor
        self._at_work: set[str] = set()
        self._answers: dict[str, Answer] = {
            "hello": self._hello,
            "ping": self._pong,
            "upload": self._upload,
            "part": self._part,
            "forget": self._forget,
            "case": self._later(self._decoding, self._case),
            "add": self._later(self._decoding, self._add),
            "measure": self._later(self._decoding, self._measure),
            "write": self._later(self._decoding, self._write),
            "remove": self._later(self._removing, self._remove),
        }
        self.on_msg(self._on_message)

    def _on_message(self, _: Any, message: Any, buffers: list[memoryview]) -> None:
        """Answer what the page says. Nothing it says can raise here."""
        answer = self._answers.get(str(message.get("type"))) if isinstance(message, dict) else None
        if answer:
            self._guarded(message, lambda: answer(message, buffers))

    def _later(self, pool: ThreadPoolExecutor, answer: Callable[[Wire], None]) -> Answer:
        """The answer, given in its turn."""

        def work(message: Wire) -> None:
            self._guarded(message, lambda: answer(message))
            self._at_work.discard(_asked(message))

        def begin(message: Wire, _: list[memoryview]) -> None:
            self._at_work.add(_asked(message))
            pool.submit(work, message)

        return begin

    def _pong(self, message: Wire, _: list[memoryview]) -> None:
        """Whether what was asked is being worked on: an answer can be lost on its way."""
        self._say(message, "pong", working=str(message.get("of")) in self._at_work)

    def _guarded(self, message: Wire, work: Callable[[], None]) -> None:
        """Do the work; what it raises goes to the page, as an answer to `message`."""
        try:
            work()
        except Exception as error:  # a visitor gets the reason, never a traceback
            failure = Failure.of(error)
            foreseen = isinstance(error, RmbgEvalError | MemoryError)
            self._say(
                message,
                "failed",
                of=message.get("type"),
                kind=failure.kind,
                **(failure.everywhere() if foreseen else {}),
            )

    def _say(self, to: Wire, type: str, *buffers: bytes, **content: Any) -> None:
        named: Wire = {key: to[key] for key in ("id", "request") if key in to}
        self.send({"type": type, **named, **content}, list(buffers) or None)

    def _hello(self, message: Wire, _: list[memoryview]) -> None:
        try:
            cases = load_cases(self._cases).cases
        except CaseError:
            cases = ()
        self._say(
            message,
            "welcome",
            served=self._served,
            part=PART,
            most=MOST_UPLOAD,
            adds=bool(self._add_to),
            categories=[(name, str(category_title(name))) for name in (*CATEGORIES, LOOSE)],
            foregrounds=[how for how in get_args(Foreground) if _usable(how)],
            kinds=[(kind.name, kind.title, " ".join(kind.regions)) for kind in KINDS.values()],
            cases=[
                {
                    "name": case.name,
                    "category": str(category_title(case.category)),
                    "title": case.about.title,
                }
                for case in cases
                if not case.failure
            ],
        )
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        try:
            for states in self._engine.watch():
                models = []
                for state in states:
                    texts = state.failure.everywhere() if state.failure else {}
                    models.append({**vars(state), **texts, "failure": None})
                self.send({"type": "models", "models": models})
        except RmbgEvalError:
            self.send({"type": "models", "models": [], "gone": True})

    def _upload(self, message: Wire, _: list[memoryview]) -> None:
        self._pictures.begin(str(message["id"]), str(message["name"]), int(message["size"]))
        self._say(message, "received", count=0)

    def _part(self, message: Wire, buffers: list[memoryview]) -> None:
        part = bytes(buffers[0])
        done = self._pictures.add(str(message["id"]), int(message["offset"]), part)
        self._say(message, "received", count=int(message["offset"]) + len(part))
        if done:
            self._later(self._decoding, self._decode)(message, [])

    def _case(self, message: Wire) -> None:
        for case in load_cases(self._cases).cases:
            if case.name == message["name"]:
                name = self._pictures.put(str(message["id"]), case)
                self._points.opened(str(message["id"]), case)
                size = len(self._pictures.encoded(str(message["id"]))[1])
                self._decode(message, name=name, size=size)
                return
        raise CaseError(
            Message("There is no case {name}", name=repr(printable(str(message["name"]))[:80])),
            Message("Choose another."),
        )

    def _decode(self, message: Wire, **about: Any) -> None:
        """Say what the picture is; with it, as the browser can show it, if that was asked for."""
        picture = self._pictures.picture(str(message["id"]))
        width, height = picture.size
        shown = [preview(picture)] if message.get("preview") else []
        self._say(message, "picture", *shown, width=width, height=height, **about)

    def _remove(self, message: Wire) -> None:
        if message["foreground"] not in get_args(Foreground):
            raise ModelError(
                Message("There is no such way to estimate colours"), Message("Choose another.")
            )
        # Decoded here and now: while others are served, this visitor's time is free.
        picture = self._pictures.picture(str(message["id"]))
        made = self._engine.remove(
            str(message["model"]),
            message["foreground"],
            lambda: picture,
            lambda step: self._say(message, "progress", **step),
        )
        self._points.made(str(message["id"]), str(message["model"]), message["foreground"], made)
        self._say(
            message,
            "result",
            *([made.png] if made.png else []),
            name=made.name,
            key=made.key,
            seconds=made.seconds,
            model=message["model"],
            foreground=message["foreground"],
            width=picture.size[0],
            height=picture.size[1],
        )

    def _forget(self, message: Wire, _: list[memoryview]) -> None:
        self._pictures.forget(str(message["id"]))
        self._points.forget(str(message["id"]))

    def _add(self, message: Wire) -> None:
        if not self._add_to:
            raise CaseError(
                Message("This page may not write cases"),
                Message("Start it with: rmbg-eval serve --add-to DIR."),
            )
        name, data = self._pictures.encoded(str(message["id"]))
        path = add_case(self._add_to, str(message["category"]), name, data)
        for case in load_cases(path.parents[1]).cases:
            if case.folder == path:
                self._points.opened(str(message["id"]), case)
        shown = f"{path.parent.name}/{path.name}" if self._served else str(path)
        self._say(message, "added", path=shown)

    def _measure(self, message: Wire) -> None:
        about = (str(message[key]) for key in ("id", "foreground", "toml"))
        self._say(message, "values", **self._points.measure(*about))

    def _write(self, message: Wire) -> None:
        id, toml, was = (str(message[name]) for name in ("id", "toml", "was"))
        path = self._points.write(id, toml, was)
        self._say(message, "written", file=printable(f"{path.parent.name}/{path.name}"))


def _asked(message: Wire) -> str:
    """What the page knows a question by."""
    return str(message.get("request") or message.get("id"))


def bound_memory() -> None:
    """Let this process have MOST_MEMORY: one visitor's picture must not take it from all."""
    if sys.platform != "win32":  # where nothing is served, and `resource` has nothing
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        most = MOST_MEMORY if most == resource.RLIM_INFINITY else min(MOST_MEMORY, most)
        try:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        except (ValueError, OSError):
            if _SYSTEM == "linux":  # macOS has the name, and refuses any limit
                raise


_SYSTEM = sys.platform


def _usable(how: Foreground) -> bool:
    try:
        words(how)
    except ModelError:
        return False
    return True
