"""How far a value may move between two runs before it counts: defaults, and one TOML file.

A value counts as moved where |new − base| > max(absolute, relative × |base|). Every tolerance has
its reason, which is shown beside what it decided. See docs/guide/tolerances.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ..core.key import Key
from ..core.toml import read_toml
from ..errors import SettingsError, printable
from ..i18n import N_, Message
from ..measure.table import TABLE
from ..measure.tolerance import Tolerance

ALPHA_MEAN, ALPHA_TILE = "alpha_mean", "alpha_tile"
"""How far a cut-out's alpha moved: `rmbg_eval.compare.alpha_change` defines them."""


DEFAULTS: dict[str, Tolerance] = {
    **{metric.name: metric.tolerance for metric in TABLE if metric.tolerance},
    ALPHA_MEAN: Tolerance(
        absolute=0.001,
        reason=N_("a quarter of a stored level of alpha (1/255) over the whole image"),
    ),
    ALPHA_TILE: Tolerance(
        absolute=0.04, reason=N_("ten stored levels over a square of 16 px: less is not seen")
    ),
}
"""By measure; one that is not here is no score, and is shown but not judged."""

POINT = N_("the point's own tolerance")
"""Why a point's distance from what is expected may move as far as it does."""

NAMES = (*(metric.name for metric in TABLE), ALPHA_MEAN, ALPHA_TILE)

_ByMetric = dict[str, Tolerance]


class Tolerances(BaseModel):
    """The defaults, and what a file says instead: the nearest to the value counts."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    metric: _ByMetric = {}
    """By measure, everywhere."""
    category: dict[str, _ByMetric] = {}
    """By category, then by measure."""
    case: dict[str, _ByMetric] = {}
    """By `category/id`, then by measure."""
    point: dict[str, Tolerance] = {}
    """By `category/id/point`."""

    @classmethod
    def load(cls, path: Path | None) -> Tolerances:
        """Those of a TOML file, or the defaults alone; SettingsError says what is wrong with it."""
        if path is None:
            return cls()
        where = printable(str(path))
        found = read_toml(path, where, cls, Tolerance, SettingsError)
        for name in found._measures():
            if name not in NAMES:
                near = get_close_matches(name, NAMES, 3)
                raise SettingsError(
                    Message(
                        "The tolerances {file} name an unknown measure {name}",
                        file=where,
                        name=repr(printable(name)),
                    ),
                    Message("Name one of these: {names}.", names=near)
                    if near
                    else Message("Known are: {names}.", names=NAMES),
                )
        return found

    def of(self, metric: str, key: Key) -> Tolerance | None:
        """The tolerance of a measure for a case; None where nothing judges it."""
        for table in (self.case.get(key.name), self.category.get(key.category)):
            if table and metric in table:
                return table[metric]
        return self.metric.get(metric) or DEFAULTS.get(metric)

    def of_point(self, point: str, key: Key, own: float) -> Tolerance:
        """How far the distance of a point from what is expected may grow."""
        given = self.point.get(f"{key.name}/{point}")
        return given or Tolerance(absolute=own, reason=POINT)

    def strangers(
        self, categories: Iterable[str], cases: Iterable[str], points: Iterable[str]
    ) -> Iterator[Message]:
        """What the file names that neither run has: likely a slip of the pen."""
        for text, named, known in (
            (
                N_("the tolerances name the category {name}, which neither run has"),
                self.category,
                categories,
            ),
            (
                N_("the tolerances name the case {name}, which neither run has"),
                self.case,
                cases,
            ),
            (
                N_("the tolerances name the point {name}, which neither run has"),
                self.point,
                points,
            ),
        ):
            there = {*known} if named else ()
            for name in named:
                if name not in there:
                    yield Message(text, name=printable(name))

    def _measures(self) -> Iterator[str]:
        yield from self.metric
        for tables in (self.category, self.case):
            for table in tables.values():
                yield from table
