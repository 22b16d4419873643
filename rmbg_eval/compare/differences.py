"""How two runs differ apart from what they found: said first, for it may explain the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import printable
from ..run.record import Run

_MOST = 5
"""Names that one sentence lists."""


def differences(was: Run, now: Run) -> tuple[str, ...]:
    """Sentences on schema, completeness, models, cases, measures, settings and machine."""
    return tuple(_found(was, now))


def _found(was: Run, now: Run) -> Iterator[str]:
    for name, run in (("BASE", was), ("NEW", now)):
        if not run.complete:
            yield f"{name} was interrupted: it holds only part of what it was to do"
    if was.schema_version != now.schema_version:
        yield (
            f"BASE has schema version {was.schema_version}, NEW {now.schema_version}: "
            "what only one of them keeps is not compared"
        )
    yield from _sets(
        "model",
        [m.info.name for m in was.models],
        [m.info.name for m in now.models],
        "; a label keeps two versions of one model comparable: LABEL=SPEC",
    )
    yield from _sets(
        "case",
        [f"{c.category}/{c.id}" for c in was.cases],
        [f"{c.category}/{c.id}" for c in now.cases],
    )
    yield from _sets(
        "measure",
        [m.metric for m in was.measurements],
        [m.metric for m in now.measurements],
        "; what only one run has is not compared",
    )
    infos = {m.info.name: m.info for m in was.models}
    for model in now.models:
        if model.info.name not in infos:
            continue
        before, after = infos[model.info.name], model.info
        for field in ("weights_sha256", "weights_from", "pipeline", "runtime", "device", "dtype"):
            one, other = getattr(before, field), getattr(after, field)
            if one != other:
                yield f"{after.name} · {field}: {_cut(one)} → {_cut(other)}"
        if before.foreground != after.foreground:
            yield f"{after.name} · foreground: {before.foreground} → {after.foreground}"
    yield from _machines(was, now)


def _machines(was: Run, now: Run) -> Iterator[str]:
    for field in ("commit", "dirty", "system", "processor", "cores", "threads"):
        one, other = getattr(was.machine, field), getattr(now.machine, field)
        if one != other:
            yield f"{field}: {_cut(one)} → {_cut(other)}"
    libraries = dict.fromkeys([*was.machine.versions, *now.machine.versions])
    for name in libraries:
        one, other = was.machine.versions.get(name), now.machine.versions.get(name)
        if one != other:
            yield f"{name}: {_cut(one)} → {_cut(other)}"


def _sets(what: str, was: Iterable[str], now: Iterable[str], advice: str = "") -> Iterator[str]:
    one, other = dict.fromkeys(was), dict.fromkeys(now)
    for run, there, elsewhere in (("BASE", one, other), ("NEW", other, one)):
        only = [name for name in there if name not in elsewhere]
        if only:
            more = f" and {len(only) - _MOST} more" if len(only) > _MOST else ""
            count = f"{len(only)} {what}{'s' if len(only) > 1 else ''}"
            names = ", ".join(printable(name) for name in only[:_MOST])
            yield f"{count} in {run} only: {names}{more}{advice}"


def _cut(value: object) -> str:
    text = "none" if value is None else printable(str(value))
    return text if len(text) <= 120 else f"{text[:119]}…"
