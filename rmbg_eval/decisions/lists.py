"""What one acts on: the table of what was decided, mend.csv, and a ZIP of the usable cut-outs."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ..cases.names import as_counted
from ..core.files import folded, is_device, new_file, sha256_file, write_atomic
from ..core.key import Key
from ..errors import OutputError, printable
from ..i18n import Message
from ..predictions.prediction import Prediction
from ..run.csv_files import csv_lines
from ..run.record import Run
from .acceptance import settle
from .applying import saying
from .record import Decisions, Review, Vote

MEND, TABLE = "mend.csv", "decisions.csv"
_MARK = "\ufeff"

HEADS = (
    "case", "category", "model", "kind", "says", "person", "time", "comment", "x", "y", "cutout",
)  # fmt: skip
"""Of a row of `rows`."""


def rows(run: Run, decisions: Decisions) -> Iterator[tuple[str | int | None, ...]]:
    """What holds, a row each, in the order of time, as `HEADS` has it.

    `decisions` are those about the run's own content. A vote is a row of both models, `A · B`.
    """
    for decision in decisions.current:
        models = (
            (decision.left.model, decision.right.model)
            if isinstance(decision, Vote)
            else (decision.model,)
        )
        prediction = run.index.predictions.get(Key(*decision.case_key, models[0]))
        review = decision if isinstance(decision, Review) else None
        place = (review.place if review else None) or (None, None)
        yield (
            decision.case, decision.category, " · ".join(models), decision.kind,
            review.answer if review else str(saying(decision)), decision.person,
            decision.time.isoformat(timespec="seconds"), review.comment if review else "",
            place[0], place[1], prediction.cutout if review and prediction else None,
        )  # fmt: skip


def table_csv(run: Run, decisions: Decisions) -> str:
    """decisions.csv: `rows`, in which no text is a formula."""
    return _csv(HEADS, rows(run, decisions))


MEND_HEADS = ("file", "case", "category", "model", "says", "reasons", "comments", "x", "y", "by")


def left_to_do(run: Run, decisions: Decisions) -> list[tuple[Prediction, str, tuple[Review, ...]]]:
    """The cut-outs looked at that are not usable as they are, to mend, unusable, unsure or
    disputed, and who says so; then the predictions that failed or are missing, of the models looked
    at."""
    found: list[tuple[Prediction, str, tuple[Review, ...]]] = [
        (run.index.predictions[key], opinion.answer, opinion.reviews)
        for key, opinion in settle(decisions.reviews).items()
        if opinion.answer != "usable" and key in run.index.predictions
    ]
    found.sort(key=lambda each: as_counted(each[0].cutout or ""))
    looked_at = {review.model for review in decisions.reviews}
    lost = (p for p in run.failures if p.model in looked_at)
    return found + [(p, p.failure.state, ()) for p in lost if p.failure]


def mend_csv(run: Run, decisions: Decisions) -> str:
    """mend.csv: what is `left_to_do`, a row each, as `says` has it.

    `reasons` are the points that did not pass and the signs of its risk, or why it failed;
    `comments` and the first place are people's own.
    """
    found = []
    for prediction, says, reviews in left_to_do(run, decisions):
        key = prediction.key
        missed = [p.point for p in run.index.points.get(key, {}).values() if not p.passed]
        risk = run.index.risks.get(key)
        signs = [str(sign.text).replace("\u00a0", " ") for sign in (risk.signs if risk else ())]
        reasons = [str(prediction.failure)] if prediction.failure else [*missed, *signs]
        comments = [f"{r.who}: {r.comment}" for r in reviews if r.comment]
        place = next((r.place for r in reviews if r.place), None) or ("", "")
        people = ", ".join(dict.fromkeys(str(r.who) for r in reviews))
        found.append(
            [prediction.cutout or "", key.case, key.category, key.model, says,
             "; ".join(reasons), "; ".join(comments), *place, people]
        )  # fmt: skip
    return _csv(MEND_HEADS, found)


def write_lists(out: Path, run: Run, decisions: Decisions) -> None:
    """Write both tables into the run folder, as UTF-8 with a mark, by which a spreadsheet knows it;
    OutputError where that cannot be."""
    write_atomic(out / MEND, f"{_MARK}{mend_csv(run, decisions)}")
    write_atomic(out / TABLE, f"{_MARK}{table_csv(run, decisions)}")


def usable(run: Run, decisions: Decisions) -> tuple[Key, ...]:
    """The cut-outs that people would use, in the run's order."""
    opinions = settle(decisions.reviews)
    return tuple(
        p.key
        for p in run.predictions
        if p.key in opinions and opinions[p.key].answer == "usable" and p.cutout
    )


def write_zip(
    path: Path, run: Run, decisions: Decisions, complain: Callable[[Message], None]
) -> int:
    """Write the usable cut-outs as a ZIP, `model/category/case.png`; how many there are in it.

    Their names are the cases' own, but for what some file system forbids (`_shown`).
    A file that is gone or changed since it was decided on is left out, and told by `complain`. The
    ZIP is there whole or not at all. Raises OutputError where it cannot be written, or `path` is a
    file that is no ZIP.
    """
    if path.exists() and not (path.is_file() and zipfile.is_zipfile(path)):
        raise OutputError(
            Message("{file} is there already, and is no ZIP", file=printable(str(path))),
            Message("Give another name with --zip."),
        )
    out, count, taken = run.settings.out_folder, 0, set[str]()
    # PNGs are small already.
    with (
        new_file(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive,
    ):
        for key in usable(run, decisions):
            prediction = run.index.predictions[key]
            name = prediction.cutout or ""
            if sha256_file(out / name) != prediction.cutout_sha256:
                complain(
                    Message("{file} is gone or was changed, and is left out", file=printable(name))
                )
                continue
            inside = "/".join(map(_shown, (key.model, key.category, key.case)))
            while folded(inside) in taken:
                inside += "~"
            taken.add(folded(inside))
            archive.write(out / name, f"{inside}.png")
            count += 1
    return count


def _shown(name: str) -> str:
    """A file's or folder's name that every file system takes, and that leads nowhere else.

    >>> _shown("White mug (1) final #2"), _shown("lace?v=2"), _shown(".."), _shown("aux.1")
    ('White mug (1) final #2', 'lace_v=2', '_', '_aux.1')
    """
    plain = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", unicodedata.normalize("NFC", name))
    plain = plain.encode("utf-8", "ignore")[:_MOST_BYTES].decode("utf-8", "ignore")
    plain = plain.strip(" ").rstrip(". ") or "_"
    return f"_{plain}" if is_device(plain) else plain


_MOST_BYTES = 200
"""Of a name: file systems take 255."""


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    cells = (["" if cell is None else printable(str(cell)) for cell in row] for row in rows)
    return "".join(csv_lines([heads, *cells]))
