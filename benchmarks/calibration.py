"""What risk is fitted on, and how good it is: `make calibration`.

1. **Pictures.** Each reference case that is made of layers (alpha, foreground, plate) gives six
   pictures of 768 px: as it is, over another case's plate, dim and noisy, blurred and compressed,
   smaller, and over a plate of its own colours. The alpha each was made with is its truth.
2. **Cut-outs.** isnet cuts out each, grabcut half of them, isnet-quint8 a sixth. Of each picture
   there are also three damaged mattes (of the truth or of isnet's: a hole, a piece gone, crumbs, a
   veil) and the truth itself, so that hair and lace are no faults.
3. **Table.** `risk.csv` has of each cut-out its signs and `wrong`, the true error: pixels whose
   alpha is off by more than 0.25, in patches of 3 × 3 px or more, by the subject's area. From 0.02
   on it is taken for one that a person would not accept: a stand-in, no person was asked.
4. **Fit.** A logistic regression with weights of one sign (more of a sign is never less risk),
   once with the other models' cut-outs and once without. `risk.json` has coefficients and how well
   they order scenes, and models, that they were not fitted on.

`python benchmarks/calibration.py --fit` does 4 only. The rest takes 10 minutes of a processor.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import minimize
from scipy.stats import spearmanr

from rmbg_eval import Case, load_cases, load_model, predict
from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import RGB, Alpha, quantise
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.agreement import apart
from rmbg_eval.measure.risk import FILE, TERMS, features
from rmbg_eval.measure.signs import SIGNS, Look, small
from rmbg_eval.measure.subject import Undefined
from rmbg_eval.predictions.stages import stored_alpha
from rmbg_eval.run.queue import level_of
from rmbg_eval.run.risks import LEAST, unseen

HERE = Path(__file__).parent
TABLE = HERE / "risk.csv"
GUIDE = HERE.parent / "docs" / "guide" / "risk.md"
MARKS = "<!-- calibration -->", "<!-- end of calibration -->"
"""Between them the guide has what `make calibration` writes."""
SIDE = 768
VARIANTS = ("plain", "elsewhere", "dim", "blurred", "smaller", "alike")
CUT_OUT = {
    "isnet": VARIANTS,
    "grabcut": ("plain", "elsewhere", "dim"),
    "isnet-quint8": ("elsewhere",),
}
"""Which pictures each model cuts out: one, two and three models disagree otherwise."""
OFF, SPECK, UNACCEPTABLE = 0.25, 3, 0.02
"""Alpha that is off by more; pixels that a patch of it spans at least; share of the subject."""
DAMAGES = ("hole", "crumbs", "veil", "gone", "more", "shifted", "hard", "holes")
FOLDS_OF = {"scene": ("scene",), "model": ("model",), "both": ("scene", "model")}
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


def wrong(alpha: Alpha, truth: Alpha) -> float:
    """The true error of a cut-out, by the subject's area; see above."""
    off = (np.abs(alpha - truth) > OFF).astype(np.uint8)
    patches = cv2.morphologyEx(off, cv2.MORPH_OPEN, np.ones((SPECK, SPECK), np.uint8))
    return float(np.count_nonzero(patches) / max(1, np.count_nonzero(truth >= 0.5)))


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
        model = load_model(name)
        model.fetch(print)
        some = [case for case in cases if case.id in variants]
        for case, prediction in predict(model, some, scratch / name, Store.default()):
            if prediction.cutout:
                alphas[case.name][name] = stored_alpha(scratch / name / prediction.cutout)
        print(f"{name}: {len(some)} pictures", flush=True)
    rows: list[Row] = []
    for number, case in enumerate(cases):
        chance = np.random.default_rng(number)
        rgb, truth, own = case.picture().rgb, truths[case.name], alphas[case.name]
        mattes: dict[str, tuple[Alpha, tuple[str, ...]]] = {
            name: (alpha, _like([other for other in own if other != name]))
            for name, alpha in own.items()
        }
        # Each damage comes in every second picture of three.
        for step in range(3):
            kind = DAMAGES[(3 * number + step) % len(DAMAGES)]
            of_truth = bool(chance.integers(2))
            source = truth if of_truth else own["isnet"]
            beside = [name for name in own if of_truth or name != "isnet"]
            mattes[f"damaged-{kind}"] = damaged(source, kind, chance), _like(beside)
        mattes["truth"] = truth, _like([*own])
        for name, (alpha, beside) in mattes.items():
            look = Look(alpha, rgb)
            signs: Row = {}
            for sign, function in SIGNS.items():
                try:
                    signs[sign] = function(look).value
                except Undefined:
                    signs[sign] = None
            far = [apart(alpha, own[each]) for each in beside]
            signs["apart"] = float(np.mean(far)) if far else None
            about = {"scene": case.category, "variant": case.id, "model": name}
            rows.append({**about, "wrong": wrong(alpha, truth), **signs})
    return rows


def _like(models: Sequence[str]) -> tuple[str, ...]:
    """Those of three that do not stand apart, which grabcut does; of fewer, all."""
    return tuple(name for name in models if name != "grabcut" or len(models) < 3)


# ---- fit


def fit(x: Floats, y: Floats) -> tuple[Floats, float]:
    """Weights of at least 0, and the intercept, of a logistic regression with a penalty."""

    def loss(point: Floats) -> tuple[float, Floats]:
        weights, log_odds = point[:-1], x @ point[:-1] + point[-1]
        error = logistic(log_odds) - y
        value = np.logaddexp(0, log_odds).sum() - y @ log_odds + PENALTY / 2 * weights @ weights
        return float(value), np.append(x.T @ error + PENALTY * weights, error.sum())

    bounds = [(0, None)] * x.shape[1] + [(None, None)]
    start = np.zeros(x.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-12)
    return found.x[:-1], float(found.x[-1])


def logistic(log_odds: Floats) -> Floats:
    """The chance of log odds."""
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def auroc(risk: Floats, bad: Floats) -> float | None:
    """The chance that of two cut-outs, one acceptable and one not, the latter has more risk; None
    where all are of one kind."""
    higher = risk[bad > 0][:, None] - risk[bad == 0][None]
    return round(float((np.sign(higher) + 1).mean() / 2), 3) if higher.size else None


def interval_of_auroc(risk: Floats, bad: Floats, scenes: NDArray[np.str_]) -> list[float]:
    """In 95 % of draws of whole scenes, the AUROC lies from the one to the other."""
    chance, names = np.random.default_rng(SEED), np.unique(scenes)
    places = [np.flatnonzero(scenes == name) for name in names]
    drawn = []
    for _ in range(DRAWS):
        some = np.concatenate([places[n] for n in chance.integers(0, len(names), len(names))])
        one = auroc(risk[some], bad[some])
        drawn += [] if one is None else [one]
    return [round(float(each), 3) for each in np.quantile(drawn, (0.025, 0.975))]


def spearman(one: Floats, other: Floats) -> float | None:
    """The correlation of the ranks; equal values share theirs. None where all are equal."""
    if len(np.unique(one)) < 2 or len(np.unique(other)) < 2:
        return None
    return round(float(spearmanr(one, other).statistic), 3)


def fitted(rows: Sequence[Row], terms: Sequence[str], folds: Iterable[str] = FOLDS_OF) -> Row:
    """Weights by term, the intercept, and how well rows that were left out are ordered.

    `alike`: how well with `apart` 0 in those left out, as where the models hardly differ.
    """
    rows = [row for row in rows if row["edgeless"] is not None]
    if "apart" in terms:
        rows = [row for row in rows if row["apart"] is not None]
    x = np.array([[features(row)[term] for term in terms] for row in rows])
    amount = np.array([row["wrong"] for row in rows])
    y = (amount > UNACCEPTABLE).astype(float)
    spread = x.std(0) + 1e-12

    def learnt(some: NDArray[np.bool_]) -> tuple[Floats, float, Floats]:
        weights, intercept = fit(x[some] / spread, y[some])
        return weights / spread, intercept, np.median(x[some & (y == 0)], axis=0)

    def own_order(risk: Floats, silent: NDArray[np.bool_]) -> Row:
        """Of the models' own; the interval is over draws of scenes."""
        silent = silent & real
        return {
            "auroc_models": auroc(risk[real], y[real]),
            "interval_models": interval_of_auroc(risk[real], y[real], labels["scene"][real]),
            "no_sign_models": [int(silent.sum()), int(y[silent].sum())],
        }

    labels = {
        "scene": np.array([row["scene"] for row in rows]),
        "model": np.array([
            "damaged" if row["model"].startswith("damaged") else row["model"] for row in rows
        ]),
    }  # fmt: skip
    real = np.isin(labels["model"], [*CUT_OUT])
    out: Row = {"rows": len(rows), "unacceptable": int(y.sum())}
    out["models_own"] = [int(real.sum()), int(y[real].sum())]
    weights, intercept, ordinary = learnt(np.ones(len(rows), bool))
    out |= {
        "intercept": round(intercept, 4),
        "weights": {t: round(float(w), 4) for t, w in zip(terms, weights, strict=True)},
        "ordinary": {t: round(float(v), 4) for t, v in zip(terms, ordinary, strict=True)},
    }
    alike = x * [term != "apart" for term in terms]
    told = np.array([[not unseen(TERMS[term][0], row) for term in terms] for row in rows])
    for about in folds:
        left_out = [labels[name] for name in FOLDS_OF[about]]
        risk, of_alike = np.zeros((2, len(rows)))
        silent, silent_alike = np.zeros((2, len(rows)), bool)
        for group in {*zip(*left_out, strict=True)}:
            same = [label == one for label, one in zip(left_out, group, strict=True)]
            own = np.all(same, axis=0)
            weights, intercept, ordinary = learnt(~np.any(same, axis=0))
            for values, to, none in ((x, risk, silent), (alike, of_alike, silent_alike)):
                to[own] = logistic(values[own] @ weights + intercept)
                signs = ((weights * (values[own] - ordinary) >= LEAST) & told[own]).any(1)
                none[own] = [level_of(*each) == "fine" for each in zip(to[own], signs, strict=True)]
        out[f"unseen_{about}"] = {
            "auroc": auroc(risk, y),
            "auroc_models": auroc(risk[real], y[real]),
            "spearman": spearman(risk, amount),
            "spearman_models": spearman(risk[real], amount[real]),
        }
        if len(left_out) == 1:
            out[f"unseen_{about}"]["by"] = {
                str(group): [
                    auroc(risk[same], y[same]),
                    spearman(risk[same], amount[same]),
                ]
                for group in np.unique(left_out)
                for same in [left_out[0] == group]
            }
        if about == "scene":
            order = own_order(risk, silent)
            out |= {name: order[name] for name in ("interval_models", "no_sign_models")}
            if "apart" in terms:
                out["alike"] = own_order(of_alike, silent_alike)
            place = np.minimum((risk * 5).astype(int), 4)
            out["calibration"] = [
                {
                    "from": n / 5,
                    "to": (n + 1) / 5,
                    "risk": round(float(risk[place == n].mean()), 3),
                    "share": round(float(y[place == n].mean()), 3),
                    "rows": int((place == n).sum()),
                    "models_own": [
                        int((real & (place == n)).sum()),
                        int(y[real & (place == n)].sum()),
                    ],
                }
                for n in range(5)
                if (place == n).any()
            ]
    return out


def model_of(rows: Sequence[Row]) -> Row:
    """All that risk.json holds."""
    return {
        "unacceptable_from": UNACCEPTABLE,
        "pictures": len({(row["scene"], row["variant"]) for row in rows}),
        "scenes": len({row["scene"] for row in rows}),
        "alone": fitted(rows, [term for term in TERMS if term != "apart"]),
        "together": fitted(rows, list(TERMS)),
    }


def hidden(rows: Sequence[Row], scratch: Path) -> tuple[int, int]:
    """The reference cases with their truth hidden: of the third of the cut-outs by isnet and
    isnet-quint8 that is truly worst, how many are in the first third of the queue; and the third.

    Each is judged by what was fitted without its scene.
    """
    cases = [case for case in load_cases(resource("cases")).cases if case.foreground]
    alphas: dict[str, list[Alpha]] = {case.name: [] for case in cases}
    for name in ("isnet", "isnet-quint8"):
        model = load_model(name)
        for case, prediction in predict(model, cases, scratch / f"whole-{name}", Store.default()):
            alphas[case.name].append(
                stored_alpha(scratch / f"whole-{name}" / (prediction.cutout or ""))
            )
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
    """The table as it is kept."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            {k: v if k in ("scene", "variant", "model") else float(v) if v else None
             for k, v in row.items()}
            for row in csv.DictReader(file)
        ]  # fmt: skip


LEFT_OUT = {
    "scene": "each scene",
    "model": "each model",
    "both": "scene and model both",
}


def guide(found: Row) -> str:
    """What the guide says of a fit."""
    lines = [
        f"Fitted on {found['together']['rows']} cut-outs of {found['pictures']} pictures of "
        f"{found['scenes']} scenes; {found['together']['unacceptable']} of them count as",
        f"not acceptable, for more than {100 * found['unacceptable_from']:g} % of the subject is "
        f"visibly wrong. Of the {found['together']['models_own'][0]} that are a model's own, "
        f"{found['together']['models_own'][1]} are not",
        "acceptable. Left out in turn, and then put in order:",
        "",
        "| | AUROC | of the models' own alone | Spearman | of the models' own alone |",
        "|---|---|---|---|---|",
    ]
    for name, of in (("together", "several models"), ("alone", "one model alone")):
        for about in FOLDS_OF:
            row = found[name][f"unseen_{about}"]
            lines.append(
                f"| {of}, {LEFT_OUT[about]} unseen | {row['auroc']:.3f} | "
                f"{row['auroc_models']:.3f} | "
                f"{row['spearman']:.3f} | {row['spearman_models']:.3f} |"
            )
    low, high = found["together"]["interval_models"]
    alike = found["together"]["alike"]
    silent = [
        f"{bad} of {count}"
        for count, bad in (
            row["no_sign_models"] for row in (found["together"], alike, found["alone"])
        )
    ]
    lines += [
        "",
        f"In 95 % of draws of scenes, the AUROC of the models' own with several models lies from "
        f"{low:.2f} to",
        f"{high:.2f}. Where these hardly differ (all taken for 0 apart) it is "
        f"{alike['auroc_models']:.3f}.",
        "",
        f"No sign was found, each scene unseen, in cut-outs of the models' own of which these were "
        f"not acceptable: {silent[0]} with",
        f"several models, {silent[1]} with several that hardly differ, {silent[2]} with one.",
        "",
        "| risk (several models, scenes unseen) | not acceptable | of the models' own alone |",
        "|---|---|---|",
    ]
    lines += [
        f"| {one['from']:.1f} to {one['to']:.1f} | {100 * one['share']:.0f} % of {one['rows']} | "
        f"{one['models_own'][1]} of {one['models_own'][0]} |"
        for one in found["together"]["calibration"]
    ]
    lines += [
        "",
        f"Of the {found['hidden']['third']} reference cut-outs by isnet and isnet-quint8 that are "
        f"truly worst, a third, {found['hidden']['found']} are in the",
        "first third by risk, each judged without its scene.",
    ]
    return "\n".join(lines)


def main() -> None:
    """All of it, or the fit only."""
    if "--fit" not in sys.argv:
        rows = table(Path("reports/calibration"))
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            for row in rows:
                writer.writerow(
                    {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}
                )
    found = model_of(read())
    of, third = hidden(read(), Path("reports/calibration"))
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
