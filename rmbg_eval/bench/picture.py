"""The picture of a bench: where the time goes, and how many pictures a second."""

from __future__ import annotations

import io

from .records import STAGES, Bench

_COLOURS = ("#88a", "#6ab", "#246", "#c83", "#dba")


def draw(bench: Bench) -> bytes:
    """A PNG with two panels; in English, since a machine may have no Chinese font."""
    from matplotlib.figure import Figure  # half a second, and only here

    rows = [row for row in bench.rows if row.failure is None]
    figure = Figure(figsize=(12, 1.8 + 0.55 * max(1, len(rows))), layout="constrained")
    time, speed = figure.subplots(1, 2, sharey=True)
    places = range(len(rows))
    left = [0.0] * len(rows)
    for stage, colour in zip(STAGES, _COLOURS, strict=True):
        values = [row.stages[stage] for row in rows]
        time.barh(places, values, left=left, color=colour, label=stage)
        left = [so_far + value for so_far, value in zip(left, values, strict=True)]
    forward = [row.forward_per_second or 0 for row in rows]
    whole = [row.end_to_end_per_second or 0 for row in rows]
    speed.barh([p - 0.2 for p in places], forward, 0.38, color="#246", label="inference alone")
    speed.barh([p + 0.2 for p in places], whole, 0.38, color="#c83", label="decoding to PNG")
    time.set_yticks(places, [row.words for row in rows])
    time.invert_yaxis()
    time.set_xlabel("seconds a picture, median")
    speed.set_xlabel("pictures a second")
    for panel in (time, speed):
        panel.spines[["top", "right"]].set_visible(False)
        if rows:
            panel.legend(loc="upper center", bbox_to_anchor=(0.5, 1.35), ncols=5, frameon=False)
    machine = bench.machine
    where = {row.device_name for row in rows if row.device_name}
    weights = ", random weights" if bench.random_weights else ""
    figure.suptitle(
        f"{', '.join(sorted(where)) or machine.processor}, {machine.cores} cores{weights}", size=10
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
