"""The command `rmbg-eval models`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..core.progress import Step


def models(
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch the IS-Net weights now.")] = False,
) -> None:
    """The models there are, their licences, and whether their weights are on this machine."""
    from rich.table import Table

    from ..models.hub import Checkpoint
    from ..models.table import TABLE
    from ..models.weights import Pinned
    from ..models.weights import fetch as fetch_weights
    from .terminal import out, progress

    if fetch:
        with progress() as on_step:
            for entry in TABLE:
                if isinstance(entry.weights, Pinned):
                    fetch_weights(entry.weights, lambda text: on_step(Step(text)))
    table = Table("model", "what it is", "licence", "weights")
    for entry in TABLE:
        weights = "none needed"
        if entry.weights:
            weights = "here" if entry.weights.there else "not here yet: fetched when first used"
            if isinstance(entry.weights, Checkpoint) and entry.weights.gated:
                weights += f"; accept the licence at huggingface.co/{entry.weights.repository}"
        table.add_row(entry.name, entry.title, entry.licence, weights)
    table.add_row("onnx:PATH?mean=…&std=…", "an ONNX graph of yours", "yours", "the file itself")
    table.add_row("folder:PATH", "cut-outs that another tool made", "yours", "none needed")
    out.print(table)
