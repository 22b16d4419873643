"""A bench on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rich.markup import escape
from rich.table import Column, Table

from ..core.choices import Language
from ..i18n import Message
from .records import STAGES, Bench, Row

_HEADS = (
    Message("combination"),
    Message("load"),
    Message("inference, median / p95"),
    Message("inference alone"),
    Message("decoding to PNG"),
    Message("ratio"),
    Message("memory: device / process"),
)
_STAGES = {
    "decode": Message("decode"),
    "preprocess": Message("preprocess"),
    "infer": Message("infer"),
    "postprocess": Message("postprocess"),
    "encode": Message("encode"),
}
_column = partial(Column, overflow="fold")  # never cut short
_VERDICTS = {
    "measured": Message("measured"),
    "not measurable here": Message("not measurable here"),
}


def tables(bench: Bench, lang: Language) -> Iterator[Table]:
    """Speed and memory; seconds by stage; the article's claims, if any of them was measured."""
    heads = (head.to(lang) for head in _HEADS)
    speed = Table(*map(_column, heads), title=Message("Speed and memory").to(lang))
    stages = Table(
        _column(Message("combination").to(lang)),
        *(_column(_STAGES[stage].to(lang)) for stage in STAGES),
        title=Message("Seconds a picture by stage, median").to(lang),
    )
    for row in bench.rows:
        name = escape(row.words)
        if row.failure:
            speed.add_row(name, f"[red]{escape(row.failure)}[/red]")
            continue
        speed.add_row(name, *_speed(row, lang))
        stages.add_row(name, *(f"{row.stages[stage]:.3f}" for stage in STAGES))
    yield speed
    if stages.row_count:
        yield stages
    claims = Table(
        Message("claim").to(lang),
        Message("here").to(lang),
        Message("answer").to(lang),
        show_lines=True,
        title=Message("What an article says of RMBG-2.0, and what this machine says").to(lang),
    )
    for claim in bench.claims:
        verdict = _VERDICTS[claim.verdict].to(lang)
        claims.add_row(claim.claim.to(lang), verdict, escape(claim.answer.to(lang)))
    if any(claim.verdict == "measured" for claim in bench.claims):
        yield claims


def _speed(row: Row, lang: Language) -> Iterator[str]:
    yield _seconds(row.load_seconds, 1)
    yield f"{_seconds(row.latency_median, 3)} / {_seconds(row.latency_p95, 3)}"
    forward, whole = row.forward_per_second or 0, row.end_to_end_per_second or 0
    for value in (forward, whole):
        yield Message("{value}/s", value=f"{value:.2f}").to(lang)
    yield f"{whole / forward:.2f}" if forward else "–"
    yield f"{_bytes(row.peak_device_bytes)} / {_bytes(row.peak_process_bytes)}"


def _seconds(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f} s"


def _bytes(count: int | None) -> str:
    return "–" if count is None else f"{count / 1e9:.1f} GB"
