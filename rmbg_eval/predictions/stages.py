"""Model × cases → predictions: one cut-out a case, or the reason there is none.

Reading, inference and writing overlap: while the model works on one picture,
threads decode the next and encode the last. The number of pictures in
flight is bounded, so memory does not grow with the number of cases.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ..cases.case import Case
from ..core.cache import Entry, Store
from ..core.decoding import decode_cutout, read_bytes
from ..core.files import safe_name, sha256_file, write_atomic
from ..core.images import (
    Alpha,
    Cutout,
    Picture,
    check_alpha,
    check_rgb,
    encode_png,
    looks_multiplied,
)
from ..core.machine import cores, peak_memory, reset_peak_memory
from ..core.notes import MASK, MULTIPLIED, SOME
from ..errors import Failure, ImageError, ModelError, OutputError, RmbgEvalError, printable, raised
from ..i18n import Message
from ..models.info import ModelInfo
from ..models.protocol import Model
from ..models.refinement import Refined
from .prediction import Prediction

_READERS = max(1, min(6, cores() // 3))
_WRITERS = max(2, min(16, cores() * 3 // 4))
"""So many that one fast device does not wait for decoding and encoding."""
_READ_AHEAD = _READERS + 2
_WRITE_BEHIND = _WRITERS + 1


@dataclass
class _Job:
    """A case on its way through the stages."""

    case: Case
    sha256: str | None = None
    key: str = ""
    info: ModelInfo | None = None
    """What there was to say of the model when the keys were made."""
    kept: tuple[Entry, bytes] | None = None
    base_key: str = ""
    base: tuple[Entry, bytes] | None = None
    """What the model refines, where that was kept."""
    picture: Picture | None = None
    inputs: Any = None
    output: Any = None
    seconds: dict[str, float] = field(default_factory=dict)
    failure: Failure | None = None

    @property
    def open(self) -> bool:
        """Whether there is still something to make."""
        return self.kept is None and self.failure is None

    @property
    def bare(self) -> bool:
        """Whether there is still something to infer."""
        return self.open and self.base is None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; what it raises becomes the job's failure, except what concerns the run."""
        started = time.perf_counter()
        try:
            yield
        except OutputError:
            raise
        except Exception as error:  # one bad picture never ends a run
            self.failure = Failure.of(error)
        finally:
            self.seconds[name] = time.perf_counter() - started


def predict(
    model: Model, cases: Iterable[Case], out: Path, store: Store
) -> Iterator[tuple[Case, Prediction]]:
    """Yield each case with its prediction, in order; cut-outs go below `out/cutouts/`.

    >>> from pathlib import Path
    >>> from rmbg_eval import load_cases, load_model, predict
    >>> from rmbg_eval.core.cache import Store
    >>> cases, store = load_cases("cases").cases, Store(Path("store"))
    >>> [p.cutout for _, p in predict(load_model("grabcut"), cases, Path("out"), store)]
    ['cutouts/grabcut/product/bottle.png', 'cutouts/grabcut/pet/rex.png']

    What failed for one case is in its prediction. Raises ModelError or
    WeightsError if the model itself cannot be made ready, OutputError if
    nothing can be written.
    """
    left = iter(cases)
    inferred: set[str] = set()
    memory_known = reset_peak_memory()
    with (
        ThreadPoolExecutor(_READERS, "read") as reader,
        ThreadPoolExecutor(_WRITERS, "write") as writers,
    ):
        reading: deque[Future[_Job]] = deque()
        writing: deque[Future[tuple[Case, Prediction]]] = deque()
        try:
            while True:
                for case in islice(left, _READ_AHEAD + model.batch_size - len(reading)):
                    reading.append(reader.submit(_read, model, case, store))
                if not reading:
                    break
                count = min(model.batch_size, len(reading))
                batch = [reading.popleft().result() for _ in range(count)]
                for job in batch:
                    if job.bare and job.key in inferred:  # the same picture under two names
                        wait(writing)
                        job.kept = store.get(job.key)
                fresh = [job for job in batch if job.bare]
                _infer(model, fresh, store)
                inferred |= {job.key for job in fresh}
                for job in batch:
                    writing.append(writers.submit(_write, model, job, out, store, memory_known))
                while writing and (writing[0].done() or len(writing) > _WRITE_BEHIND):
                    yield writing.popleft().result()
            while writing:
                yield writing.popleft().result()
        finally:  # also when the caller stops listening, or on Ctrl-C
            for task in reading:
                task.cancel()
            for written in writing:
                written.cancel()


def _read(model: Model, case: Case, store: Store) -> _Job:
    job = _Job(case, failure=case.failure)
    if job.failure:
        return job
    with job.stage("decode"):
        data = case.read()
        job.sha256 = hashlib.sha256(data).hexdigest()
        _name(model, job, store)
        job.kept = store.get(job.key)
        if job.kept is None and isinstance(model, Refined):
            job.base = store.get(job.base_key)
        if job.kept is None:
            job.picture = case.picture(data)
    if job.picture is not None and job.base is None:
        with job.stage("preprocess"):
            job.inputs, key = model.preprocess(job.picture), job.key
            _name(model, job, store)
            if job.key != key:  # a finished cut-out that was replaced meanwhile
                job.inputs = model.preprocess(job.picture)
    return job


def _infer(model: Model, jobs: Sequence[_Job], store: Store) -> None:
    """Run the bare model on the jobs' inputs; its time is shared out evenly."""
    if not jobs:
        return
    started = time.perf_counter()
    if _loaded(model):
        jobs[0].seconds["load"] = time.perf_counter() - started
    started = time.perf_counter()
    try:
        outputs = infer(model, [job.inputs for job in jobs])
    except OutputError:
        raise
    except Exception as error:  # one bad picture never ends a run
        if len(jobs) == 1:
            jobs[0].failure = Failure.of(error)
        else:  # nor takes the others of its batch with it
            for job in jobs:
                _infer(model, [job], store)
        return
    each = (time.perf_counter() - started) / len(jobs)
    for job, output in zip(jobs, outputs, strict=True):
        job.inputs, job.output, job.seconds["infer"] = None, output, each
        if model.info != job.info:  # short memory has changed how it was computed
            _name(model, job, store)


def infer(model: Model, inputs: list[Any]) -> Any:
    """What the bare model gives; ModelError unless that is one output for each input."""
    outputs: Any = model.infer(inputs)
    count = len(outputs) if isinstance(outputs, Sized) else 0
    if count != len(inputs):
        raise ModelError(
            Message(
                "{model} returned {outputs} outputs for {inputs} inputs",
                model=model.info.name,
                outputs=count,
                inputs=len(inputs),
            ),
            Message("Correct the model: infer() gives one output for each input."),
        )
    return outputs


def _loaded(model: Model) -> bool:
    """Load it, which no picture can be at fault for: ModelError for whatever it raises."""
    try:
        return model.load()
    except (RmbgEvalError, MemoryError):
        raise
    except Exception as error:
        raise ModelError(
            Message(
                "{model} cannot be loaded: {error}",
                model=model.info.name,
                error=raised(error),
            ),
            Message("See that what it needs is installed and fits this machine: --device cpu."),
        ) from error


def _name(model: Model, job: _Job, store: Store) -> None:
    """The keys of a job, by the model as it is at this moment."""
    assert job.sha256 is not None
    job.info = model.info
    job.key = store.key(job.sha256, model.identity(job.case.name))
    if isinstance(model, Refined):
        job.base_key = store.key(job.sha256, model.base.identity(job.case.name))


def _write(
    model: Model, job: _Job, out: Path, store: Store, memory_known: bool
) -> tuple[Case, Prediction]:
    case = job.case
    if job.open:
        keep = partial(_kept, job, store, memory_known)
        if isinstance(model, Refined):
            if job.base is None:
                job.base = keep(job.base_key, _made(model.base, job))
            if job.base is not None:
                job.kept = keep(job.key, _refined(model, job))
        else:
            job.kept = keep(job.key, _made(model, job))
        if job.kept is not None:
            return case, _finish(model, job, out, cached=False)
    if job.failure:
        return case, Prediction(
            category=case.category,
            case=case.id,
            model=model.info.name,
            picture_sha256=job.sha256,
            seconds=job.seconds,
            failure=job.failure,
        )
    return case, _finish(model, job, out, cached=True)


def _made(model: Model, job: _Job) -> Cutout | None:
    """The cut-out of what was inferred; None where the job failed."""
    assert job.picture is not None
    with job.stage("postprocess"):
        cutout = model.postprocess(job.output, job.picture)
        check_cutout(model, cutout, job.picture)
        job.output = None
    return None if job.failure else cutout


def _refined(model: Refined, job: _Job) -> Cutout | None:
    """The refined cut-out of the one in `job.base`; None where the job failed.

    Its seconds are all that it takes: those of the base, of when that was made, and `refine`.
    """
    assert job.picture is not None
    assert job.base is not None
    entry, png = job.base
    own = {
        stage: spent for stage, spent in entry.seconds.items() if stage not in ("load", "encode")
    }
    job.seconds = {**own, **job.seconds}
    with job.stage("refine"):
        rgb, alpha = decode_cutout(png, job.case.name)
        cutout = model.finish(Cutout(job.picture.rgb if rgb is None else rgb, alpha), job.picture)
        check_cutout(model, cutout, job.picture)
    return None if job.failure else cutout


def _kept(
    job: _Job, store: Store, memory_known: bool, key: str, cutout: Cutout | None
) -> tuple[Entry, bytes] | None:
    """A cut-out, encoded and kept under `key`; None where there is none, or the job failed."""
    if cutout is None:
        return None
    assert job.picture is not None
    with job.stage("encode"):
        png = encode_png(cutout)
    if job.failure:
        return None
    width, height = job.picture.size
    entry = Entry(
        cutout_sha256=hashlib.sha256(png).hexdigest(),
        width=width,
        height=height,
        notes=(*job.picture.notes, *_notes_of(cutout, job.picture)),
        seconds=dict(job.seconds),
        peak_memory_bytes=peak_memory() if memory_known else None,
    )
    store.put(key, entry, png)
    return entry, png


def _notes_of(cutout: Cutout, picture: Picture) -> Iterator[Message]:
    if cutout.rgb is not picture.rgb and looks_multiplied(cutout, picture):
        yield MULTIPLIED
    if 0.5 / 255 < cutout.alpha.max() < 1.5 / 255:
        yield MASK


def check_cutout(model: Model, cutout: Cutout, picture: Picture) -> None:
    """Raise ModelError, printing what was received, unless the cut-out keeps the image contract."""
    if not isinstance(cutout, Cutout):
        raise ModelError(
            Message("{model} returned a {type}", model=model.info.name, type=type(cutout).__name__),
            Message("Correct the model: postprocess() gives a Cutout."),
        )
    try:
        check_rgb(cutout.rgb)
        check_alpha(cutout.alpha, picture.rgb.shape[:2])
    except ImageError as error:
        raise ModelError(
            Message("{model}: {problem}", model=model.info.name, problem=error.problem),
            error.remedy,
        ) from None


def _finish(model: Model, job: _Job, out: Path, *, cached: bool) -> Prediction:
    """Put the kept cut-out into the run folder and say so."""
    assert job.kept is not None
    assert job.info is not None
    entry, png = job.kept
    case, name = job.case, model.info.name
    path = cutout_path(name, case.category, case.id, case.alone)
    if sha256_file(out / path) != entry.cutout_sha256:
        write_atomic(out / path, png)
    for note, some in SOME.items():
        if note in entry.notes and some not in model.warnings:
            model.warnings.append(some)
    return Prediction(
        **dict(entry),
        category=case.category,
        case=case.id,
        model=name,
        picture_sha256=job.sha256,
        cutout=path,
        cached=cached,
        device=job.info.device,
        dtype=job.info.dtype,
    )


def cutout_path(model: str, category: str, case: str, alone: bool = True) -> str:
    """Where a cut-out lies in a run folder; `alone`: of the case, as there."""
    return f"cutouts/{safe_name(model)}/{safe_name(category)}/{safe_name(case, alone)}.png"


def picture_of(case: Case, sha256: str | None) -> Picture:
    """The picture that a prediction was made of, by its hash; ImageError where the case's file is
    another by now. None stands for any."""
    data = case.read()
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise ImageError(
            Message(
                "{name} is no longer the picture that was cut out",
                name=printable(case.image.name),
            ),
            Message("Run again, or restore the picture."),
        )
    return case.picture(data)


def stored_alpha(path: Path) -> Alpha:
    """The alpha of a cut-out as it was written: `(H, W) float32` in steps of 1/255."""
    return decode_cutout(read_bytes(path), path.name)[1]
