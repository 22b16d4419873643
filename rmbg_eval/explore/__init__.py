"""Explore: the widget of explore.ipynb, and the page that `rmbg-eval serve` makes of it.

>>> from rmbg_eval import load_model
>>> from rmbg_eval.explore import remove_background
>>> result = remove_background(load_model("isnet"), "portrait.jpg")  # doctest: +SKIP
>>> result.save()                                                    # doctest: +SKIP
"""

from typing import Any

from .remove import Result, remove_background

__all__ = ["Explorer", "Result", "remove_background"]


def __getattr__(name: str) -> Any:
    if name == "Explorer":  # its libraries take half a second
        from .widget import Explorer

        return Explorer
    raise AttributeError(name)
