"""Any program as a model: a command that reads a picture and writes a cut-out, or a folder of them.

The program is started as it is written, without a shell. What it gets is the picture as every
model gets it, decoded and upright, as a PNG; what it writes is judged as it is, like any finished
cut-out. Its time is wall time from outside: of every call, starting the program and loading its
model are a part, which a first call over one small picture measures.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl

import numpy as np

from ..core.decoding import SUFFIXES, decode_cutout, read_bytes
from ..core.files import cannot_write, sha256_file
from ..core.images import RGB, Alpha, Cutout, Picture, png_of
from ..errors import SHORT_OF_MEMORY, ModelError, RmbgEvalError, printable, system_reason
from ..i18n import Message
from .entry import Entry, LoadOptions
from .folder import as_cutout
from .info import PROGRAMS_OWN, ModelInfo

TIMEOUT = 600
"""Seconds after which a call is ended, for each of its pictures, unless the spec says otherwise."""
BATCH = 16
"""Pictures in a call over a folder: their start-up is shared, and they are in memory together."""

MOST_SAID = 1 << 28
"""Bytes that a program may print in a call."""
_LOOK = 0.25
"""Seconds after which how much it has printed is looked at."""

_TRIAL_SIDE = 64
_VERSION_SECONDS = 30
_NAMED = "picture-"
_MOST = 3
"""Files under other names that a failure lists."""
_WORDS = 300
"""Characters of a program's own words that a failure repeats."""
_FEW = 20
"""Of a line's beginning and of its end that are worth repeating, before others."""
_READ = 1 << 16
"""Bytes of what it printed in which they are looked for."""

Written = tuple[RGB | None, Alpha] | RmbgEvalError
"""What a program wrote for a picture, or why that cannot be used."""


class Command:
    """A program, as `command:PROGRAM … {in} {out}` or `command:PROGRAM … {in_dir} {out_dir}`."""

    def __init__(self, label: str, command: str, timeout: float) -> None:
        """Raises ModelError for a command that names no files, or a program that is not there."""
        self._label = label
        self._command = command
        self._timeout = timeout
        try:
            self._words = _words(command)
        except ValueError as error:
            raise _wrong(command, Message.of(str(error))) from None
        places = {place for word in self._words for place in _PLACE.findall(word)}
        self._folders = places == {"in_dir", "out_dir"}
        if not self._folders and places != {"in", "out"}:
            why = Message("it must name {file}, or {folder}", file=_ONE, folder=_MANY)
            raise _wrong(command, why)
        program = shutil.which(os.path.expanduser(self._words[0]))
        if program is None:
            if os.path.isfile(os.path.expanduser(self._words[0])):
                raise ModelError(
                    Message("{name} cannot be started", name=repr(printable(self._words[0]))),
                    Message("Make it executable, or name what runs it before it."),
                )
            raise ModelError(
                Message("There is no program {name}", name=repr(printable(self._words[0]))),
                Message("Install it, or write the path to it after command:."),
            )
        self._program = str(Path(program).absolute())
        self._start_up: float | None = None
        self._quickest = math.inf
        self._told: Message | None = None
        self.batch_size = BATCH if self._folders else 1
        self.warnings: list[Message] = []

    @cached_property
    def info(self) -> ModelInfo:
        """Asks the program for its version."""
        version = self._version()
        return ModelInfo(
            name=self._label,
            title=f"The program {printable(Path(self._program).name)}",
            licence=PROGRAMS_OWN,
            pipeline=f"{printable(self._command)}; the picture as an upright sRGB PNG; what it "
            "writes is used as it is",
            runtime=version or "version not told",
            device="the program's own",
            dtype="the program's own",
        )

    def identity(self, name: str) -> str:
        """By the command, the version that the program tells, its own file, and those that other
        words name, as a script does."""
        return self._identity

    @cached_property
    def _identity(self) -> str:
        words = [part for word in self._words[1:] for part in (word, word.partition("=")[2])]
        named = [Path(word) for word in words if os.path.isfile(word)]
        told = [self.info.identity, *map(sha256_file, [Path(self._program), *named])]
        return hashlib.sha256(" ".join(map(str, told)).encode()).hexdigest()

    def fetch(self, say: Callable[[str], None]) -> None:
        """What the program needs is its own affair."""

    def load(self) -> bool:
        """Call it once over one small picture: how long that takes is nearly all start-up."""
        if self._start_up is not None:
            return False
        ramp = np.linspace(0, 255, _TRIAL_SIDE * _TRIAL_SIDE * 3).astype(np.uint8)
        trial = ramp.reshape(_TRIAL_SIDE, _TRIAL_SIDE, 3)
        started = time.perf_counter()
        try:
            self.infer([png_of(trial)])
        except ModelError:  # so small a picture may be too small; each case says what is wrong
            self._start_up = 0.0
            return True
        self._start_up = time.perf_counter() - started
        self._told = Message(
            "A call over one picture of {side}×{side} px takes {seconds} s: start-up and its "
            "inference. So much of the seconds of each picture may be start-up.",
            many="A call over one picture of {side}×{side} px takes {seconds} s: start-up and its "
            "inference. So much of each call, over up to {n} pictures, may be start-up.",
            n=self.batch_size,
            side=_TRIAL_SIDE,
            seconds=f"{self._start_up:.2f}",
        )
        self.warnings.append(self._told)
        return True

    def preprocess(self, picture: Picture) -> bytes:
        """The picture as a PNG, without metadata."""
        return png_of(picture.rgb)

    def infer(self, inputs: list[bytes]) -> list[Written]:
        """One call. What a program that ends well did not write, or wrote wrongly, is the failure
        of that picture alone."""
        with _scratch() as folder:
            into, out = folder / "in", folder / "out"
            into.mkdir()
            out.mkdir()
            names = [f"{_NAMED}{number:04}" for number in range(len(inputs))]
            for name, data in zip(names, inputs, strict=True):
                (into / f"{name}.png").write_bytes(data)
            places = {"in_dir": into, "out_dir": out}
            if not self._folders:
                places = {"in": into / f"{names[0]}.png", "out": out / f"{names[0]}.png"}
            words = [
                _PLACE.sub(lambda place: str(places[place[1]]), word) for word in self._words[1:]
            ]
            started = time.perf_counter()
            said = self._run([self._program, *words], self._timeout * len(inputs), folder)
            seconds = time.perf_counter() - started
            written = [self._written(out, name, said) for name in names]
            if not all(isinstance(each, ModelError) for each in written):
                self._took(seconds)
            return written

    def _took(self, seconds: float) -> None:
        """Correct what was told of start-up where a call that wrote something takes less than half
        of that: no more of a call is start-up than the quickest took."""
        if self._told and self._start_up and seconds < min(self._quickest, self._start_up / 2):
            self._quickest = seconds
            told = Message(
                "The first call, over one picture of {side}×{side} px, took {first} s, a later one "
                "{seconds} s: the first may have done what is done once, such as fetching weights. "
                "Up to {seconds} s of each picture may be start-up.",
                many="The first call, over one picture of {side}×{side} px, took {first} s, a "
                "later one {seconds} s: the first may have done what is done once, such as "
                "fetching weights. Up to {seconds} s of each call, over up to {n} pictures, may "
                "be start-up.",
                n=self.batch_size,
                side=_TRIAL_SIDE,
                first=f"{self._start_up:.2f}",
                seconds=f"{seconds:.2f}",
            )
            self.warnings[self.warnings.index(self._told)] = told
            self._told = told

    def postprocess(self, output: Written, picture: Picture) -> Cutout:
        """The program's own colours where it gives some, else the picture's under its matte."""
        if isinstance(output, RmbgEvalError):
            raise output
        return as_cutout(*output, picture)

    def _written(self, out: Path, name: str, said: Message | str) -> Written:
        """What lies in `out` under this name; programs add their own endings to it."""
        files: list[Path] = []
        with suppress(OSError):  # the program has removed the folder
            written = sorted(out.rglob("*"))
            files = [p for p in written if p.is_file() and p.stat().st_size]
        pictures = [p for p in files if p.suffix.lower() in SUFFIXES]
        near = [p for p in pictures if p.parent == out]
        own = [p for p in near if p.stem == name] or [p for p in near if p.stem.startswith(name)]
        if len(own) > 1 and f"{name}.png" in (exact := {path.name: path for path in own}):
            own = [exact[f"{name}.png"]]
        if len(own) > 1:
            return ModelError(
                Message(
                    "{model} wrote several pictures: {files}",
                    model=self._label,
                    files=[printable(path.name) for path in own],
                ),
                Message("Let it write the cut-out alone."),
            )
        unread = [p for p in files if p not in pictures and p.stem.startswith(name)]
        others = unread + [p for p in pictures if p.parent != out or not p.stem.startswith(_NAMED)]
        if not own and others:
            return ModelError(
                Message(
                    "{model} wrote {files}, and no {name}",
                    model=self._label,
                    files=[printable(path.relative_to(out).as_posix()) for path in others[:_MOST]],
                    name=f"{name}.png",
                ),
                Message("Let the command write a PNG to {place}.", place=self._where),
            )
        if not own:
            return ModelError(
                Message("{model} wrote no cut-out", model=self._label)
                if not said
                else Message("{model} wrote no cut-out: {words}", model=self._label, words=said),
                Message("Let the command write a PNG to {place}.", place=self._where)
                if said != _BINARY
                else Message(
                    "If that is the cut-out, put it into a file: {form}.",
                    form="\"NAME=command:sh -c 'PROGRAM {in} > {out}'\"",
                ),
            )
        try:
            return decode_cutout(read_bytes(own[0]), f"the cut-out by {self._label}")
        except RmbgEvalError as error:
            return error

    @property
    def _where(self) -> str:
        return "{out_dir}" if self._folders else "{out}"

    def _version(self) -> str:
        """The first line that the program prints when asked for its version, if it does."""
        words = [self._program]
        if len(self._words) > 2 and self._words[1] == "-m":  # a module of Python
            words += self._words[1:3]
        try:
            with _scratch() as folder:
                said = self._run([*words, "--version"], _VERSION_SECONDS, folder)
        except ModelError:
            return ""
        told = isinstance(said, str) and said
        return f"{printable(Path(self._program).name)}: {said}" if told else ""

    def _run(self, words: Sequence[str], seconds: float, folder: Path) -> Message | str:
        """Run a program to its end in a folder; the beginning or end of what it printed.

        Raises ModelError where it fails or takes too long. Whatever it has started ends with it.
        """
        with (folder / "said").open("wb+") as said:
            try:
                process = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise ModelError(
                    Message(
                        "{model} cannot be started: {reason}",
                        model=self._label,
                        reason=system_reason(error),
                    ),
                    Message("Try the command by hand."),
                ) from None
            try:
                status = self._waited(process, seconds, said.fileno())
            finally:
                _end(process)
            text = _text(said.name)
        if status:
            said_last = text or Message("it printed nothing")
            problem = Message(
                "{model} ended with status {status}: {words}",
                model=self._label, status=status, words=said_last,
            )  # fmt: skip
            # As Linux ends what takes too much of it.
            remedy = SHORT_OF_MEMORY if status == -9 else Message("Try the command by hand.")
            if status < 0:
                problem = Message(
                    "{model} was ended by signal {number} ({name}): {words}",
                    model=self._label,
                    number=-status,
                    name=signal.strsignal(-status) or "?",
                    words=said_last,
                )
            raise ModelError(problem, remedy)
        return text

    def _waited(self, process: subprocess.Popen[bytes], seconds: float, said: int) -> int:
        """The status that a program ends with; ModelError where it takes longer, or prints without
        end into the file `said`, which would fill the disk."""
        last = time.monotonic() + seconds
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(max(0, min(_LOOK, last - time.monotonic())))
            if os.fstat(said).st_size > MOST_SAID:
                raise ModelError(
                    Message(
                        "{model} printed more than {n} MiB", model=self._label, n=MOST_SAID >> 20
                    ),
                    Message("Let the command write a PNG to {place}.", place=self._where),
                )
            if time.monotonic() >= last:
                raise ModelError(
                    Message(
                        "{model} took longer than {seconds} s", model=self._label, seconds=seconds
                    ),
                    Message("Allow more with command?timeout=SECONDS:…, or see what it waits for."),
                )


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for one call; OutputError where what a program is to read cannot be written."""
    try:
        with TemporaryDirectory(prefix="rmbg_eval-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except OSError as error:
        raise cannot_write(Path(error.filename or "TMPDIR"), error) from None


_PLACE = re.compile(r"\{(in|out|in_dir|out_dir)\}")
_ONE, _MANY = "{in} {out}", "{in_dir} {out_dir}"


def _words(command: str) -> list[str]:
    """The words of a command, quoted as in a shell; `\\` parts folders on Windows."""
    words = shlex.shlex(command, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters = True, ""
    if _SYSTEM == "win32":
        words.escape = ""
    return list(words)


_SYSTEM = sys.platform


_BINARY = Message("it printed binary data")


def _text(path: str) -> Message | str:
    """The last lines of a file that may be large, in one, as a terminal shows them: a bar that was
    drawn again and again is there once. Of one that does not fit, its beginning and its end."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - _READ))
            end = file.read()
    except OSError:  # the program has removed it
        return ""
    if b"\0" in end:
        return _BINARY
    last = ""
    for line in reversed(end.decode("utf-8", "replace").split("\n")):
        shown = printable(" ".join(line.rstrip().rpartition("\r")[2].split()))
        room = (_WORDS - len(last)) // 2
        if len(shown) > 2 * room:
            if last and room < _FEW:
                return last
            return f"{shown[:room]} … {shown[len(shown) - room :]} {last}".strip()
        last = f"{shown} {last}".strip()
    return last


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it has started, if any of that still runs."""
    if sys.platform == "win32":
        import psutil

        with suppress(psutil.Error):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wrong(command: str, why: Message) -> ModelError:
    return ModelError(
        Message("The command {command} cannot be run: {why}", command=repr(command), why=why),
        Message('Write it as "NAME=command:PROGRAM … {places}".', places=_ONE),
    )


def _make(asked: LoadOptions) -> Command:
    options, _, command = asked.options.partition(":")
    pairs = dict(parse_qsl(options.removeprefix("?"), keep_blank_values=True))
    seconds = pairs.pop("timeout", str(TIMEOUT))
    if pairs or not re.fullmatch(r"\d{1,6}", seconds) or int(seconds) == 0:
        raise ModelError(
            Message("{options} are no options of command", options=repr(printable(options))),
            Message("Use command?timeout=SECONDS:PROGRAM … {places}.", places=_ONE),
        )
    return Command(asked.label, command, int(seconds))


ENTRIES = (
    Entry(
        "command",
        "any program, called for each picture or for a folder of them",
        "the program's own",
        _make,
        options=True,
        path=":COMMAND",
        place=9,
    ),
)
