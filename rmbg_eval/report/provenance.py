"""How a run was made: pipelines, weights, versions, machine and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median

from ..models.info import ModelInfo
from ..run.record import Run
from ..settings import Language
from . import said
from .strings import Words, join, text
from .views import DetailsView, ModelRow


def details(run: Run) -> DetailsView:
    """The table of it."""
    say, lang = _sayer(run), run.settings.lang
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
        (say("skipped"), "; ".join(map(str, run.skipped)) or say("none")),
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


def model_rows(run: Run) -> Iterable[ModelRow]:
    """The table of the models."""
    say = _sayer(run)
    for model in run.models:
        made = [p for p in run.predictions if p.model == model.info.name]
        done = [p for p in made if p.cutout]
        infer = [p.seconds["infer"] for p in done if "infer" in p.seconds]
        load = [p.seconds["load"] for p in made if "load" in p.seconds]
        memory = [p.peak_memory_bytes for p in done if p.peak_memory_bytes]
        info = model.info
        on = [part for part in (info.runtime, info.device, info.dtype) if part != "none"]
        none = say("not_measured")
        yield ModelRow(
            name=info.name,
            title=info.title,
            foreground=colours(info, run.settings.lang),
            licence=info.licence,
            runs_on=", ".join(on),
            done=say("done_of", done=len(done), all=len(made)),
            infer=seconds(median(infer)) if infer else none,
            total=seconds(median(total(p.seconds) for p in done)) if done else none,
            load=seconds(max(load)) if load else none,
            memory=gibibytes(run, max(memory, default=None)),
            weights=info.weights_sha256[:12] if info.weights_sha256 else say("no_weights"),
        )


def precision(run: Run) -> Iterable[str]:
    """What each reduced precision changed, and what a model warned of."""
    say = _sayer(run)
    for model in run.models:
        check, info = model.precision, model.info
        yield from (f"{info.name}: {warning}" for warning in model.warnings)
        if check is None:
            continue
        if check.largest is None or check.mean is None:
            yield say(
                "precision_unknown",
                model=info.name,
                dtype=info.dtype,
                reason=said.reason(check.reason or "", run.settings.lang),
            )
        else:
            yield say(
                "precision",
                model=info.name,
                dtype=info.dtype,
                cases=check.cases,
                largest=round(255 * check.largest),
                mean=f"{255 * check.mean:.2f}",
            )


def colours(info: ModelInfo, lang: Language) -> Words | None:
    """How the colours under a soft alpha were estimated, if they were."""
    return None if info.foreground == "raw" else text("colours", lang, how=info.foreground)


def total(spent: dict[str, float]) -> float:
    """Seconds of all stages but loading the model."""
    return sum(value for stage, value in spent.items() if stage != "load")


def _sayer(run: Run) -> Callable[..., Words]:
    return lambda key, **values: text(key, run.settings.lang, **values)


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else str(value)
