"""What the drawers at the end of the page hold: every measure, the models, seconds, provenance."""

from __future__ import annotations

from collections.abc import Iterable

from ..i18n import Message
from ..predictions.prediction import Prediction
from .context import Context
from .measures import MeasuresPanel
from .provenance import details, model_rows, parameters
from .views import MoreView, Text


def more(context: Context) -> MoreView:
    """All of it, of one run."""
    measures = MeasuresPanel(context)
    timed = tuple(m for m in context.models if not context.run.index.models[m].info.finished)
    return MoreView(
        measures=tuple(measures.families()),
        models=tuple(model_rows(context.run)),
        differences=measures.differences(),
        names=timed,
        seconds=tuple(_seconds(context, timed)) if timed and not context.cards else (),
        details=tuple(details(context.run)),
        parameters=tuple(parameters(context.run)),
    )


def _seconds(
    context: Context, models: tuple[str, ...]
) -> Iterable[tuple[str, str, tuple[Text, ...]]]:
    for record in context.shown.cases:
        key = record.key
        by_model = {p.model: p for p in context.shown.index.by_case.get(key, ())}
        width, height = context.size(key)
        yield (
            "/".join(key),
            f"{width}×{height}" if width else "–",
            tuple(_cell(by_model.get(model)) for model in models),
        )


def _cell(prediction: Prediction | None) -> Text:
    if prediction is None:
        return Message("not measured")
    if prediction.failure:
        return prediction.failure.word
    if prediction.inference_seconds is None:
        return Message("not timed")
    return f"{prediction.inference_seconds:.2f} / {prediction.total_seconds:.2f}"
