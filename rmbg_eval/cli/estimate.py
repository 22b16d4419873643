"""The command `rmbg-eval estimate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from ..core.numbers import duration
from ..core.progress import Step
from ..i18n import Message
from ..settings import Settings
from .options import takes

if TYPE_CHECKING:
    from ..scale.estimate import Interval


@takes(Settings, without=("out", "lang", "layout", "fail_on", "precision_cases"), unnamed="cases")
def estimate(
    settings: Settings,
    pictures: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=2,
            help="How many pictures are tried.",
            show_default="a quarter, from 5 to 20",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Another draws other pictures.")] = 0,
) -> None:
    """How long a run will take, and how much disk.

    Tries a few pictures, and keeps nothing.

    \b
    For example:
      rmbg-eval estimate catalogue -m isnet
    """
    from ..scale.estimate import CONFIDENCE
    from ..scale.estimate import estimate as estimated
    from .terminal import complain, err, progress, say

    with progress() as bar:
        told = err.is_terminal

        def on_step(step: Step) -> None:
            nonlocal told
            if not told:  # once, for there is no bar
                err.print(step.text, markup=False, highlight=False, soft_wrap=True)
                told = True
            bar(step)

        found = estimated(settings, pictures, seed, on_step)
    lines = [
        Message(
            "{n} picture; {tried} tried, small and large files alike, seed {seed}; "
            "{confidence} intervals, at the pace of now",
            many="{n} pictures; {tried} tried, small and large files alike, seed {seed}; "
            "{confidence} intervals, at the pace of now",
            n=found.pictures,
            tried=found.tried,
            seed=seed,
            confidence=f"{CONFIDENCE:.0%}",
        ),
        f"time        {_range(found.seconds, duration)}, by one process on this machine; "
        f"{duration(found.start_seconds)} of it before the first picture, in every shard",
        f"run folder  {_range(found.folder_bytes, size)}, without the page",
        f"cache       {_range(found.cache_bytes, size)}",
    ]
    if 2 * found.tried > found.pictures:
        lines.append("so many were tried that the run itself takes little longer than this did")
    for line in lines:
        say(line)
    if found.failed:
        complain(Message("{n} prediction failed", many="{n} predictions failed", n=found.failed))


def _range(interval: Interval, text: Callable[[float], str]) -> str:
    return f"{text(interval.value)} ({text(interval.low)} to {text(interval.high)})"


def size(count: float) -> str:
    """
    >>> [size(n) for n in (0, 999_400, 12_345_678, 9.87e12)]
    ['0 kB', '999 kB', '12.3 MB', '9.87 TB']
    """
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 999.5:
            return f"{count:.3g} {unit}"
    return f"{count / 1000:.3g} TB"
