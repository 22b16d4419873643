"""`rmbg-eval serve`: explore.ipynb as a page, by Voilà, serving only what that page uses.

Of Voilà's handlers only those are kept that the page uses. No file of this machine can be read but
the scripts of Voilà and its widgets; contents, trees, templates and themes are not served.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated
from traitlets.config import Config

from ..cases.folder import load_cases
from ..core.choices import Device, Dtype
from ..core.modules import quick_jsonschema
from ..core.paths import resource
from ..core.processes import belong_to, start
from ..i18n import Message, tag
from ..settings import Settings
from ..web import script, style
from .access import LOOPBACK_NAMES, address_of, check_free, listen, token_of
from .doors import ChannelsHandler, FileHandler, OneKernelHandler, Plain, ShutdownHandler
from .engine import computing
from .frames import LineCutError
from .model_server import kept_png, serve_models
from .texts import strings
from .widget import PART, SERVED

with quick_jsonschema():
    from jupyter_server.auth.decorator import allow_unauthenticated
    from jupyter_server.base.handlers import JupyterHandler
    from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
    from jupyter_server.utils import url_path_join
    from voila.app import Voila
    from voila.tornado.handler import TornadoVoilaHandler

_TEMPLATES = Path(__file__).parent / "templates"
_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
_EXTENSIONS = (
    "anywidget",
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
)
IDLE = 900
"""Seconds without use after which a visitor's kernel is ended."""
ALONE = 60
"""Seconds without a page after which it is ended: it never came, was closed, or is out of reach."""
VISITORS = 24
"""Kernels at once; each takes about 100 MB, and its pictures."""
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; font-src 'self' data:; "
    "connect-src 'self' ws: wss: blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class VisitorKernels(AsyncMappingKernelManager):
    """Kernels that end soon after their page is closed, and some time after it was last used."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._alone_since: dict[str, float] = {}

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Called for every kernel, every few seconds."""
        if self._kernel_connections.get(kernel_id, 0):
            self._alone_since.pop(kernel_id, None)
            await super().cull_kernel_if_idle(kernel_id)
        elif time.monotonic() - self._alone_since.setdefault(kernel_id, time.monotonic()) > ALONE:
            del self._alone_since[kernel_id]
            await self.shutdown_kernel(kernel_id, now=True)

    async def _async_shutdown_kernel(
        self, kernel_id: str, now: bool = False, restart: bool = False
    ) -> None:
        """Also of one that is only being started, as where the server ends meanwhile."""
        if kernel_id in self._pending_kernels:
            with suppress(Exception):
                await self._pending_kernels[kernel_id]
        if kernel_id in self:
            await super()._async_shutdown_kernel(kernel_id, now, restart)


class PageHandler(Plain, TornadoVoilaHandler):
    """The page: it is sent at once, whole, and what starts a kernel follows it."""

    @authenticated
    async def head(self, path: str | None = None) -> None:
        """Whether the page is there: no kernel is started for that."""
        self.set_header("Content-Type", "text/html; charset=utf-8")

    @authenticated
    async def get(self, path: str | None = None) -> None:
        if self.request.headers.get("Sec-Fetch-Dest", "document") != "document":
            raise HTTPError(403)  # a picture or a frame of another site's page: no kernel for that
        self.set_header("Content-Type", "text/html; charset=utf-8")
        if len(self.kernel_manager.list_kernel_ids()) >= VISITORS:
            self.set_status(503)
            self.finish(self.settings["explore_full"])
            return
        self.write(self.settings["explore_shell"])
        with suppress(StreamClosedError):  # the visitor left
            await self.flush()
            async for html in self.get_generator(path=None):
                self.write(html)
                await self.flush()


class LoginHandler(Plain):
    """Where who comes without the token is sent. Jupyter's own page offers to set a password."""

    @allow_unauthenticated
    def get(self) -> None:
        if self.current_user:  # who has given it since
            self.redirect("/")
            return
        self.set_status(403)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.settings["explore_login"])

    head = get  # or it is sent here again and again


class ResultHandler(Plain, JupyterHandler):
    """A finished cut-out under the name it is saved by, for whoever knows its key."""

    @authenticated
    async def get(self, key: str, name: str) -> None:
        address = self.settings["explore_socket"]
        try:
            png = await asyncio.get_running_loop().run_in_executor(None, kept_png, address, key)
        except LineCutError:
            png = None
        if png is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "image/png")
        self.set_header("Content-Disposition", f"inline; filename*=UTF-8''{quote(name)}")
        self.set_header("Cache-Control", "no-store")
        self.finish(png)


class Server(Voila):
    """Voilà with one notebook, one page and the handlers they need."""

    when_there: Callable[[], None]

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Nothing but what `serve` says: a voila.json that lies about is not read."""

    def listen(self) -> None:
        """As Voilà's, within the bounds of ours."""
        self.app.listen = partial(listen, self.app)
        super().listen()

    def stop(self) -> None:
        """End all kernels, which have nothing to lose: asked to end, one that still imports prints
        a traceback. One that is being started is waited for, which only the loop it is in can."""
        self.ioloop.run_sync(partial(self.kernel_manager.shutdown_all, now=True))

    def launch_browser(self) -> None:
        """Called once the port is listened to: that is when the address may be told."""
        self.when_there()

    def init_handlers(self) -> list[Any]:
        """As Voilà's, less what the page does not use."""
        page = {
            "notebook_path": os.path.relpath(self.notebook_path, self.root_dir),
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        extensions = "|".join(map(re.escape, _EXTENSIONS))
        installed = {"path": self.labextensions_path}
        handlers = [
            (rf"/api/kernels/{_KERNEL}", OneKernelHandler),
            (rf"/api/kernels/{_KERNEL}/channels", ChannelsHandler),
            (r"/voila/api/shutdown/(.*)", ShutdownHandler),
            (r"/voila/static/(.*)", FileHandler, {"path": self.static_paths}),
            (rf"/voila/labextensions/((?:{extensions})/.*)", FileHandler, installed),
            (r"/result/([\w-]{22})/([^/]+)", ResultHandler),
            (r"/", PageHandler, page),
        ]
        own = [(url_path_join(self.server_url, path), *rest) for path, *rest in handlers]
        return [(r"/login", LoginHandler), *own] if self.identity_provider.auth_enabled else own


def serve(
    settings: Settings,
    host: str,
    port: int,
    token: str | None,
    add_to: str,
    say: Callable[[str], None],
) -> None:
    """Serve the page until the process is told to end.

    Of the settings, models, cases, device and dtype count. Any host but a loopback address gets a
    token, made up where none is given. `say` is told the address. Raises SettingsError for what
    cannot be served, ModelError for an unknown model, CaseError for cases that are not there.
    """
    models, device, dtype = settings.models, settings.device, settings.dtype
    for spec in models:  # what is wrong with a spec is said here, not in another process
        computing(spec, device, dtype)
    if settings.cases:
        load_cases(settings.cases_folder)
    token = token_of(host, token)
    check_free(host, port)
    folder = Path(tempfile.mkdtemp(prefix="rmbg-eval-", dir=_short_folder()))  # this user's alone
    try:
        address = str(folder / "models")
        keeper = ModelProcess(address, models, device, dtype)
        served = {
            "socket": address,
            "cases": str(settings.cases_folder.absolute()) if settings.cases else "",
            "add_to": str(Path(add_to).expanduser().absolute()) if add_to else "",
        }
        os.environ[SERVED] = json.dumps(served)
        os.environ["IPYTHONDIR"] = str(folder / "ipython")  # no history, nobody's start-up files
        os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this environment
        app = _server(folder, address, host, port, token)
        app.when_there = lambda: say(address_of(host, port, token))
        try:
            app.start()
        finally:
            keeper.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _short_folder() -> str | None:
    """Where sockets may lie: with the names of kernels, a path has 103 characters at most on macOS,
    whose own folder for temporary files is half as long."""
    long = len(tempfile.gettempdir()) > _LONGEST_FOLDER
    return "/tmp" if long and os.access("/tmp", os.W_OK | os.X_OK) else None  # noqa: S108


_LONGEST_FOLDER = 19


def _server(folder: Path, address: str, host: str, port: int, token: str | None) -> Server:
    notebook = resource("notebooks", "explore.ipynb")
    config = Config()
    config.Voila.update(
        ip=host,
        port=port,
        port_retries=0,
        open_browser=True,
        token=token or "",
        root_dir=str(notebook.parent),
        connection_dir_root=str(folder),
        log_level=logging.ERROR,
    )
    config.VoilaConfiguration.update(
        show_tracebacks=False,
        strip_sources=True,
        allow_template_override="NO",
        allow_theme_override="NO",
        file_allowlist=[],
        extension_allowlist=list(_EXTENSIONS),
        multi_kernel_manager_class=VisitorKernels,
        prelaunch_hook=_page_cells,
    )
    config.MappingKernelManager.update(
        cull_idle_timeout=IDLE, cull_interval=5, cull_connected=True, cull_busy=False
    )
    config.KernelManager.update(
        transport="ipc",  # files in a folder of ours: nobody else can listen
        autorestart=False,  # another kernel would not know the page
    )
    logging.getLogger("tornado").setLevel(logging.ERROR)  # below that, it tells of visitors' faults
    app = Server(config=config)
    app.notebook_path = str(notebook)
    app.initialize([])
    app.template_paths.insert(0, str(_TEMPLATES))
    app.tornado_settings = {
        "explore_shell": shell(),
        "explore_full": shell(full=True),
        "explore_login": login(),
        "explore_socket": address,
        # Without a token, only who comes under a local name: no other site's name may lead here.
        "allow_remote_access": token is not None,
        "local_hostnames": LOOPBACK_NAMES,
        "headers": {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"},
        "websocket_max_message_size": 4 * PART,
        "websocket_ping_interval": 20,
        "log_function": lambda handler: None,
    }
    return app


def shell(full: bool = False) -> str:
    """What the page is before its kernel is: everything but what has to be computed."""
    return _template("shell.html.j2").render(
        title=str(_TITLE),
        no_script=" ".join(Message("This page needs JavaScript.").everywhere().values()),
        style=style("explore"),
        script=script("served"),
        strings=strings("served"),
        full=full,
    )


def login() -> str:
    """What who comes without the token gets instead of the page."""
    needed = Message(
        "This page asks for a token: open the whole address that you were given, or enter what it "
        "has after token= here."
    )
    return _template("login.html.j2").render(
        title=str(_TITLE), needed={tag(lang): text for lang, text in needed.everywhere().items()}
    )


_TITLE = Message("Remove a background")


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, keep_trailing_newline=True
    )
    return environment.get_template(name)


def _page_cells(handler: Any, notebook: Any, cwd: str) -> Any:
    """Of the notebook, the cells that are the page; the rest is for who reads it in JupyterLab."""
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "notebook-only" not in cell.metadata.get("tags", [])
    ]
    return notebook


class ModelProcess:
    """Keeps a process with the models alive: where a picture kills it, another is started."""

    def __init__(self, address: str, models: Sequence[str], device: Device, dtype: Dtype) -> None:
        self._arguments = (address, list(models), device, dtype, os.getpid())
        self._ended = threading.Event()
        self._starting = threading.Lock()
        """Held while another is started: none is after the end."""
        self._start()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        """It alone waits for the process: of two that do, one may read "alive" of a dead one."""
        self._watcher.start()

    def _start(self) -> None:
        context = get_context("spawn")
        self._process = context.Process(target=_hold_models, args=self._arguments, daemon=True)
        start(self._process)

    def _watch(self) -> None:
        while not self._ended.is_set():
            self._process.join(1)
            if self._process.is_alive() or self._ended.wait(1):
                continue
            with self._starting:
                if not self._ended.is_set():
                    self._start()
        self._process.join()

    def end(self) -> None:
        """End it, for good."""
        with self._starting:
            self._ended.set()
        self._process.terminate()
        self._watcher.join()


def _hold_models(
    address: str, models: Sequence[str], device: Device, dtype: Dtype, parent: int
) -> None:
    belong_to(parent)
    serve_models(address, models, device, dtype)
