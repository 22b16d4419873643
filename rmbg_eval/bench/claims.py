"""What the article that started this project claims of RMBG-2.0, answered line by line."""

from __future__ import annotations

from collections.abc import Sequence

from ..i18n import N_, Message
from ..models.birefnet.family import FAMILY
from .records import Claim, Row

GB = 1e9
Answer = tuple[Message, bool]
"""What is said, and whether it was measured."""


def answer_claims(rows: Sequence[Row]) -> tuple[Claim, ...]:
    """Every claim with its answer, from the rows of the BiRefNet family that did not fail.

    Of several rows the one speaks that serves the claim best: the fastest, or for memory the one
    that takes most.
    """
    titles = {member.title for member in FAMILY}
    ours = [row for row in rows if row.info and any(title in row.info.title for title in titles)]
    answers = {
        "load": (N_("5 GB of weights load in 30–40 s, once; then the model is resident"), _load),
        "seconds": (N_("0.7–0.8 s a picture on an RTX 4090D"), _seconds),
        "memory": (N_("GPU memory stays under 22 GB"), _memory),
        "matmul": (N_("set_float32_matmul_precision('high') saves 15 %"), _matmul),
        "large": (
            N_(
                "not for pictures over 4000 px whose every detail must stay: they are scaled to "
                "1024"
            ),
            _large,
        ),
        "serial": (N_("one picture after the other, so not for 100 pictures a second"), _serial),
    }
    claims = []
    for key, (claim, answer) in answers.items():
        said, measured = (
            answer(ours)
            if ours
            else (Message("no combination of the BiRefNet family was measured"), False)
        )
        claims.append(
            Claim(
                key=key,
                claim=Message(claim),
                verdict="measured" if measured else "not measurable here",
                answer=said,
            )
        )
    return tuple(claims)


def _load(rows: Sequence[Row]) -> Answer:
    known = [row for row in rows if row.load_seconds and row.weights_bytes]
    if not known:
        return Message("the weights' size is not known"), False
    row = min(known, key=lambda row: row.load_seconds or 0)
    size = f"{(row.weights_bytes or 0) / 1e6:.0f}"
    seconds = f"{row.load_seconds:.1f}"
    return Message(
        "{row}: {seconds} s from a fresh process to a model that is ready, imports included, "
        "for {size} MB of weights; nothing is loaded again after that",
        row=row.words,
        seconds=seconds,
        size=size,
    ), True


def _seconds(rows: Sequence[Row]) -> Answer:
    row = min(rows, key=lambda row: sum(row.stages.values()))
    where = row.device_name or (row.info.device if row.info else row.wanted.device)
    said = Message(
        "{row}: {seconds} s a picture, the sum of all stages, {infer} s of them inference; the "
        "device is {where}",
        row=row.words,
        seconds=f"{sum(row.stages.values()):.2f}",
        infer=f"{row.stages['infer']:.2f}",
        where=where,
    )
    return said, True


def _memory(rows: Sequence[Row]) -> Answer:
    on_device = [row for row in rows if row.peak_device_bytes]
    if not on_device:
        most = max((row.peak_process_bytes or 0 for row in rows), default=0)
        return Message(
            "no CUDA device was measured; the process held at most {size} GB of memory",
            size=f"{most / GB:.1f}" if most else "?",
        ), False
    row = max(on_device, key=lambda row: row.peak_device_bytes or 0)
    size = f"{(row.peak_device_bytes or 0) / GB:.1f}"
    return Message(
        "{row}: at most {size} GB of the device's memory", row=row.words, size=size
    ), True


def _matmul(rows: Sequence[Row]) -> Answer:
    for row in rows:
        if row.highest_median and row.latency_median:
            saved = 100 * (1 - row.latency_median / row.highest_median)
            said = Message(
                "{row}: {high} s with 'high', {highest} s with 'highest', in turns: {saved} % "
                "saved",
                row=row.words,
                high=f"{row.latency_median:.3f}",
                highest=f"{row.highest_median:.3f}",
                saved=f"{saved:.0f}",
            )
            return said, True
    return Message("it concerns fp32 on torch, not compiled: measure with --dtype fp32"), False


def _large(rows: Sequence[Row]) -> Answer:
    row = next((row for row in rows if row.large), None)
    if row is None or row.large is None or row.info is None:
        reason = rows[0].missing.get("large", "")
        return Message("it failed: {reason}", reason=reason), False
    large = row.large
    said = Message(
        "{row}: a picture of {width}×{height} takes {seconds} s, its cut-out has {out}; the "
        "colours are the original's, but the alpha is computed by: {pipeline}",
        row=row.words,
        width=large.width,
        height=large.height,
        seconds=f"{large.seconds:.1f}",
        out=f"{large.cutout_width}×{large.cutout_height}",
        pipeline=row.info.pipeline,
    )
    return said, True


def _serial(rows: Sequence[Row]) -> Answer:
    row = max(rows, key=lambda row: row.end_to_end_per_second or 0)
    value = f"{row.end_to_end_per_second:.2f}"
    return Message(
        "{row}: {value} pictures a second from decoding to the written PNG, stages overlapping",
        row=row.words,
        value=value,
    ), True
