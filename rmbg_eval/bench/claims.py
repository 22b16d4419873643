"""What the article that started this project claims of RMBG-2.0, answered line by line."""

from __future__ import annotations

from collections.abc import Sequence

from ..models.birefnet.family import FAMILY
from ..settings import Language
from .records import Claim, Row
from .strings import text

GB = 1e9
Answer = tuple[str, bool]
"""What is said, and whether it was measured."""


def answer_claims(rows: Sequence[Row], lang: Language) -> tuple[Claim, ...]:
    """Every claim with its answer, from the rows of the BiRefNet family that did not fail.

    Of several rows the one speaks that serves the claim best: the fastest, or for memory the one
    that takes most.
    """
    titles = {member.title for member in FAMILY}
    ours = [row for row in rows if row.info and any(title in row.info.title for title in titles)]
    answers = {
        "load": _load,
        "seconds": _seconds,
        "memory": _memory,
        "matmul": _matmul,
        "large": _large,
        "serial": _serial,
    }
    claims = []
    for key, answer in answers.items():
        said, measured = answer(ours, lang) if ours else (text("no_row", lang), False)
        claims.append(
            Claim(
                key=key,
                claim=text(f"claim.{key}", lang),
                verdict="measured" if measured else "not measurable here",
                answer=said,
            )
        )
    return tuple(claims)


def _load(rows: Sequence[Row], lang: Language) -> Answer:
    known = [row for row in rows if row.load_seconds and row.weights_bytes]
    if not known:
        return text("no_size", lang), False
    row = min(known, key=lambda row: row.load_seconds or 0)
    size = f"{(row.weights_bytes or 0) / 1e6:.0f}"
    seconds = f"{row.load_seconds:.1f}"
    return text("answer.load", lang, row=row.words, seconds=seconds, size=size), True


def _seconds(rows: Sequence[Row], lang: Language) -> Answer:
    row = min(rows, key=lambda row: sum(row.stages.values()))
    where = row.device_name or (row.info.device if row.info else row.wanted.device)
    said = text(
        "answer.seconds",
        lang,
        row=row.words,
        seconds=f"{sum(row.stages.values()):.2f}",
        infer=f"{row.stages['infer']:.2f}",
        where=where,
    )
    return said, True


def _memory(rows: Sequence[Row], lang: Language) -> Answer:
    on_device = [row for row in rows if row.peak_device_bytes]
    if not on_device:
        most = max((row.peak_process_bytes or 0 for row in rows), default=0)
        return text("no_cuda", lang, size=f"{most / GB:.1f}" if most else "?"), False
    row = max(on_device, key=lambda row: row.peak_device_bytes or 0)
    size = f"{(row.peak_device_bytes or 0) / GB:.1f}"
    return text("answer.memory", lang, row=row.words, size=size), True


def _matmul(rows: Sequence[Row], lang: Language) -> Answer:
    for row in rows:
        if row.highest_median and row.latency_median:
            saved = 100 * (1 - row.latency_median / row.highest_median)
            said = text(
                "answer.matmul",
                lang,
                row=row.words,
                high=f"{row.latency_median:.3f}",
                highest=f"{row.highest_median:.3f}",
                saved=f"{saved:.0f}",
            )
            return said, True
    return text("no_fp32", lang), False


def _large(rows: Sequence[Row], lang: Language) -> Answer:
    row = next((row for row in rows if row.large), None)
    if row is None or row.large is None or row.info is None:
        reason = rows[0].missing.get("large", "")
        return text("not_large", lang, reason=reason), False
    large = row.large
    said = text(
        "answer.large",
        lang,
        row=row.words,
        width=large.width,
        height=large.height,
        seconds=f"{large.seconds:.1f}",
        out=f"{large.cutout_width}×{large.cutout_height}",
        pipeline=row.info.pipeline,
    )
    return said, True


def _serial(rows: Sequence[Row], lang: Language) -> Answer:
    row = max(rows, key=lambda row: row.end_to_end_per_second or 0)
    value = f"{row.end_to_end_per_second:.2f}"
    return text("answer.serial", lang, row=row.words, value=value), True
