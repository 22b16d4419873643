"""What risk is fitted on, and how good it is: `make calibration`.

1. **Pictures.** Each reference case that is made of layers (alpha, foreground, plate) gives seven
   pictures of 768 px: as it is, over another case's plate, over white paper, dim and noisy, blurred
   and compressed, smaller, and over a plate of its own colours. The alpha each was made with is its
   truth.
2. **Cut-outs.** isnet and u2netp cut out each, grabcut three of seven, isnet-quint8 one. Of each
   picture there are also three damaged mattes (of the truth or of isnet's: a hole, a piece gone,
   crumbs, a veil) and the truth itself, so that hair and lace are no faults.
3. **Table.** `risk.csv` has of each cut-out its signs and `wrong`, the true error: pixels whose
   alpha is off by more than 0.25, in patches of 3 × 3 px or more, by the subject's area. From 0.02
   on it is taken for one that a person would not accept: a stand-in, no person was asked.
4. **Photographs.** `photographs.csv` has the same of isnet's and u2netp's cut-outs of photographs
   whose subjects people outlined, of two public data sets (`benchmarks/photographs.py` makes a case
   set of them). An outline drawn by hand is a few pixels off, so what is wrong within 4 px of it
   does not count.
5. **Fit.** A logistic regression with weights of one sign (more of a sign is never less risk),
   once with the other models' cut-outs and once without. `risk.json` has coefficients and how well
   they order photographs of a data set, scenes, and networks, that they were not fitted on.

`python benchmarks/calibration.py --fit` does 5 only; `--photographs CASES` does 4 and 5. The rest
takes 10 minutes of a processor, the photographs 20.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations_with_replacement, permutations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import minimize

from rmbg_eval import Case, load_cases, load_model, predict
from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import RGB, Alpha, quantise
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.agreement import apart
from rmbg_eval.measure.region import patches
from rmbg_eval.measure.risk import FILE, TERMS, features
from rmbg_eval.measure.signs import SIGNS, Look, shrunk, small
from rmbg_eval.measure.subject import Undefined
from rmbg_eval.predictions.stages import stored_alpha
from rmbg_eval.run.queue import FIRST, LEVELS, level_of
from rmbg_eval.run.risks import LEAST, unseen

HERE = Path(__file__).parent
TABLE = HERE / "risk.csv"
PHOTOGRAPHS = HERE / "photographs.csv"
GUIDE = HERE.parent / "docs" / "guide" / "risk.md"
MARKS = "<!-- calibration -->", "<!-- end of calibration -->"
"""Between them the guide has what `make calibration` writes."""
SIDE = 768
VARIANTS = ("plain", "elsewhere", "paper", "dim", "blurred", "smaller", "alike")
CUT_OUT = {
    "isnet": VARIANTS,
    "u2netp": VARIANTS,
    "grabcut": ("plain", "elsewhere", "dim"),
    "isnet-quint8": ("elsewhere",),
}
"""Which pictures each model cuts out."""
NETWORK = {"isnet-quint8": "isnet"}
"""Whose network a model has, where it is another's: that they agree says nothing."""
OFF, SPECK, UNACCEPTABLE = 0.25, 3, 0.02
"""Alpha that is off by more; pixels that a patch of it spans at least; share of the subject."""
SETS = ("people", "horses")
"""Of photographs: each counts as a scene."""
DRAWN = 4
"""Pixels to both sides of an outline drawn by hand in which nothing is called wrong."""
DAMAGES = ("hole", "crumbs", "veil", "gone", "more", "shifted", "hard", "holes")
FOLDS_OF = {"scene": ("scene",), "network": ("network",), "both": ("scene", "network")}
"""What no cut-out that was learnt from shares with one that is judged."""
DRAWS, SEED = 2000, 0
"""Of scenes with replacement, for an interval."""
PENALTY = 1.0
"""Of the squares of the weights, of features in standard deviations."""

Row = dict[str, Any]
Floats = NDArray[np.float64]


# ---- pictures


def pictures(case: Case, others: Sequence[Case]) -> Iterator[tuple[str, RGB, Alpha]]:
    """The variants of a scene: name, picture and truth. The same every time."""
    chance = np.random.default_rng(sum(map(ord, case.name)))
    truth, colours, plate = case.truth(), case.true_foreground(), _plate(case)
    assert truth is not None
    assert colours is not None
    scale = SIDE / max(truth.shape)
    size = round(truth.shape[1] * scale), round(truth.shape[0] * scale)
    alpha = _resized(truth, size)
    front, back = (_resized(each, size) for each in (colours, plate))
    elsewhere = [
        _cover(_plate(others[n]), size) for n in chance.choice(len(others), size=3, replace=False)
    ]
    for name in VARIANTS:
        mine, over, behind = alpha, front, back
        if name == "elsewhere":
            behind = elsewhere[0]
        elif name == "paper":
            fall = np.linspace(250, 215, size[1])[:, None, None]
            behind = np.broadcast_to(fall, front.shape)
        elif name == "smaller":
            mine, over = _smaller(alpha, front, chance)
            behind = elsewhere[1]
        elif name == "blurred":
            behind = elsewhere[2]
        elif name == "alike":
            mean = (over * mine[..., None]).sum((0, 1)) / mine.sum()
            behind = (0.35 * behind + 0.65 * mean).astype(np.uint8)
        picture = np.rint(mine[..., None] * over + (1 - mine[..., None]) * behind)
        if name == "dim":
            dark = 255 * (picture / 255) ** 1.2 * 0.3
            picture = np.rint(np.clip(dark + chance.normal(0, 5, dark.shape), 0, 255))
        if name == "blurred":
            picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.5)
        rgb = np.clip(picture, 0, 255).astype(np.uint8)
        if name in ("dim", "blurred"):
            quality = [cv2.IMWRITE_JPEG_QUALITY, 60 if name == "dim" else 25]
            packed = cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), quality)[1]
            rgb = np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])
        yield name, rgb, mine


def _plate(case: Case) -> RGB:
    with Image.open(case.image.with_name("plate.jpg")) as image:
        return np.asarray(image.convert("RGB"))


def _resized(pixels: Any, size: tuple[int, int]) -> Any:
    resized = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.clip(resized, 0, 1) if pixels.dtype == np.float32 else resized


def _cover(pixels: RGB, size: tuple[int, int]) -> RGB:
    """The middle of a picture, as large as `size`."""
    height, width = pixels.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    whole = cv2.resize(
        pixels,
        (max(size[0], round(width * scale)), max(size[1], round(height * scale))),
        interpolation=cv2.INTER_AREA,
    )
    top, left = (whole.shape[0] - size[1]) // 2, (whole.shape[1] - size[0]) // 2
    return np.asarray(whole[top : top + size[1], left : left + size[0]])


def _smaller(alpha: Alpha, front: RGB, chance: np.random.Generator) -> tuple[Alpha, RGB]:
    """The subject at 55 %, anywhere."""
    height, width = alpha.shape
    size = round(0.55 * width), round(0.55 * height)
    left, top = (int(chance.integers(0, a - b)) for a, b in zip((width, height), size, strict=True))
    mine, over = np.zeros_like(alpha), np.zeros_like(front)
    part = slice(top, top + size[1]), slice(left, left + size[0])
    mine[part], over[part] = _resized(alpha, size), _resized(front, size)
    return mine, over


# ---- damage


def damaged(alpha: Alpha, kind: str, chance: np.random.Generator) -> Alpha:
    """A matte with a fault, small or large by chance."""
    height, width = alpha.shape
    strength = float(chance.uniform(0.1, 1))
    field = cv2.GaussianBlur(chance.normal(size=(height, width)), (0, 0), 10 + 50 * strength)
    inside = alpha >= 0.5
    out = alpha.copy()
    if kind in ("hole", "more") and inside.any() and (~inside).any():
        own = inside if kind == "hole" else ~inside
        limit = np.quantile(field[own], 1 - 0.15 * strength)
        out[own & (field > limit)] = chance.choice([0.1, 0.5]) if kind == "hole" else 0.9
    elif kind in ("crumbs", "holes"):
        fine = cv2.GaussianBlur(chance.normal(size=(height, width)), (0, 0), 2)
        own = ~inside if kind == "crumbs" else inside
        rough = fine + 0.02 * field / field.std()
        out[own & (rough > np.quantile(rough, 1 - 0.03 * strength))] = float(kind == "crumbs")
    elif kind == "veil":
        out = np.maximum(out, np.float32(0.35 * strength) * (field > np.quantile(field, 0.6)))
    elif kind == "gone":
        rows = np.flatnonzero(inside.any(1))
        if len(rows):
            cut = round(rows[0] + 0.5 * strength * len(rows))
            out[:cut] = 0
    elif kind == "shifted":
        by = round(2 + 10 * strength)
        out = np.roll(out, (by, -by), (0, 1))
    elif kind == "hard":
        out = (out >= 0.3 + 0.4 * strength).astype(np.float32)
    return out.astype(np.float32)


# ---- table


def wrong(alpha: Alpha, truth: Alpha, drawn: int = 0) -> float:
    """The true error of a cut-out, by the subject's area; see above. `drawn`: pixels to both sides
    of the truth's outline that do not count."""
    off, shape = np.abs(alpha - truth) > OFF, (truth >= 0.5).astype(np.uint8)
    if drawn:
        square = np.ones((2 * drawn + 1,) * 2, np.uint8)
        off &= cv2.dilate(shape, square) == cv2.erode(shape, square)
    return float(np.count_nonzero(patches(off, SPECK)) / max(1, np.count_nonzero(shape)))


def table(scratch: Path) -> list[Row]:
    """A row for each cut-out."""
    scenes = [
        case
        for case in load_cases(resource("cases")).cases
        if case.foreground and case.image.with_name("plate.jpg").is_file()
    ]
    truths: dict[str, Alpha] = {}
    for case in scenes:
        others = [each for each in scenes if each is not case]
        for name, rgb, truth in pictures(case, others):
            folder = scratch / "cases" / case.name.replace("/", "-") / name
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rgb).save(folder / "image.png")
            Image.fromarray(quantise(truth)).save(folder / "alpha.png")
            truths[f"{case.name.replace('/', '-')}/{name}"] = truth
    cases = load_cases(scratch / "cases").cases
    alphas: dict[str, dict[str, Alpha]] = {case.name: {} for case in cases}
    for name, variants in CUT_OUT.items():
        some = [case for case in cases if case.id in variants]
        for case, alpha in cut_out(name, some, scratch / name):
            alphas[case.name][name] = alpha
    rows: list[Row] = []
    for number, case in enumerate(cases):
        chance = np.random.default_rng(number)
        rgb, truth, own = case.picture().rgb, truths[case.name], alphas[case.name]
        mattes = {name: (alpha, name) for name, alpha in own.items()}
        # Each damage comes in every second picture of three.
        for step in range(3):
            kind = DAMAGES[(3 * number + step) % len(DAMAGES)]
            of = "truth" if chance.integers(2) else "isnet"
            source = truth if of == "truth" else own[of]
            mattes[f"damaged-{kind}"] = damaged(source, kind, chance), of
        mattes["truth"] = truth, "truth"
        for name, (alpha, of) in mattes.items():
            network = NETWORK.get(of, of)
            about = {"scene": case.category, "variant": case.id, "model": name, "network": network}
            far = [own[each] for each in _beside(network, own)]
            rows.append({**about, "wrong": wrong(alpha, truth), **signs_of(Look(alpha, rgb), far)})
    return rows


def cut_out(name: str, cases: Sequence[Case], scratch: Path) -> Iterator[tuple[Case, Alpha]]:
    """The alpha of each case, by a model."""
    model = load_model(name)
    model.fetch(print)
    for case, prediction in predict(model, cases, scratch, Store.default()):
        if prediction.cutout:
            yield case, stored_alpha(scratch / prediction.cutout)
    print(f"{name}: {len(cases)} pictures", flush=True)


def signs_of(look: Look, others: Sequence[Alpha]) -> Row:
    """The signs of a cut-out, `apart` among them, which is of others."""
    signs: Row = {}
    for sign, function in SIGNS.items():
        try:
            signs[sign] = function(look).value
        except Undefined:
            signs[sign] = None
    far = [apart(look.alpha, other) for other in others]
    return {**signs, "apart": float(np.mean(far)) if far else None}


def photographs(folder: Path, scratch: Path) -> list[Row]:
    """A row for each cut-out of the photographs of a case set, whose categories are its sets."""
    cases = load_cases(folder).cases
    cutouts: dict[str, dict[str, Alpha]] = {case.name: {} for case in cases}
    for name in ("isnet", "u2netp"):
        for case, alpha in cut_out(name, cases, scratch / f"photographs-{name}"):
            cutouts[case.name][name] = alpha
    rows: list[Row] = []
    for case in cases:
        truth, own = case.truth(), cutouts[case.name]
        assert truth is not None
        for name, alpha in own.items():
            others = [other for each, other in own.items() if each != name]
            look, _ = small(alpha, case.picture().rgb)
            about = {"scene": case.category, "variant": case.id, "model": name, "network": name}
            error = wrong(look.alpha, shrunk(truth)[0], DRAWN)
            rows.append({**about, "wrong": error, **signs_of(look, others)})
    return rows


def _beside(network: str, models: Iterable[str]) -> list[str]:
    """What a network's cut-out is held against: not its siblings, nor grabcut, which stands
    apart."""
    return [each for each in models if NETWORK.get(each, each) not in ("grabcut", network)]


# ---- fit


def fit(x: Floats, y: Floats, start: Floats | None = None) -> tuple[Floats, float]:
    """Weights of at least 0, and the intercept, of a logistic regression with a penalty."""

    def loss(point: Floats) -> tuple[float, Floats]:
        weights, log_odds = point[:-1], x @ point[:-1] + point[-1]
        error = logistic(log_odds) - y
        value = np.logaddexp(0, log_odds).sum() - y @ log_odds + PENALTY / 2 * weights @ weights
        return float(value), np.append(x.T @ error + PENALTY * weights, error.sum())

    bounds = [(0, None)] * x.shape[1] + [(None, None)]
    first = np.zeros(x.shape[1] + 1) if start is None else start
    found = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-12)
    return found.x[:-1], float(found.x[-1])


def logistic(log_odds: Floats) -> Floats:
    """The chance of log odds."""
    return np.asarray(1 / (1 + np.exp(-log_odds)))


class Fits:
    """Logistic regressions over some terms: of all rows, and without some of them."""

    def __init__(self, rows: Sequence[Row], terms: Sequence[str]) -> None:
        rows = [row for row in rows if row["edgeless"] is not None]
        self.rows = [row for row in rows if "apart" not in terms or row["apart"] is not None]
        self.x = np.array([[features(row)[term] for term in terms] for row in self.rows])
        self.amount = np.array([row["wrong"] for row in self.rows])
        self.y = (self.amount > UNACCEPTABLE).astype(float)
        names = {*FOLDS_OF["both"]}
        self.labels = {name: np.array([row[name] for row in self.rows]) for name in names}
        """A damaged matte is of the network whose matte it was."""
        self.photo = np.isin(self.labels["scene"], SETS)
        self.real = np.isin([row["model"] for row in self.rows], [*CUT_OUT]) & ~self.photo
        """The models' own, of rendered scenes."""
        self._spread = self.x.std(0) + 1e-12
        self._kept: dict[frozenset[str], tuple[Floats, float, Floats]] = {}
        self._start: Floats | None = None

    def without(self, *left_out: str) -> tuple[Floats, float, Floats]:
        """Weights, intercept and what is ordinary, without some scenes and networks."""
        key = frozenset(left_out)
        if key not in self._kept:
            some = ~np.any([np.isin(each, left_out) for each in self.labels.values()], axis=0)
            weights, intercept = fit(self.x[some] / self._spread, self.y[some], self._start)
            self._start = np.append(weights, intercept)
            ordinary = np.median(self.x[some & (self.y == 0)], axis=0)
            self._kept[key] = weights / self._spread, intercept, ordinary
        return self._kept[key]


def order_of(fits: Fits, about: str) -> Row:
    """How well the models' own cut-outs are ordered where none of two was learnt from.

    Each two of them are put in order by what was fitted without the scenes, or networks, of both. A
    run is ordered by one fit: were each judged by one that only its own scene is missing from, that
    scene's absence would move its risk to the other side, and the order would look worse than it is
    (Airola et al., "An experimental comparison of cross-validation techniques for estimating the
    area under the ROC curve", 2011). `auroc`: the chance that of two, one acceptable and one not,
    the latter has more risk; `tau`: Kendall's, of all pairs; `interval` of the former: in 95 % of
    draws of whole scenes.
    """
    names = FOLDS_OF[about]
    of_rows = [*zip(*(fits.labels[name] for name in names), strict=True)]
    groups = sorted({of_rows[n] for n in np.flatnonzero(fits.real)})
    members = [
        np.array([n for n in np.flatnonzero(fits.real) if of_rows[n] == group]) for group in groups
    ]
    won, of = np.zeros((2, len(groups), len(groups)))
    agree = pairs = 0.0
    for one, other in combinations_with_replacement(range(len(groups)), 2):
        weights, *_ = fits.without(*groups[one], *groups[other])
        left, right = members[one], members[other]
        higher = np.sign((fits.x[left] @ weights)[:, None] - fits.x[right] @ weights)
        bad = fits.y[left][:, None] - fits.y[right]
        for at, sign in (((one, other), 1), ((other, one), -1)):
            won[at] = ((sign * higher[bad == sign] + 1) / 2).sum()
            of[at] = np.count_nonzero(bad == sign)
        more = np.sign(fits.amount[left][:, None] - fits.amount[right]) * higher
        once = np.triu(np.ones_like(more), 1) if one == other else np.ones_like(more)
        agree += float((more * once).sum())
        pairs += float(once.sum())
    found = {"auroc": round(float(won.sum() / of.sum()), 3), "tau": round(agree / pairs, 3)}
    if about != "scene":
        return found
    return {**found, "interval": interval([(won, of)])}


def interval(pairs: Sequence[tuple[Floats, Floats]]) -> list[float]:
    """In 95 % of draws of whole groups, the AUROC lies from the first to the second.

    Of each set of groups: how many pairs of two groups are in the right order, and how many there
    are.
    """
    chance = np.random.default_rng(SEED)
    drawn = np.zeros((2, DRAWS))
    for both in pairs:
        groups = len(both[0])
        counts = chance.multinomial(groups, np.full(groups, 1 / groups), DRAWS).astype(float)
        drawn += [((counts @ each) * counts).sum(1) for each in both]
    shares = drawn[0, drawn[1] > 0] / drawn[1, drawn[1] > 0]
    return [round(float(each), 3) for each in np.quantile(shares, (0.025, 0.975))]


def of_photographs(fits: Fits, terms: Sequence[str]) -> Row:
    """How well cut-outs of photographs are ordered, each two of one set, by what was fitted without
    it. `interval`: in 95 % of draws of whole pictures."""
    risk, levels = _judged_unseen(fits, terms)
    bad = fits.y == 1
    pairs, by = [], {}
    for name in SETS:
        some = np.flatnonzero(fits.labels["scene"] == name)
        picture = np.unique([fits.rows[n]["variant"] for n in some], return_inverse=True)[1]
        off = bad[some]
        right = (np.sign(risk[some][off][:, None] - risk[some][~off]) + 1) / 2
        won, of = np.zeros((2, picture.max() + 1, picture.max() + 1))
        np.add.at(won, (picture[off][:, None], picture[~off]), right)
        np.add.at(of, (picture[off][:, None], picture[~off]), 1)
        pairs.append((won, of))
        by[name] = {
            "auroc": round(float(right.mean()), 3),
            "pictures": len(won),
            "rows": len(some),
            "unacceptable": int(off.sum()),
        }
    return {
        "auroc": round(sum(won.sum() for won, _ in pairs) / sum(of.sum() for _, of in pairs), 3),
        "interval": interval(pairs),
        "sets": by,
        "levels": {level: counted(fits, fits.photo & (levels == level)) for level in LEVELS},
        "calibration": fifths(risk[fits.photo], bad[fits.photo]),
    }


def fitted(rows: Sequence[Row], terms: Sequence[str], folds: Iterable[str] = FOLDS_OF) -> Row:
    """Weights by term, the intercept, and how well cut-outs that were left out are ordered."""
    fits = Fits(rows, terms)
    weights, intercept, ordinary = fits.without()
    out: Row = {
        "rows": len(fits.rows),
        "unacceptable": int(fits.y.sum()),
        "models_own": [int(fits.real.sum()), int(fits.y[fits.real].sum())],
        "acceptable_of_scenes": len({*fits.labels["scene"][fits.real & (fits.y == 0)].tolist()}),
        "intercept": round(intercept, 4),
        "weights": {t: round(float(w), 4) for t, w in zip(terms, weights, strict=True)},
        "ordinary": {t: round(float(v), 4) for t, v in zip(terms, ordinary, strict=True)},
    }
    for about in folds:
        out[f"unseen_{about}"] = order_of(fits, about)
    if "scene" in folds:
        silent = fits.real & (_judged_unseen(fits, terms)[1] == "fine")
        out["unseen_scene"]["no_sign"] = counted(fits, silent)
        if fits.photo.any():
            out["photographs"] = of_photographs(fits, terms)
    return out


def counted(fits: Fits, some: NDArray[np.bool_]) -> list[int]:
    """How many cut-outs these are, and how many of them are not acceptable."""
    return [int(some.sum()), int(fits.y[some].sum())]


def _judged_unseen(fits: Fits, terms: Sequence[str]) -> tuple[Floats, NDArray[np.str_]]:
    """The risk of each cut-out, and its level, by a fit without its scene."""
    told = np.array([[not unseen(TERMS[t][0], row) for t in terms] for row in fits.rows])
    risk, levels = np.zeros(len(fits.rows)), np.full(len(fits.rows), "", "<U9")
    for scene in np.unique(fits.labels["scene"]):
        own = fits.labels["scene"] == scene
        weights, intercept, ordinary = fits.without(scene)
        risk[own] = logistic(fits.x[own] @ weights + intercept)
        signs = ((weights * (fits.x[own] - ordinary) >= LEAST) & told[own]).any(1)
        levels[own] = [level_of(*each) for each in zip(risk[own], signs, strict=True)]
    return risk, levels


def fifths(risk: Floats, bad: NDArray[Any]) -> list[Row]:
    """Of each fifth of risk, how many cut-outs there are, and how many are not acceptable."""
    place = np.minimum((risk * 5).astype(int), 4)
    return [
        {
            "from": n / 5,
            "to": (n + 1) / 5,
            "risk": round(float(risk[place == n].mean()), 3),
            "rows": int((place == n).sum()),
            "unacceptable": int(bad[place == n].sum()),
        }
        for n in range(5)
        if (place == n).any()
    ]


def model_of(rows: Sequence[Row], folds: Iterable[str] = FOLDS_OF) -> Row:
    """All that risk.json holds, but `hidden`."""
    rendered, photographs = (
        {(row["scene"], row["variant"]) for row in rows if (row["scene"] in SETS) is photo}
        for photo in (False, True)
    )
    return {
        "unacceptable_from": UNACCEPTABLE,
        "pictures": len(rendered),
        "scenes": len({scene for scene, _ in rendered}),
        "photographs": len(photographs),
        "alone": fitted(rows, [term for term in TERMS if term != "apart"], folds),
        "together": fitted(rows, list(TERMS), folds),
    }


def hidden(rows: Sequence[Row], scratch: Path) -> tuple[int, int]:
    """The reference cases with their truth hidden: of the third of the cut-outs by isnet and u2netp
    that is truly worst, how many are in the first third of the queue; and the third.

    Each is judged by what was fitted without its scene.
    """
    cases = [case for case in load_cases(resource("cases")).cases if case.foreground]
    alphas: dict[str, list[Alpha]] = {case.name: [] for case in cases}
    for name in ("isnet", "u2netp"):
        for case, alpha in cut_out(name, cases, scratch / f"whole-{name}"):
            alphas[case.name].append(alpha)
    risks: list[float] = []
    errors: list[float] = []
    for case in cases:
        truth = case.truth()
        assert truth is not None
        fit_ = fitted(
            [row for row in rows if row["scene"] != case.name.replace("/", "-")], list(TERMS), ()
        )
        for one, other in permutations(alphas[case.name]):
            look, scale = small(one, case.picture().rgb)
            signs: Row = {sign: function(look).value for sign, function in SIGNS.items()}
            signs["apart"] = apart(one, other)
            own = features(signs)
            log_odds = fit_["intercept"] + sum(w * own[t] for t, w in fit_["weights"].items())
            risks.append(log_odds)
            size = look.alpha.shape[1], look.alpha.shape[0]
            errors.append(wrong(look.alpha, _resized(truth, size) if scale > 1 else truth))
    third = round(len(risks) / 3)
    first, worst = (set(np.argsort(each)[-third:].tolist()) for each in (risks, errors))
    return len(first & worst), third


def read() -> list[Row]:
    """The tables as they are kept."""
    return [
        {k: v if k in ("scene", "variant", "model", "network") else float(v) if v else None
         for k, v in row.items()}
        for table in (TABLE, PHOTOGRAPHS)
        for row in csv.DictReader(table.read_text("utf-8").splitlines())
    ]  # fmt: skip


LEVEL_WORDS = {
    "first": f"look first: risk {FIRST} or more, and a sign",
    "worth": "worth a look: less, and a sign",
    "fine": "no sign found",
}
LEFT_OUT = {
    "scene": "scenes",
    "network": "networks",
    "both": "scenes and networks",
}


def guide(found: Row) -> str:
    """What the guide says of a fit."""
    together, alone = found["together"], found["alone"]
    orders = [each["photographs"] for each in (together, alone)]
    lines = [
        f"Fitted on {together['rows']} cut-outs of {found['photographs']} photographs and of "
        f"{found['pictures']} pictures of {found['scenes']} rendered scenes; "
        f"{together['unacceptable']} of them",
        f"count as not acceptable, for more than {100 * found['unacceptable_from']:g} % of the "
        "subject is visibly wrong.",
        "",
        "The photographs' cut-outs, each two of one set, put in order by what was fitted without "
        "that set:",
        "",
        "| AUROC | several models | one model alone |",
        "|---|---|---|",
        *(
            f"| {name}: {about['pictures']} photographs, {about['unacceptable']} of "
            f"{about['rows']} cut-outs not acceptable | "
            + " | ".join(f"{each['sets'][name]['auroc']:.3f}" for each in orders)
            + " |"
            for name, about in orders[0]["sets"].items()
        ),
        "| each two of a set | "
        + " | ".join(
            f"{each['auroc']:.3f} ({each['interval'][0]:.2f} to {each['interval'][1]:.2f})"
            for each in orders
        )
        + " |",
        "",
        "In 95 % of draws of whole photographs it lies in the range in brackets.",
        "",
        "| not acceptable, of these photographs | several models | one model alone |",
        "|---|---|---|",
        *(
            f"| {words} | " + " | ".join(_of(*each["levels"][level]) for each in orders) + " |"
            for level, words in LEVEL_WORDS.items()
        ),
    ]
    for n in range(5):
        fifth = [
            next((_of(f["rows"], f["unacceptable"]) for f in each["calibration"]
                  if f["from"] == n / 5), "–")
            for each in orders
        ]  # fmt: skip
        lines.append(f"| risk {n / 5:.1f} to {(n + 1) / 5:.1f} | " + " | ".join(fifth) + " |")
    lines += [
        "",
        f"Of the {together['models_own'][0]} cut-outs of rendered scenes that are a model's own, "
        f"{together['models_own'][1]} are not acceptable; the others are of",
        f"{together['acceptable_of_scenes']} scenes. Each two of these, put in order by what was "
        "fitted without either's:",
        "",
        "| | AUROC, several models | one model alone | Kendall's tau, several models | one model "
        "alone |",
        "|---|---|---|---|---|",
    ]
    for about, words in LEFT_OUT.items():
        more, single = (each[f"unseen_{about}"] for each in (together, alone))
        lines.append(
            f"| {words} | {more['auroc']:.3f} | {single['auroc']:.3f} | {more['tau']:.3f} | "
            f"{single['tau']:.3f} |"
        )
    more, single = together["unseen_scene"], alone["unseen_scene"]
    (low, high), (least, most) = more["interval"], single["interval"]
    silent = [_of(*each["no_sign"]) for each in (more, single)]
    lines += [
        "",
        f"In 95 % of draws of scenes, the AUROC of the first line lies from {low:.2f} to "
        f"{high:.2f} with several models, and from {least:.2f} to {most:.2f} with",
        f"one. No sign was found, each scene unseen, in cut-outs of which these were not "
        f"acceptable: {silent[0]} with several",
        f"models, {silent[1]} with one.",
        "",
        f"Of the {found['hidden']['third']} reference cut-outs by isnet and u2netp that are "
        f"truly worst, a third, {found['hidden']['found']} are in the",
        "first third by risk, each judged without its scene.",
    ]
    return "\n".join(lines)


def _of(rows: int, bad: int) -> str:
    return f"{bad} of {rows}"


def keep(table: Path, rows: Sequence[Row]) -> None:
    """Write a table."""
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def main() -> None:
    """All of it, one table, or the fit only."""
    scratch = Path("reports/calibration")
    if sys.argv[1:2] == ["--photographs"]:
        keep(PHOTOGRAPHS, photographs(Path(sys.argv[2]), scratch))
    elif "--fit" not in sys.argv:
        keep(TABLE, table(scratch))
    rows = read()
    found = model_of(rows)
    of, third = hidden(rows, scratch)
    found["hidden"] = {"found": of, "third": third}
    FILE.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    before, _, rest = GUIDE.read_text("utf-8").partition(MARKS[0])
    GUIDE.write_text(
        f"{before}{MARKS[0]}\n{guide(found)}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", "utf-8"
    )
    for name in ("alone", "together"):
        print(name, json.dumps({k: v for k, v in found[name].items() if k != "ordinary"}, indent=1))


if __name__ == "__main__":
    main()
