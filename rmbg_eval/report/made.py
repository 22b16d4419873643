"""How a run was made: pipelines, weights, versions, machine and parameters."""

from __future__ import annotations

from ..records import Run
from .strings import Words, join, text
from .views import DetailsView


def details(run: Run) -> DetailsView:
    """The table of it."""
    lang = run.settings.lang

    def say(key: str, **values: object) -> Words:
        return text(key, lang, **values)

    rows: list[tuple[str, str]] = []
    for model in run.models:
        rows.append((say("pipeline", model=model.info.name), model.info.pipeline))
        if model.info.weights_sha256:
            label = say("weights_of", model=model.info.name)
            hashed = model.info.weights_sha256
            rows.append((label, ", ".join(filter(None, (hashed, model.info.weights_from)))))
    versions = ", ".join(f"{name} {v}" for name, v in run.machine.versions.items())
    rows += [
        (say("commit"), commit(run)),
        (say("versions"), versions),
        (say("machine"), join(", ", [machine(run), run.machine.system], lang)),
        (say("wall"), seconds(run.wall_seconds) or say("not_measured")),
        (say("skipped"), "; ".join(run.skipped) or say("none")),
    ]
    shown = run.settings.model_dump()
    shown["cases"] = shown["cases"] or say("reference_cases")
    shown["categories"] = shown["categories"] or say("all")
    parameters = tuple((name, _value(value)) for name, value in shown.items())
    return DetailsView(tuple(rows), parameters)


def commit(run: Run, short: bool = False) -> Words:
    """Of rmbg_eval itself."""
    lang, made_on = run.settings.lang, run.machine
    if made_on.commit is None:
        return text("no_commit", lang)
    name = made_on.commit[:10] if short else made_on.commit
    return text("dirty", lang, commit=name) if made_on.dirty else Words(name, name, lang)


def machine(run: Run) -> Words:
    """Processor, cores and memory."""
    return text(
        "machine_value",
        run.settings.lang,
        processor=run.machine.processor,
        cores=run.machine.cores,
        memory=gibibytes(run, run.machine.memory_bytes),
    )


def gibibytes(run: Run, count: int | None) -> str:
    """`1.5 GiB`, or that it was not measured."""
    return text("not_measured", run.settings.lang) if count is None else f"{count / 2**30:.1f} GiB"


def seconds(value: float | None) -> str:
    """`1.50 s`, or nothing."""
    return "" if value is None else f"{value:.2f} s"


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else str(value)
