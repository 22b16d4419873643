"""How a run was made: pipelines, weights, versions, machine and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..i18n import N_, Message, join
from ..measure.risk import Others, coefficients, order_of
from ..models.info import ModelInfo
from ..run.agreement import others_of
from ..run.record import Run
from ..run.statistics import inference
from ..run.tally import middle, warnings_of
from .views import ModelRow, Text

NO_BREAK = "\N{NO-BREAK SPACE}"


def details(run: Run) -> Iterable[tuple[Text, Text]]:
    """Names and values of it."""
    for model in run.models:
        info, more = model.info, model.stability
        yield Message("Pipeline of {model}", model=info.name), info.pipeline
        if info.weights_sha256:
            hashed = ", ".join(filter(None, (info.weights_sha256, info.weights_from)))
            yield Message("Weights of {model}, SHA-256", model=info.name), hashed
        if more and not info.finished:
            spent = Message(
                "{n} more inference, {seconds} in all, which no picture's time has",
                many="{n} more inferences, {seconds} in all, which no picture's time has",
                n=more.inferences,
                seconds=seconds(more.seconds),
            )
            yield Message("Stability of {model}", model=info.name), spent
    if run.risks:
        yield from _risk(run)
    yield Message("Commit"), commit(run)
    yield Message("Versions"), ", ".join(f"{name} {v}" for name, v in run.machine.versions.items())
    yield Message("Machine"), join(", ", [machine(run), run.machine.system])
    yield Message("The run took"), seconds(run.wall_seconds) or Message("not measured")
    skipped = _first(run.skipped) if run.skipped else Message("none")
    yield Message("Files that are no case"), skipped


def _first(names: Sequence[Message]) -> Message:
    """The names, and of many how many more there are."""
    shown = join("; ", names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return Message("{names}; and {n} more", names=shown, n=more) if more > 0 else shown


_MOST_NAMES = 100

_OTHERS: dict[Others, str] = {
    "none": N_("with no other network to compare with"),
    "alike": N_("with several models that hardly differ, each as if alone"),
    "differ": N_("with several models that differ"),
}


_SIGNS = {
    False: N_(
        "where models differ, soft patches in the subject and around it, stray pieces, outlines "
        "that are not on an edge of the picture, and how little is kept"
    ),
    True: N_(
        "soft patches in the subject and around it, stray pieces, outlines that are not on an edge "
        "of the picture, and how little is kept"
    ),
}
"""By whether there is one network alone."""


def _risk(run: Run) -> Iterable[tuple[Text, Text]]:
    """On what this version fitted risk, and how well it orders what it was not fitted on."""
    found, others = coefficients(), others_of(run)
    fit = found["together" if others == "differ" else "alone"]
    order = order_of(others)
    yield Message("What makes risk"), Message(_SIGNS[others == "none"])
    yield (
        Message("Risk"),
        Message(
            "fitted on {rows} cut-outs of {photographs} photographs of people and horses and of "
            "{pictures} pictures of {scenes} rendered scenes; what is acceptable was decided by a "
            "rule, not by people. It orders models' own cut-outs, {others}, with an AUROC of {own} "
            "(95\u00a0%: {low} to {high}) on the photographs of a data set that was not learnt "
            "from, of {of_scenes} on scenes that were not, and of {networks} by networks that were "
            "not",
            rows=fit["rows"],
            pictures=found["pictures"],
            scenes=found["scenes"],
            others=Message(_OTHERS[others]),
            photographs=found["photographs"],
            own=order.auroc,
            low=order.low,
            high=order.high,
            of_scenes=order.scenes,
            networks=order.networks,
        ),
    )
    yield (
        Message("Calibration of risk, on these photographs"),
        join(
            "; ",
            [
                Message(
                    "{low} to {high}: {bad} of {rows} not acceptable",
                    low=one["from"],
                    high=one["to"],
                    bad=one["unacceptable"],
                    rows=one["rows"],
                )
                for one in order.calibration
            ],
        ),
    )


def parameters(run: Run) -> Iterable[tuple[str, Text]]:
    """Names and values of the settings."""
    values = run.settings.model_dump()
    values["cases"] = values["cases"] or Message("the reference cases of rmbg-eval")
    values["categories"] = values["categories"] or Message("all")
    return ((name, _value(value)) for name, value in values.items())


def commit(run: Run) -> Text:
    """Of rmbg_eval itself."""
    own = run.machine.commit
    if own is None:
        return Message("installed without a checkout")
    return Message("{commit}, with uncommitted changes", commit=own) if run.machine.dirty else own


def machine(run: Run) -> Message:
    """Processor, cores and memory."""
    return Message(
        "{processor}, {cores} cores, {memory}",
        processor=run.machine.processor,
        cores=run.machine.cores,
        memory=gibibytes(run.machine.memory_bytes),
    )


def gibibytes(count: int | None) -> Text:
    """`1.5 GiB`, or that it was not measured."""
    return Message("not measured") if count is None else f"{count / 2**30:.1f} GiB"


def seconds(value: float | None) -> str:
    """`1.50 s`, or nothing."""
    return "" if value is None else f"{value:.2f} s"


def _inference_words(run: Run, model: str) -> Text:
    """Median seconds of an inference, and how much of them refinement is."""
    spent = seconds(inference(run, model))
    refined = middle(run.tally[model].refinement)
    if not spent or refined is None:
        return spent
    return Message("{seconds}, {refine} of it refinement", seconds=spent, refine=seconds(refined))


def time_of(run: Run, model: str) -> Text:
    """Median seconds of an inference in few figures, or why there are none."""
    spent = inference(run, model)
    if spent is None:
        finished = run.index.models[model].info.finished
        return Message("finished cut-outs") if finished else Message("not timed")
    return brief(spent)


def brief(value: float) -> str:
    """Seconds in two figures: `2.1 s`."""
    return f"{value:.2g}{NO_BREAK}s" if value < 99.5 else f"{value:.0f}{NO_BREAK}s"


def model_rows(run: Run) -> Iterable[ModelRow]:
    """The table of the models."""
    for model in run.models:
        info, tally = model.info, run.tally[model.info.name]
        load, spent = tally.load, middle(tally.totals)
        on = [part for part in (info.runtime, info.device, info.dtype) if part != "none"]
        none = Message("not measured")
        if info.finished:
            load, spent, none = None, None, Message("not timed")
        yield ModelRow(
            name=info.name,
            title=info.title,
            foreground=colours(info),
            licence=info.licence_words,
            runs_on=", ".join(dict.fromkeys(on)),
            done=Message("{done} of {all}", done=tally.cutouts, all=tally.predictions),
            infer=_inference_words(run, info.name) or none,
            total=seconds(spent) or none,
            load=seconds(load) or none,
            memory=none if info.finished else gibibytes(tally.memory),
            weights=info.weights_sha256[:12] if info.weights_sha256 else Message("none"),
        )


def precision(run: Run) -> Iterable[Message]:
    """What models warned of, and what each reduced precision changed."""
    yield from warnings_of(((model.info.name, model.warnings) for model in run.models), run.tally)
    for model in run.models:
        check, info = model.precision, model.info
        if check is None:
            continue
        if check.largest is None or check.mean is None:
            yield Message(
                "{model} ran in {dtype}; its difference from fp32 was not measured: {reason}.",
                model=info.name,
                dtype=info.dtype,
                reason=check.reason or "",
            )
        else:
            text = N_(
                "{model} ran in {dtype}: its alpha differs from fp32 by at most "
                "{largest} of 255 levels, {mean} on average, over {cases} reference pictures: "
                "{pictures}."
            )
            if not check.pictures:  # a run of a version before
                text = N_(
                    "{model} ran in {dtype}: its alpha differs from fp32 by at most "
                    "{largest} of 255 levels, {mean} on average, over {cases} cases."
                )
            yield Message(
                text,
                model=info.name,
                dtype=info.dtype,
                cases=check.cases,
                pictures=[*check.pictures],
                largest=round(255 * check.largest),
                mean=f"{255 * check.mean:.2f}",
            )
            if check.measured and _utc(check.measured) < _utc(run.started):
                yield Message(
                    "{model}: that was measured at {when} and is kept for its weights, dtype, "
                    "runtime and processor.",
                    model=info.name,
                    when=f"{check.measured:%Y-%m-%d %H:%M} UTC",
                )


def _utc(when: datetime) -> datetime:
    """As it is written: a stranger's may leave the zone out."""
    return when.replace(tzinfo=None)


def colours(info: ModelInfo) -> Message | None:
    """How the colours under a soft alpha were estimated, if they were."""
    how = info.foreground
    return None if how == "raw" else Message("foreground colours: {how}", how=how)


def _value(value: object) -> Text:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, Message) else str(value)
