"""The command `rmbg-eval models`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..core.progress import Step


def models(
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch IS-Net's and U²-Net's weights now.")
    ] = False,
) -> None:
    """The models, their licences, and whether their weights are here.

    What stands in the first column is what --model takes.
    """
    from rich.markup import escape
    from rich.table import Column, Table

    from ..models.hub import Checkpoint
    from ..models.table import TABLE, plug_ins
    from ..models.weights import Pinned
    from ..models.weights import fetch as fetch_weights
    from .terminal import complain, out, progress

    if fetch:
        with progress() as on_step:
            for entry in TABLE:
                if isinstance(entry.weights, Pinned):
                    fetch_weights(entry.weights, lambda text: on_step(Step(text)))
    name = Column("model", no_wrap=True)  # to be copied
    heads = ("what it is", "licence", "weights")
    table = Table(
        name, *(Column(head, overflow="fold") for head in heads)
    )  # an address is never cut
    for entry in (*TABLE, *plug_ins().entries):
        weights = entry.weights
        if isinstance(weights, str):
            state = weights
        else:
            state = "here" if weights.there else "not here yet: fetched when first used"
            if isinstance(weights, Checkpoint) and weights.gated:
                state += f"; accept the licence at huggingface.co/{weights.repository}"
        cells = (entry.spec, entry.title, entry.licence, state)
        table.add_row(*(escape(str(cell)) for cell in cells))
    out.print(table)
    for problem in plug_ins().problems:
        complain(problem)
