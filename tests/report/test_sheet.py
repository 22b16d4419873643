"""The contact sheet: what a row says of a case, and what finds it."""

from __future__ import annotations

import re

from runs import KEY, run_of
from test_overview import result, run_with
from test_present import SHOWN, done, failed, previews
from views import Presenter

from rmbg_eval import Settings
from rmbg_eval.cases.categories import CATEGORIES
from rmbg_eval.core.notes import MULTIPLIED, NOTES
from rmbg_eval.measure.record import Measurement
from rmbg_eval.report import frame
from rmbg_eval.report.context import Context
from rmbg_eval.report.sheet import Sheet, columns
from rmbg_eval.run.previews import CasePreviews, Previews
from rmbg_eval.run.record import Run


def measured(metric: str, value: float, model: str = "a") -> Measurement:
    """A value of portrait/ada."""
    about = {"category": "portrait", "case": "ada", "model": model}
    return Measurement(**about, metric=metric, value=value, unit="-", region="whole image")


def row(run: Run, drawn: Previews | None = None):
    """The view of the only case."""
    presenter = Presenter(run, drawn or Previews({KEY: CasePreviews()}))
    (case,) = presenter.category("portrait").cases
    return case


def test_a_case_of_points_that_all_passed_says_so_in_one_line() -> None:
    both = [result(measured=1.0), result(model="b", measured=1.0)]
    assert row(run_with(*both)).passed == "Every point passed by both models"
    assert row(run_with(*both)).misses == ()
    assert row(run_with(both[0])).passed == ""  # of the other model nothing is known
    assert row(run_of()).passed == ""  # nor is anything of a case without points


def test_notes_are_those_of_the_picture_and_of_a_models_cut_out() -> None:
    grey = NOTES["grey"]
    second = done("b", notes=(grey, MULTIPLIED))
    for first, notes in ((done("a", notes=(grey,)), (grey,)), (failed("a"), (grey,))):
        facts = dict(row(run_of(first, second), previews("a", "b")).drawer.facts)
        assert facts["Notes"] == (*map(str, notes), f"b · {MULTIPLIED}")


def test_a_miss_has_a_mark_for_each_model_and_the_words_of_the_farthest_off() -> None:
    run = run_with(
        result(measured=0.9),
        result(model="b", measured=0.2),
        result(point="q", measured=1.0),
        result(point="q", model="b", measured=1.0),
    )
    (miss,) = row(run).misses
    assert (miss.point, miss.model) == ("p", "b")
    assert [mark.state for mark in miss.marks] == ["failed", "failed"]
    assert miss.sentence == "Only 20\N{NO-BREAK SPACE}% solid"


def test_the_gravest_misses_come_first_and_those_of_more_models_before_others() -> None:
    values = {"fine": (1.0, 1.0), "near": (0.9, 1.0), "alike": (0.2, 1.0), "far": (0.2, 0.2)}
    results = [
        result(point=point, model=model, measured=value)
        for point, of_point in values.items()
        for model, value in zip("ab", of_point, strict=True)
    ]
    required = result(point="must", measured=0.9, required=True)
    case = row(run_with(*results, required), previews("a"))
    assert [miss.point for miss in case.misses] == ["must", "far", "alike", "near"]
    assert (case.top, case.drawer.title) == (3, "1 more miss, all measures")
    case = row(run_with(*results), previews("a"))
    assert case.drawer.title == "Points, measures and provenance"
    bare = row(run_of(done("a")), previews("a"))
    assert bare.drawer.title == "Provenance"
    alone = run_with(required, predictions=(done("a"),), models=run_of().models[:1])
    assert row(alone, previews("a")).top == 6


def test_of_many_misses_the_rest_is_marked_and_counted_on_the_drawer() -> None:
    run = run_with(*(result(point=f"p{number}", measured=0.1) for number in range(5)))
    view = Sheet(Context(run, previews("a"))).category("portrait")
    html = frame.render("sheet", view, "en")
    assert re.findall(r'<li data-point="(p.)"( class="rest")?>', html) == [
        ("p0", ""), ("p1", ""), ("p2", ""), ("p3", ' class="rest"'), ("p4", ' class="rest"'),
    ]  # fmt: skip
    assert "2 more misses, all measures" in html


def test_pips_stand_in_the_order_of_the_points_under_each_result() -> None:
    run = run_with(
        result(point="first", measured=1.0),
        result(point="second", measured=0.0),
        result(point="third", measured=1.0, model="b"),
        predictions=(done("a"), done("b")),
    )
    a, b = row(run, previews("a", "b")).results
    assert [pip.state for pip in a.pips] == ["passed", "failed", "unmeasured"]
    assert [pip.title for pip in a.pips] == ["first", "second", "third"]
    assert [pip.state for pip in b.pips] == ["unmeasured", "unmeasured", "passed"]
    assert (a.count, a.words) == ("1/2", "1 of 2 points passed")


def test_the_edge_colour_stands_under_a_result_and_stray_pieces_only_without_points() -> None:
    run = run_of(done("a"), measurements=(measured("islands", 739.0),))
    assert row(run, previews("a")).results[0].value == "739 stray pieces"
    edge = measured("delta_e_white_edge", 5.94)
    run = run.model_copy(update={"measurements": (*run.measurements, edge)})
    assert row(run, previews("a")).results[0].value == "ΔE\N{NO-BREAK SPACE}5.9"


def test_a_failed_prediction_says_why_and_what_to_do_in_its_own_cell() -> None:
    a, b = row(run_of(done("a"), failed("b")), previews("a")).results
    assert a.failure is None
    assert b.image is None
    assert b.failure.problem == "ada.jpg is empty (0 bytes)"
    assert b.failure.remedy == "Copy or download the picture again."


def test_alt_texts_say_what_was_found() -> None:
    (a, _) = row(run_of(done()), previews("a")).results
    assert a.image.alt == (
        "Ada, background removed by a: 25.0% of the pixels opaque, 50.0% in between"
    )


def test_addresses_are_quoted_and_lead_from_the_notebook() -> None:
    presenter = Presenter(run_of(done()), previews("a"), base="../out/")
    (case,) = presenter.category("portrait").cases
    assert case.results[0].image.src == "../out/assets/x%20y-result.png"


def test_the_layout_folder_leads_to_the_cutout_itself() -> None:
    run = run_of(done(), settings=Settings(models=["a", "b"], layout="folder"))
    case = row(run, previews("a"))
    cutout = "cutouts/a/portrait/ada.png"
    assert (case.results[0].full, case.results[0].image.link) == (cutout, cutout)
    assert case.drawer.downloads[0][:2] == ("a", cutout)


def test_an_edge_is_cut_from_what_the_page_has_or_is_a_picture_of_its_own() -> None:
    drawn = previews("a")
    drawn = Previews({KEY: drawn.cases[KEY].model_copy(update={"full": SHOWN})})
    settings = run_of().settings
    for layout, cut in (("single", True), ("folder", False)):
        run = run_of(done(), settings=settings.model_copy(update={"layout": layout}))
        case = row(run, drawn)
        assert case.region == ("1,2,3,4" if cut else "")
        own = "" if cut else "assets/x%20y-result.png"
        assert (case.original.edge, case.results[0].edge) == (own, own)
    case = row(run_of(done()), previews("a"))  # a run of which no original is kept
    assert (case.region, case.original.edge) == ("", "assets/x%20y-result.png")


def test_the_drawer_says_how_and_in_what_time_a_result_was_made() -> None:
    facts = dict(row(run_of(done()), previews("a", wrong=(0.012, 0.0))).drawer.facts)
    assert "inference 0.50 s" in facts["a"]
    assert "all stages 0.80 s" in facts["a"]
    assert "Full size: cutouts/a/portrait/ada.png" in facts["a"]
    assert any("1.20% of the pixels too opaque, 0.00% too transparent" in f for f in facts["a"])
    assert facts["Licence"] == ("CC0-1.0",)
    assert "Author" not in facts


def test_the_drawer_names_whose_the_picture_is_and_what_a_result_was_made_with() -> None:
    run = run_of(
        done("a", device="cuda:1", dtype="fp16", cached=True, seconds={"infer": 0.5, "refine": 0.2})
    )
    (ada,), (one, two) = run.cases, run.models
    ada = ada.model_copy(update={"author": "Ada L.", "source": "https://example.org/ada"})
    one = one.model_copy(update={"info": one.info.model_copy(update={"foreground": "pymatting"})})
    run = run.model_copy(update={"cases": (ada,), "models": (one, two)})
    facts = dict(row(run, previews("a")).drawer.facts)
    assert facts == {
        "Case": ("portrait/ada",),
        "Licence": ("CC0-1.0",),
        "Author": ("Ada L.",),
        "Source": ("https://example.org/ada",),
        "Edge": ("3×4 px at x 1, y 2: where the models' alpha is most in between",),
        "a": (
            "fp16, cuda:1", "foreground colours: pymatting", "inference 0.70 s",
            "refinement 0.20 s of it", "all stages 0.70 s", "kept from an earlier run",
            "Full size: cutouts/a/portrait/ada.png",
        ),
    }  # fmt: skip


def test_a_picture_that_no_model_could_use_has_no_size() -> None:
    known, none = (row(run_of(each), previews("a")) for each in (done("a"), failed("a")))
    assert (known.pixels, known.size) == ("1000×500", "1000x500")
    assert (none.pixels, none.size) == ("", "1x1")
    assert row(run_of(failed("a"), done("b")), previews("b")).pixels == "1000×500"


def test_what_cases_are_found_by() -> None:
    run = run_with(
        result(measured=0.0),
        result(point="q", measured=1.0),
        result(model="b", measured=1.0),
        predictions=(done("a"), failed("b")),
        measurements=(measured("islands", 7.0), measured("mad", 0.012346)),
    )
    assert Presenter(run, previews("a")).bar().facts == {
        "words": ["portrait ada 阿达"],
        "flags": {"missed": [0], "differ": [0], "failed": [0]},
        "kinds": {"opaque": [0]},
        "values": {
            "misses": [[1], [0]],
            "islands": [[7], [None]],
            "seconds": [[0.5], [None]],
            "mad": [[0.01235], [None]],
        },
    }
    assert row(run, previews("a")).row == 0


def test_a_name_is_found_however_its_accents_are_written() -> None:
    (ada,) = run_of().cases
    run = run_of().model_copy(update={"cases": (ada.model_copy(update={"id": "Cafe\u0301"}),)})
    drawn = Previews({("portrait", "Cafe\u0301"): CasePreviews()})
    (words,) = Presenter(run, drawn).bar().facts["words"]
    assert "caf\u00e9" in words


def test_models_differ_without_points_where_their_alphas_do() -> None:
    run = run_of(done("a"), done("b"), measurements=(measured("disagreement", 0.02),))
    assert Presenter(run, previews("a")).bar().facts["flags"] == {"differ": [0]}
    run = run_of(done("a"), done("b"), measurements=(measured("disagreement", 0.002),))
    assert Presenter(run, previews("a")).bar().facts["flags"] == {}


def test_rows_are_numbered_as_the_sheet_has_them_not_as_the_run() -> None:
    ada = run_of().cases[0]
    others = [("pet", "rex"), ("portrait", "bob"), ("pet", "tom")]
    others = [ada.model_copy(update={"category": c, "id": i}) for c, i in others]
    cases = (others[0], ada, *others[1:])
    assert [*CATEGORIES].index("portrait") < [*CATEGORIES].index("pet")  # not as the run has them
    run = run_of().model_copy(update={"cases": cases})
    drawn = Previews({(case.category, case.id): CasePreviews() for case in cases})
    presenter = Presenter(run, drawn)
    shown = [
        case for name in presenter.context.categories() for case in presenter.category(name).cases
    ]
    words = presenter.bar().facts["words"]
    assert [words[case.row].split()[1] for case in shown] == [case.name for case in shown]
    assert [case.row for case in shown] == [0, 1, 2, 3]
    assert [case.row for view in presenter.pages() for case in view.cases] == [None] * 4


def test_controls_that_would_find_nothing_are_left_out() -> None:
    bar = Presenter(run_of(done("a")), previews("a")).bar()
    assert (bar.flags, bar.kinds, bar.measures) == ((), (), ())
    assert [option.value for option in bar.orders] == ["", "set", "-seconds"]
    run = run_with(result(measured=0.0), measurements=(measured("mad", 0.1),))
    bar = Presenter(run, Previews({KEY: CasePreviews()})).bar()
    assert [option.value for option in bar.flags] == ["missed"]
    assert [option.value for option in bar.kinds] == ["opaque"]
    assert [option.value for option in bar.orders] == ["", "set", "-misses"]
    assert [option.value for option in bar.measures] == ["-mad"]


def test_a_head_names_points_and_seconds_or_why_nothing_was_timed() -> None:
    run = run_with(result(measured=1.0), result(point="q"), predictions=(done("a"),))
    a, b = Presenter(run, previews("a")).bar().heads
    assert (a.count, a.passed) == ("1/2", "1 of 2 points passed")
    assert a.seconds == "0.5\N{NO-BREAK SPACE}s"
    assert (b.count, b.passed, b.seconds) == ("", "", "not timed")
    models = [run.models[0], run.models[1].model_copy(deep=True)]
    elsewhere = models[0].info.model_copy(update={"runtime": "none"})
    models[0] = models[0].model_copy(update={"info": elsewhere})
    a, _ = Presenter(run.model_copy(update={"models": tuple(models)}), previews("a")).bar().heads
    assert a.seconds == "finished cut-outs"  # whatever reading the file took


def test_of_many_cases_each_has_a_page_and_its_row_is_lean() -> None:
    presenter = Presenter(run_of(done()), previews("a"), "../")
    (page,) = presenter.pages()
    assert [case.anchor for case in page.cases] == ["case-portrait-ada-5aea30bf"]
    assert page.alone
    assert page.cases[0].results[0].image.src.startswith("../")
    (lean,) = Presenter(run_of(done()), previews("a"), cards=True).category("portrait").cases
    assert lean.page == "pages/case-portrait-ada-5aea30bf.html"
    assert (lean.drawer, lean.misses) == (None, ())


def test_chinese_rows_have_the_chinese_title() -> None:
    run = run_of(done(), settings=Settings(models=["a"], lang="zh"))
    view = Presenter(run, previews("a")).category("portrait")
    assert (view.title, view.cases[0].title) == ("人像特写", "阿达")


def test_text_stands_beside_the_pictures_of_few_models_and_above_those_of_more() -> None:
    assert [columns(n) for n in (1, 4, 5, 6, 7)] == [
        "of-1 beside", "of-4 beside", "of-5 above", "of-6 above", "of-many above",
    ]  # fmt: skip


def test_the_truth_is_a_tile_only_where_there_is_one() -> None:
    assert row(run_of(done()), previews("a")).truth is None
    drawn = previews("a")
    case = drawn.cases[KEY].model_copy(update={"truth": SHOWN})
    assert row(run_of(done()), Previews({KEY: case})).truth.kind == "truth"
