"""measurements.csv, and tables as CSV in which no text is a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..core.files import write_atomic
from ..errors import printable
from .record import Run


def write_csv(path: Path, run: Run) -> None:
    """Everything that was measured, a row a number."""
    write_atomic(path, csv_lines(map(printable, row) for row in _rows(run)))


def plain_text(cell: str) -> str:
    """`cell` with an apostrophe before what a spreadsheet would compute; numbers stay.

    Some split at semicolons or tabs: what follows one there begins a cell, too.

    OWASP, "CSV Injection": = + - @ tab and return begin a formula, and so do the first four in full
    width, which stand for them where Chinese or Japanese is typed.

    >>> plain_text("=cmd|'/c calc'!A1"), plain_text("-0.5"), plain_text("-a")
    ("'=cmd|'/c calc'!A1", '-0.5', "'-a")
    """
    if _NUMBER.fullmatch(cell):
        return cell
    cell = _CELL.sub(r"\1'", cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_CELL = re.compile(r"""([;\t\r\n])(?=["' ]*[=+\-@＝＋－＠])""")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?")


def csv_lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Each row as a line of CSV, in which no text is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([*map(plain_text, row)])
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def _rows(run: Run) -> Iterator[list[str]]:
    """Measurements, observation points, and the seconds of every prediction."""
    yield ["case", "category", "model", "metric", "value", "unit", "region", "reason"]
    for m in run.measurements:
        value = "" if m.value is None else repr(m.value)
        yield [m.case, m.category, m.model, m.metric, value, m.unit, m.region, str(m.reason or "")]
    for point in run.points:
        start = [point.case, point.category, point.model]
        name, reason = f"point:{point.point}", str(point.reason or "")
        value = "" if point.measured is None else repr(point.measured)
        passed = "" if point.passed is None else str(int(point.passed))
        yield [*start, name, value, point.unit, point.kind, reason]
        unmeasured = reason if point.passed is None else ""
        yield [*start, f"{name}:passed", passed, "passed, 0 or 1", point.kind, unmeasured]
    for p in run.predictions:
        for stage, seconds in p.seconds.items():
            start = [p.case, p.category, p.model]
            yield [*start, f"seconds_{stage}", f"{seconds:.4f}", "s", "the prediction", ""]
