"""The risk of a run's cut-outs, their reasons, and which pictures need a look."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from comparisons import FAILED
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from runs import run_of

from rmbg_eval import Prediction, Settings
from rmbg_eval.errors import Failure
from rmbg_eval.i18n import Message
from rmbg_eval.measure.columns import Measurements
from rmbg_eval.measure.record import Agreement, Measurement, Risk, Sign
from rmbg_eval.models.info import ModelInfo
from rmbg_eval.models.weights import ISNET_MEDIUM, ISNET_SMALL, U2NETP
from rmbg_eval.run.agreement import Farthest, Pair, Peers, disagreements, others_of, peers_of
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.findings import findings
from rmbg_eval.run.queue import queue_of, unscored
from rmbg_eval.run.record import Run
from rmbg_eval.run.risks import risks_of, two_figures


def risk(case: str, model: str, value: float | None, *signs: Sign) -> Risk:
    reason = None if value is not None else Message("not measured")
    return Risk(
        category="portrait", case=case, model=model, value=value, signs=signs, reason=reason
    )


def sign(measure: str, weight: float, place: tuple[int, int, int, int] | None = None) -> Sign:
    return Sign(measure=measure, text=Message("The outline is frayed"), place=place, weight=weight)


def info(name: str, weights: str | None = None) -> ModelInfo:
    """Of a model of the run, under another name."""
    of = run_of().models[0].info
    return of.model_copy(update={"name": name, "weights_sha256": weights})


def run_with(*risks: Risk, **changes: object) -> Run:
    run = run_of()
    names = dict.fromkeys(each.case for each in risks)
    cases = tuple(run.cases[0].model_copy(update={"id": name}) for name in names)
    predictions = tuple(
        Prediction(
            category="portrait", case=each.case, model=each.model, width=40, height=30,
            cutout="a.png", cutout_sha256="0", picture_sha256=each.case, seconds={}, cached=False,
        )
        for each in risks
    )  # fmt: skip
    update = {"cases": cases, "predictions": predictions, "risks": risks, **changes}
    return run.model_copy(update=update)


def test_the_riskiest_picture_comes_first_by_its_worst_cut_out() -> None:
    why = sign("crumbs", 1.0)
    run = run_with(
        risk("ada", "a", 0.1, why), risk("ada", "b", 0.3, why),
        risk("bob", "a", 0.9, why), risk("bob", "b", 0.2),
        risk("eve", "a", None), risk("eve", "b", None),
        risk("joe", "a", 0.29, why), risk("kim", "a", 0.69), risk("lea", "a", 0.7, why),
    )  # fmt: skip
    queue = queue_of(run)
    assert [(each.key[1], each.worst.model, each.level) for each in queue] == [
        ("bob", "a", "first"), ("lea", "a", "first"), ("kim", "a", "fine"),
        ("ada", "b", "worth"), ("joe", "a", "worth"),
    ]  # fmt: skip


def test_of_copies_of_a_picture_the_riskiest_is_looked_at_first_and_no_other() -> None:
    why = sign("crumbs", 1.0)
    run = run_with(
        risk("ada", "a", 0.8, why), risk("bob", "a", 0.9, why), risk("eve", "a", 0.3, why)
    )
    same = {"ada": "bob"}
    predictions = tuple(
        p.model_copy(update={"picture_sha256": same.get(p.case, p.case)}) for p in run.predictions
    )
    copied = run.model_copy(update={"predictions": predictions})
    assert [each.case for each in findings(copied, {})] == ["bob", "eve"]
    assert [each.case for each in findings(run, {})] == ["bob", "ada", "eve"]


def test_no_sign_found_is_said_of_no_picture_that_has_one() -> None:
    run = run_with(
        risk("ada", "a", 0.34), risk("ada", "b", 0.31, sign("crumbs", 0.2)),
        risk("bob", "a", 0.28, sign("instability_mirror", 0)), risk("eve", "a", 0.9),
    )  # fmt: skip
    levels = {each.key[1]: each.level for each in queue_of(run)}
    assert levels == {"ada": "worth", "bob": "worth", "eve": "fine"}
    assert [each.case for each in findings(run, {})] == ["ada", "bob"]


@pytest.mark.parametrize(
    ("apart", "others"),
    [
        ({}, "none"),
        ({("a", "b"): 0.011}, "alike"),
        ({("a", "b"): 0.3}, "differ"),
        ({("a", "b"): 0.011, ("a", "c"): 0.31, ("b", "c"): 0.31}, "alike"),
        ({("a", "b"): 0.2, ("a", "c"): 0.31, ("b", "c"): 0.31}, "differ"),
    ],
)
def test_models_tell_of_each_other_where_those_that_count_differ(apart, others) -> None:
    agreements = tuple(
        Agreement(one=one, other=other, cases=2, apart=far) for (one, other), far in apart.items()
    )
    assert others_of(run_of(agreements=agreements)) == others


@pytest.mark.parametrize(("cases", "others"), [(1, "alike"), (2, "alike"), (3, "differ")])
def test_a_model_of_few_pictures_tells_nothing_of_the_others(cases: int, others: str) -> None:
    """The two that have all five are alike, and it differs from both; or there is only one."""
    run = run_with(*(risk(f"c{n}", "a", 0.1) for n in range(5)))
    pairs = (("a", "b", 0.015, 5), ("a", "c", 0.6, cases), ("b", "c", 0.02, cases))
    far = [Agreement(one=a, other=b, apart=x, cases=n) for a, b, x, n in pairs]
    assert others_of(run.model_copy(update={"agreements": tuple(far)})) == others
    alone = run.model_copy(update={"agreements": tuple(far[1:2])})
    assert others_of(alone) == ("differ" if cases == 3 else "none")


def test_that_models_hardly_differ_is_said_where_they_were_judged_so() -> None:
    """Of 12 pictures the two others have 10, and c has 5: half of those, not of all."""
    run = run_with(*(risk(f"c{n}", "a", 0.1) for n in range(12)))
    pairs = (("a", "b", 0.015, 10), ("a", "c", 0.03, 5), ("b", "c", 0.03, 5))
    far = tuple(Agreement(one=a, other=b, apart=x, cases=n) for a, b, x, n in pairs)
    assert not peers_of(far, map(info, "abc")).alike
    assert others_of(run.model_copy(update={"agreements": far})) == "differ"


def test_where_a_model_failed_there_is_no_more_to_look_at() -> None:
    """Its failure is told elsewhere, and of the others' cut-outs no sign is."""
    run = run_with(risk("ada", "a", 0.1), risk("ada", "b", None), risk("bob", "a", 0.1))
    first, lost, last = run.predictions
    lost = lost.model_copy(update={"cutout": None, "failure": FAILED})
    run = run.model_copy(update={"predictions": (first, lost, last)})
    assert {each.key[1]: each.level for each in queue_of(run)} == {"ada": "fine", "bob": "fine"}
    assert not findings(run, {})


def test_a_model_that_stands_apart_puts_nothing_first_unless_it_is_alone() -> None:
    agreements = tuple(
        Agreement(one=one, other=other, cases=2, apart=far)
        for one, other, far in (("a", "b", 0.02), ("a", "c", 0.4), ("b", "c", 0.4))
    )
    run = run_with(
        risk("ada", "a", 0.1), risk("ada", "b", 0.05), risk("ada", "c", 0.99),
        risk("bob", "a", 0.2), risk("bob", "c", 0.01),
        risk("eve", "a", None), risk("eve", "c", 0.3),
        agreements=agreements,
    )  # fmt: skip
    assert [(each.key[1], each.worst.model) for each in queue_of(run)] == [
        ("eve", "c"), ("bob", "a"), ("ada", "a"),
    ]  # fmt: skip


@pytest.mark.parametrize(("cases", "odd"), [(3, ()), (5, ()), (6, ("c",)), (12, ("c",))])
def test_who_has_few_of_the_pictures_is_not_known_to_stand_apart(cases, odd) -> None:
    """On those few the others may be as far from each other."""
    pairs = (("a", "b", 0.1, 12), ("a", "c", 0.5, cases), ("b", "c", 0.7, cases))
    known = [Agreement(one=a, other=b, apart=x, cases=n) for a, b, x, n in pairs]
    assert peers_of(known, map(info, "abc")).odd == odd


def test_models_are_alike_where_those_that_do_not_stand_apart_hardly_differ() -> None:
    def alike(*pairs: tuple[str, str, float], weights: str | None = None) -> bool:
        known = [Agreement(one=a, other=b, apart=far, cases=9) for a, b, far in pairs]
        return peers_of(known, [info(name, weights) for name in "abc"]).alike

    assert alike(("a", "b", 0.01), ("a", "c", 0.4), ("b", "c", 0.4))
    assert not alike(("a", "b", 0.016), ("a", "c", 0.025), ("b", "c", 0.025))
    assert alike(("a", "b", 0.019))
    assert not alike(("a", "b", 0.02))
    assert not alike(("a", "b", 0.0), weights="x" * 64), "of one network"
    assert not alike()


def test_two_of_one_network_say_nothing_of_each_other() -> None:
    """Beside a third they are as one: neither makes it stand apart, and each is held against it."""
    far = {"ab": 0.02, "ac": 0.3, "bc": 0.3, "ad": 0.9, "bd": 0.9, "cd": 0.9}

    def peers(*names: str, one: str | None = "x" * 64) -> Peers:
        known = [
            Agreement(one=a, other=b, apart=far[a + b], cases=9) for a, b in combinations(names, 2)
        ]
        models = [info(name, one if name in "ab" else None) for name in names]
        return peers_of(known, models)

    assert peers("a", "b", "c", one=None).odd == ("c",)
    three = peers("a", "b", "c")
    assert three.odd == ()
    assert three.held_against("a", ["b", "c"]) == ["c"]
    assert three.held_against("c", ["a", "b"]) == ["a", "b"]
    assert three.held_against("a", ["b"]) == []
    four = peers("a", "b", "c", "d")
    assert four.odd == ("d",)
    assert four.held_against("a", ["b", "c", "d"]) == ["c"]
    assert four.held_against("a", ["b", "d"]) == ["d"], "rather than nothing"


@pytest.mark.parametrize(("far", "odd"), [(0.4, ("a", "b")), (0.03, ("a",))])
def test_of_a_network_that_stands_apart_all_do_but_those_that_are_near(far, odd) -> None:
    """a and b are of one; c and d of others, and alike."""
    known = [
        Agreement(one=one, other=other, apart=apart, cases=9)
        for one, other, apart in (
            ("a", "b", 0.01), ("a", "c", 0.5), ("a", "d", 0.5), ("b", "c", far), ("b", "d", far),
            ("c", "d", 0.02),
        )
    ]  # fmt: skip
    models = [info(name, "x" * 64 if name in "ab" else None) for name in "abcd"]
    peers = peers_of(known, models)
    assert peers.odd == odd
    assert peers.held_against("c", "abd") == [name for name in "abd" if name not in odd]
    assert peers_of(known[:3], models).odd == (), "c and d are not known to be alike"
    two = [each for each in known if "d" not in (each.one, each.other)]
    assert peers_of(two, models).odd == (), "of two networks neither"


def test_is_net_in_fewer_bits_is_of_one_network_with_it() -> None:
    weights = {"isnet": ISNET_MEDIUM, "isnet-quint8": ISNET_SMALL, "u2netp": U2NETP}
    peers = peers_of([], [info(name, each.sha256) for name, each in weights.items()])
    assert peers.held_against("isnet-quint8", ["isnet", "u2netp"]) == ["u2netp"]


@given(st.data())
def test_whom_a_cutout_is_held_against(data) -> None:
    """Strangers alone, not those apart where there is another, whatever a run.json says."""
    names = "abcde"[: data.draw(st.integers(1, 5))]
    weights = st.sampled_from([None, "x" * 64, "y" * 64])
    models = [info(name, data.draw(weights)) for name in names]
    far = st.none() | st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0])
    known = [
        Agreement(one=one, other=other, apart=apart, cases=data.draw(st.integers(1, 9)))
        for one, other in combinations(names, 2)
        if (apart := data.draw(far)) is not None
    ]
    peers = peers_of([*known, *known, Agreement(one="a", other="?", apart=1, cases=9)], models)
    assert len({peers.networks.get(name, name) for name in peers.odd}) <= 1
    for model in names:
        others = [name for name in names if name != model]
        held = peers.held_against(model, others)
        strangers = [name for name in others if not peers.siblings(model, name)]
        assert bool(held) is bool(strangers)
        assert {*held} <= {*strangers}
        assert not {*held} & {*peers.odd} or {*strangers} <= {*peers.odd}


def test_models_of_one_network_tell_nothing_where_others_do() -> None:
    run = run_with(*(risk("ada", model, 0.5) for model in "abc"))
    models = [run.models[0].model_copy(update={"info": info(name)}) for name in "abc"]
    far = [
        Agreement(one=a, other=b, apart=x, cases=1)
        for a, b, x in (("a", "b", 0.01), ("a", "c", 0.14), ("b", "c", 0.14))
    ]
    run = run.model_copy(update={"agreements": tuple(far), "models": tuple(models)})
    assert others_of(run) == "alike", "c stands apart"
    same = [run.models[0].model_copy(update={"info": info(name, "x" * 64)}) for name in "ab"]
    assert others_of(run.model_copy(update={"models": (*same, models[2])})) == "differ"
    alone = run.model_copy(update={"models": tuple(same), "agreements": tuple(far[:1])})
    assert others_of(alone) == "none"


def test_beside_models_of_its_network_alone_a_cutout_is_held_against_nothing() -> None:
    predictions = run_with(*(risk("ada", model, 0.5) for model in "ab")).predictions
    pairs = {predictions[0].case_key: {("a", "b"): Pair(0.1, 0.3, (0, 0, 5, 5))}}
    peers = peers_of([], [info("a", "x" * 64), info("b", "x" * 64)])
    measurements = Measurements()
    assert disagreements(predictions, pairs, peers, measurements) == {}
    for p in predictions:
        assert measurements.values_of(p.key) == {"disagreement": 0.1, "apart": None}
        reasons = {row.metric: row.reason for row in measurements if row.model == p.model}
        assert "another network" in str(reasons["apart"])


def test_a_finding_is_shown_at_the_place_of_its_heaviest_sign_that_has_one() -> None:
    signs = (
        sign("kept", 3.0),
        sign("crumbs", 2.0, (1, 2, 5, 5)),
        sign("detached", 1.0, (0, 0, 3, 3)),
    )
    (one, other) = findings(
        run_with(risk("ada", "a", 0.9, *signs), risk("bob", "a", 0.5, sign("kept", 1.0))), {}
    )
    assert (one.case, one.kind, one.place.box) == ("ada", "crumbs", (1, 2, 5, 5))
    assert [str(each) for each in one.also] == ["share that is kept", "detached pieces"]
    assert (other.case, other.place.box) == ("bob", (0, 0, 40, 30))


def test_what_needs_no_look_is_no_finding() -> None:
    assert not findings(run_with(risk("ada", "a", 0.1), risk("bob", "a", 0.5)), {})


def test_where_two_models_differ_both_are_shown() -> None:
    differ, crumbs = sign("apart", 1.0, (1, 2, 5, 5)), sign("crumbs", 2.0, (1, 2, 5, 5))
    (one,) = findings(run_with(risk("ada", "a", 0.9, differ), risk("ada", "b", 0.5, differ)), {})
    assert (one.models, one.beside) == (("a",), "b")
    (one,) = findings(run_with(risk("ada", "a", 0.9, crumbs, differ)), {})
    assert one.beside == ""
    run = run_with(risk("ada", "a", 0.9, differ))
    c = run.models[0].model_copy(
        update={"info": run.models[0].info.model_copy(update={"name": "c"})}
    )
    (one,) = findings(run.model_copy(update={"models": (*run.models, c)}), {})
    assert one.beside == ""  # nothing to show beside it
    three = [risk("ada", name, value, differ) for name, value in (("a", 0.9), ("b", 0.5), ("c", 0))]
    (one,) = findings(run_with(*three), {})
    assert one.beside == ""  # the others are most likely right
    run = run_with(*three[:2])
    (a, b) = run.predictions
    lost = a.model_copy(update={"model": "c", "cutout": None, "failure": FAILED})
    (one,) = findings(run.model_copy(update={"predictions": (a, b, lost)}), {})
    assert one.beside == "b"


def test_only_a_run_without_truth_and_points_is_ordered_by_risk() -> None:
    run = run_with(risk("ada", "a", 0.5))
    assert unscored(run)
    assert not unscored(run.model_copy(update={"risks": ()}))
    true = run.cases[0].model_copy(update={"has_truth": True})
    assert not unscored(run.model_copy(update={"cases": (true,)}))


@pytest.fixture
def evaluated(tmp_path, monkeypatch) -> Run:
    """Three folders of finished cut-outs: two alike, one that keeps everything; one picture with a
    hole that is half see-through, one that a model has nothing of."""
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "cache"))
    for name in ("good", "soft"):
        rgb = np.zeros((120, 160, 3), np.uint8)
        rgb[30:90, 40:120] = 200
        (tmp_path / "cases" / "pet").mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(tmp_path / "cases" / "pet" / f"{name}.png")
        for model in ("one", "two", "bad"):
            alpha = np.zeros((120, 160), np.uint8)
            alpha[30:90, 40:120] = 255
            if name == "soft" and model == "one":
                alpha[50:70, 65:95] = 150
            if model == "bad":
                alpha[:] = 255
                alpha[:3] = 0
            folder = tmp_path / model / "pet"
            folder.mkdir(parents=True, exist_ok=True)
            if (name, model) != ("good", "two"):
                Image.fromarray(np.dstack([rgb, alpha])).save(folder / f"{name}.png")
    models = [f"{model}=folder:{tmp_path / model}" for model in ("one", "two", "bad")]
    return evaluate(
        Settings(cases=str(tmp_path / "cases"), models=models, out=str(tmp_path / "run"))
    )


def test_a_run_has_risks_with_reasons_in_their_places(evaluated: Run) -> None:
    risks = evaluated.index.risks
    assert set(risks) == set(evaluated.index.predictions)
    by = {(each.case, each.model): each for each in risks.values()}
    assert by["good", "two"].value is None
    assert isinstance(evaluated.index.predictions[by["good", "two"].key].failure, Failure)
    assert str(by["good", "two"].reason).startswith("the prediction failed")
    bad, soft = by["soft", "bad"], by["soft", "one"]
    assert min(bad.value, soft.value) > 0.7 > by["good", "one"].value
    far = next(each for each in bad.signs if each.measure == "apart")
    left, top, width, height = far.place
    assert (left, top) < (160 - width, 120 - height)
    assert [each.weight for each in bad.signs] == sorted(
        (each.weight for each in bad.signs), reverse=True
    )
    assert evaluated.measurements.values_of(soft.key)["soft_inside"] == pytest.approx(
        20 * 30 / 4800
    )
    for key, each in risks.items():
        assert evaluated.measurements.values_of(key)["risk"] == each.value
    assert Run.load(evaluated.settings.out_folder).risks == evaluated.risks


def test_what_is_apart_is_so_from_the_cutouts_that_there_are(evaluated: Run) -> None:
    """Of one picture a model failed, so that two are left, and neither is told to stand out."""
    texts = {
        (each.case, each.model): str(sign.text)
        for each in evaluated.risks
        for sign in each.signs
        if sign.measure == "apart"
    }
    share = r"[\d.]+\s% of the subject"
    assert re.fullmatch(f"{share} differs from the others", texts["soft", "bad"])
    assert re.fullmatch(f"one and bad differ on {share}", texts["good", "one"])
    assert texts["good", "bad"] == texts["good", "one"]


def test_with_one_that_stands_apart_two_are_told_of_each_other() -> None:
    """It is counted for neither of them, and is itself held against both."""
    predictions = run_with(*(risk("ada", model, 0.5) for model in "abc")).predictions
    place = (0, 0, 5, 5)
    pairs = {"ab": 0.3, "ac": 0.9, "bc": 0.8}
    of_case = {(one, two): Pair(0.1, far, place) for (one, two), far in pairs.items()}
    measurements = Measurements()
    peers = Peers(("c",), {name: name for name in "abc"})
    farthest = disagreements(predictions, {predictions[0].case_key: of_case}, peers, measurements)
    assert [farthest[p.key].only for p in predictions] == [("a", "b"), ("a", "b"), None]
    apart = [measurements.values_of(p.key)["apart"] for p in predictions]
    assert apart == pytest.approx([0.3, 0.3, 0.85])


def signs_of(only: tuple[str, str] = ("a", "b"), **values: float) -> list[Sign]:
    """The signs of a cut-out of which those are the measures, each at a place of its own."""
    (p,) = run_with(risk("ada", "a", 0.5)).predictions
    measurements = Measurements(
        Measurement(**p.key._asdict(), metric=name, value=value, unit="1", region="all")
        for name, value in values.items()
    )
    places = {name: (number, 0, 5, 5) for number, name in enumerate(values)}
    (found,) = risks_of((p,), {p.key: places}, measurements, {p.key: Farthest(None, only)}, False)
    assert measurements.values_of(p.key)["risk"] == found.value
    assert all(each.place == places[each.measure] for each in found.signs)
    return [*found.signs]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kept": 0.0}, "Nothing is kept"),
        ({"kept": 1.0}, "The whole picture is kept"),
        ({"kept": 0.004}, "Only 0.4 % of the picture is kept"),
        ({"kept": 0.3, "soft_inside": 0.25}, "25 % of the subject is half see-through"),
        ({"kept": 0.3, "soft_outside": 1.0}, "A veil over 100 % of the background"),
        ({"kept": 0.3, "crumbs": 0.5}, "Crumbs, 50 % of the subject"),
        ({"kept": 0.3, "crumbs": 0.5, "islands": 1.0}, "1 stray piece"),
        ({"kept": 0.3, "crumbs": 0.5, "islands": 7.0}, "7 stray pieces"),
        ({"kept": 0.3, "edgeless": 0.9}, "90 % of the outline is where the picture has no edge"),
    ],
)
def test_a_sign_is_told_in_plain_words(values: dict[str, float], words: str) -> None:
    (only,) = signs_of(**values)
    assert str(only.text).replace("\u00a0", " ") == words


def test_few_signs_are_told_and_none_that_weighs_little() -> None:
    many = {"kept": 0.001, "soft_inside": 1.0, "soft_outside": 1.0, "crumbs": 1.0, "edgeless": 1.0}
    weights = [each.weight for each in signs_of(**many)]
    assert len(weights) == 4
    assert weights == sorted(weights, reverse=True)
    for share in np.linspace(0.1, 1, 50):
        assert all(each.weight >= 0.1 for each in signs_of(kept=0.3, edgeless=share))
    assert not signs_of(kept=0.3, edgeless=0.05)


def test_what_nobody_sees_is_no_reason() -> None:
    (only,) = signs_of(kept=0.3, soft_inside=0.01)
    assert only.weight > 0.1
    assert not signs_of(kept=0.3, soft_inside=0.0009)


def test_only_the_least_steady_is_told_and_not_weighed() -> None:
    assert not signs_of(kept=0.3, instability_mirror=0.09)
    (only,) = signs_of(kept=0.3, instability_mirror=0.1, instability_jpeg=0.3)
    assert (only.measure, only.weight) == ("instability_jpeg", 0)
    assert str(only.text).replace("\u00a0", " ") == (
        "The outline differs by 30 % where the picture is packed as JPEG"
    )
    (last,) = signs_of(kept=0.3, instability_mirror=0.1)
    assert last.measure == "instability_mirror"


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.0, "0"), (0.0005, "0.05"), (0.034, "3.4"), (0.0994, "9.9"), (0.0995, "10"), (1.0, "100")],
)
def test_a_share_is_told_in_hundredths(share: float, told: str) -> None:
    assert two_figures(share) == told


def test_a_run_says_how_far_its_models_are_apart(evaluated: Run) -> None:
    found = {(each.one, each.other): each for each in evaluated.agreements}
    assert found["one", "two"].cases == 1
    assert found["one", "bad"].cases == 2
    # Whole 120 × 160 but three rows, against 60 × 80.
    assert found["two", "bad"].apart == pytest.approx(1 - 60 * 80 / (117 * 160), abs=1e-6)
    hole = 20 * 30  # that is half see-through, in one of both pictures
    both = pytest.approx(1 - (60 * 80 - hole / 2) / (117 * 160), abs=1e-4)
    assert found["one", "bad"].apart == both
    assert found["one", "two"].apart == pytest.approx(hole / 4800, abs=1e-4)
    values = {
        (m.case, m.model): m.value
        for m in evaluated.measurements.of("apart")
        if m.value is not None
    }
    assert values["soft", "one"] == pytest.approx(found["one", "two"].apart), "without the odd one"
    assert values["good", "one"] == pytest.approx(values["good", "bad"]), "it is all there is"
