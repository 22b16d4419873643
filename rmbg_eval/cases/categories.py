"""The categories that have a text of their own; any other folder is a category too.

All that there is to say of one stands here; docs/guide/add-a-category.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ..i18n import N_, Message
from .names import as_counted


@dataclass(frozen=True)
class Category:
    """A folder's name, and what the report says of it."""

    name: str
    title: str
    difficulty: str
    """What is difficult in any picture of the kind, one sentence."""
    look: str
    """What to look at, as questions."""


TABLE = (
    Category(
        "portrait",
        N_("Portrait"),
        N_("Flying hair as bright as the backdrop is easily taken for noise."),
        N_("Is the shadow at the roots of the hair kept? Is the contour behind the ear unbroken?"),
    ),
    Category(
        "product",
        N_("Product"),
        N_("Bright highlights are easily taken for background; a grained table top distracts."),
        N_("Is the edge clean? Is there a grey rim left at the highlights?"),
    ),
    Category(
        "pet",
        N_("Pet"),
        N_("Fur close in colour to the background; the highlight on the nose is easily lost."),
        N_("Is the nose whole? Are all the whiskers there?"),
    ),
    Category(
        "garment",
        N_("Garment"),
        N_("Folds blend with a textured backdrop; a dark collar is easily cut too far."),
        N_("Is the dark inside of the collar kept? Are the folds at the cuffs continuous?"),
    ),
    Category(
        "still-life",
        N_("Still life"),
        N_(
            "Cast shadows are easily taken for foreground; transparent parts are hard to recognise."
        ),
        N_("Are the cast shadows gone? Are clear glass and lenses transparent?"),
    ),
    Category(
        "low-quality",
        N_("Low-quality phone shot"),
        N_("Little detail and much noise: models tend to cut conservatively."),
        N_("Is the edge harsh? Are blurred parts smoothed too much?"),
    ),
)
"""In the order of the report."""

CATEGORIES = {category.name: category for category in TABLE}

LOOSE = "pictures"
"""The category of pictures that lie in no sub-folder."""


CategoryOrder = tuple[int, str]
CaseOrder = tuple[CategoryOrder, str]


@lru_cache(maxsize=1024)  # asked of every row of a table
def category_order(name: str) -> CategoryOrder:
    """Sort key: the table's in its order, then the others by name."""
    return [*CATEGORIES, name].index(name), as_counted(name)


def case_order(category: str, id: str) -> CaseOrder:
    """Sort key of cases, wherever they are put in order: by category, then by name."""
    return category_order(category), as_counted(id)


def category_title(name: str) -> Message | str:
    """What a category is called; one that is not in the table, by its folder."""
    if name == LOOSE:
        return Message("Pictures")
    return Message(CATEGORIES[name].title) if name in CATEGORIES else name
