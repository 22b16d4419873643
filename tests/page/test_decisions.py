"""What holds of decisions, and what is none, is what Python says; of the script alone."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from reviewers import START, approval, decisions, review, run_over, sha, vote

from rmbg_eval.decisions.files import AHEAD, MOST_BYTES, take
from rmbg_eval.decisions.record import Decisions, Review, subject
from rmbg_eval.web import script

MODELS = ("a", "b", "c")
ABOUT = {
    "content": "x", "page": "1", "models": MODELS, "decisions": [],
    "cases": [["", "portrait", f"c{n}", "", [sha(m, f"c{n}") for m in MODELS]] for n in range(2)],
}  # fmt: skip
OPEN = """async ([about, text]) => {
  const decisions = new $decisions.Decisions(about);
  let told = 0;
  decisions.on(() => told++);
  const result = await decisions.open(new Blob([text]));
  const holding = ["review", "vote", "approval"].flatMap((kind) => decisions.holding(kind));
  const { count, unsaved } = decisions;
  return { result, holding, count, unsaved, told, text: decisions.text() };
}"""


@pytest.fixture
def blank(page: Page) -> Page:
    page.add_script_tag(content=script("decisions"))  # type: ignore[arg-type]
    return page


def taken(page: Page, entries: list[Any]) -> dict[str, Any]:
    text = json.dumps({"schema_version": 1, "decisions": entries})
    return page.evaluate(OPEN, [ABOUT, text])


def texts(all_: Decisions) -> list[str]:
    return [decision.model_dump_json() for decision in all_.decisions]


def test_reviews_alone_make_the_shares_of_the_report_old(blank: Page) -> None:
    had, later, voted = (
        [each.model_dump(mode="json") for each in decisions(one).decisions]
        for one in (review("c0"), review("c1"), vote("c0"))
    )
    newer = """async ([about, text]) => {
        const decisions = new $decisions.Decisions(about);
        await decisions.open(new Blob([text]));
        return decisions.newer;
    }"""
    for entries, expected in ((voted, False), (had, False), (later, True)):
        text = json.dumps({"schema_version": 1, "decisions": entries})
        assert blank.evaluate(newer, [{**ABOUT, "decisions": had}, text]) == expected


def test_what_holds_of_several_people_is_as_in_python(blank: Page) -> None:
    r = np.random.default_rng(5)
    for _ in range(20):
        made = []
        for moment in r.integers(20, size=30).tolist():
            person = str(r.choice(["anonymous", "Ada", "Ada  L.", "Ada L.", "Zoe\u0308", "Zoë"]))
            time, undone = START + timedelta(seconds=moment), bool(r.random() < 0.3)
            session = str(r.choice(["", "one", "two"]))
            who = {"person": person, "session": session, "time": time, "undone": undone}
            case, (one, other) = f"c{r.integers(2)}", r.permutation(MODELS)[:2].tolist()
            choice, answer = r.choice(["left", "right", "equal"]), r.choice(["usable", "mend"])
            made.append(
                [
                    review(case, one, str(answer), **who),
                    vote(case, str(choice), (one, other), **who),
                    approval(case, one, **who),
                ][r.integers(3)].model_dump(mode="json")
                | {"person": person}
            )
        found = taken(blank, made)
        everything = Decisions.model_validate({"decisions": made})
        once = decisions(*everything.decisions)
        every = everything.decisions
        again = {subject(each) for n, each in enumerate(every) if each in every[:n]}
        things = len({*map(subject, once.decisions)})
        assert found["result"] == {"taken": things, "again": len(again), "refused": 0}
        written = Decisions.model_validate_json(found["text"])
        assert texts(written) == texts(once)
        times = [entry["time"] for entry in json.loads(found["text"])["decisions"]]
        assert times == sorted(times)
        holding = Decisions.model_validate({"decisions": found["holding"]})
        assert sorted(texts(holding)) == sorted(
            decision.model_dump_json() for decision in everything.current
        )
        assert (found["count"], found["unsaved"]) == (len(everything.current), 0)
        assert found["told"] == 2  # that there are more, and that nothing is kept here


def test_what_is_no_decision_is_what_python_refuses(blank: Page, tmp_path: Path) -> None:
    plain = {"review": review(), "vote": vote(), "approval": approval()}
    of = {kind: each.model_dump(mode="json") for kind, each in plain.items()}
    side = of["vote"]["left"]
    every: list[dict[str, Any]] = [
        {}, {"person": ""}, {"person": "x" * 81}, {"person": "\U0001f600" * 80}, {"session": "<"},
        {"session": "x" * 65}, {"time": "2026-11-02T09:00:00"}, {"time": "1999-12-31T23:59:59Z"},
        {"time": "2200-01-01T00:00:00Z"}, {"time": 7}, {"undone": 1}, {"page": "x" * 41},
        {"case": ""}, {"category": "pet"}, {"more": 1}, {"page": "\ud83d"}, {"kind": "toString"},
        {"time": "+002026-11-02T09:00:00Z"},
        *({"time": (datetime.now(UTC) + AHEAD + timedelta(hours=h)).isoformat()} for h in (-1, 1)),
    ]  # fmt: skip
    own: dict[str, list[dict[str, Any]]] = {
        "review": [
            {"answer": "fine"}, {"comment": "\U0001f600" * 2000}, {"comment": "\U0001f600" * 2001},
            {"comment": 3}, {"place": [1]}, {"place": [1, 2, 3]}, {"place": [1, -1]},
            {"place": [1.5, 2]}, {"place": [0, 1_000_000]}, {"place": [0, 1_000_001]},
            {"place": ["1", 2]}, {"model": "b"}, {"cutout_sha256": None},
        ],
        "vote": [
            {"choice": "both"}, {"seed": -1}, {"seed": 0.5}, {"seed": None}, {"seed": 2**53 - 1},
            {"right": side}, {"right": None}, {"left": {**side, "more": 1}},
            {"left": {"model": "z", "more": 1}}, {"left": {**side, "cutout_sha256": "0" * 64}},
            {"left": {**side, "model": "c"}},
        ],
        "approval": [
            {"base_sha256": None}, {"base_sha256": "x"}, {"new_sha256": ["0" * 64]}, {"model": 3},
            {"model": ""}, {"model": "x" * 4097}, {"kind": ["approval"]},
        ],
    }  # fmt: skip
    entries = [{**of[kind], **change} for kind in of for change in (*every, *own[kind])]
    nothing_seen = {**of["review"], "model": "z"}
    del nothing_seen["cutout_sha256"]
    entries.append(nothing_seen)
    run, path, ours, theirs = run_over(2, MODELS), tmp_path / "of-ada.json", [], []
    for entry in entries:
        text = json.dumps({"schema_version": 1, "decisions": [entry]})
        path.write_text(text, "utf-8")
        ours.append(len(take(run, [path]).refused))
        theirs.append(blank.evaluate(OPEN, [ABOUT, text])["result"]["refused"])
    assert [entry for entry, a, b in zip(entries, ours, theirs, strict=True) if a != b] == []
    assert 0 < sum(ours) < len(entries)


def test_a_file_of_another_version_is_none(blank: Page) -> None:
    for content in ({"schema_version": 2, "decisions": []}, {"schema_version": 1}, None, 7):
        assert blank.evaluate(OPEN, [ABOUT, json.dumps(content)])["result"] is None


def test_a_file_is_as_large_as_python_takes_it_and_no_larger(blank: Page) -> None:
    large = """([about, size]) => new $decisions.Decisions(about).open(
        { size, text: async () => '{"schema_version": 1, "decisions": []}' })"""
    assert blank.evaluate(large, [ABOUT, MOST_BYTES]) == {"taken": 0, "again": 0, "refused": 0}
    assert blank.evaluate(large, [ABOUT, MOST_BYTES + 1]) is None


def test_a_text_is_cut_where_python_would_refuse_it(blank: Page) -> None:
    for text, kept in (("\U0001f600" * 3, "\U0001f600" * 2), ("ab", "ab"), ("abc", "ab")):
        assert blank.evaluate("text => $decisions.bounded(text, 2)", text) == kept
    half = blank.evaluate("$decisions.bounded('a\\ud83d', 2)")
    assert half == "a\N{REPLACEMENT CHARACTER}"
    about = {**ABOUT, "page": "9" * 50}
    made = blank.evaluate(
        """(about) => {
          const decisions = new $decisions.Decisions(about);
          return decisions.add({ ...decisions.like(0), answer: "mend" });
        }""",
        about,
    )
    assert decisions(Review.model_validate(made)).reviews[0].page == "9" * 40


def test_one_persons_decisions_follow_one_another_whatever_the_clock_says(blank: Page) -> None:
    blank.clock.set_fixed_time(START)
    later = review(time=START + timedelta(minutes=5)).model_dump(mode="json")
    answers, times, asked, looked = blank.evaluate(
        """([about, later]) => {
          let asked = 0; // of a server, where there is none
          window.fetch = async () => { asked++; };
          const decisions = new $decisions.Decisions({ ...about, decisions: [later] });
          const made = ["mend", "unusable"].map((answer) =>
            decisions.add({ ...decisions.like(0), answer }));
          Object.defineProperty(decisions, "person", { value: "Ada" });
          made.push(decisions.add({ ...decisions.like(4), answer: "unsure" }));
          const answers = decisions.holding("review").map(({ model, person, session, answer }) =>
            [model, person, session.length, answer]);
          return [answers, [later, ...made].map(({ time }) => Date.parse(time)), asked,
            decisions.looked];
        }""",
        [{**ABOUT, "need": [0, 4, 5]}, {**later, "person": "anonymous"}],
    )
    assert times == sorted({*times})
    assert (asked, looked) == (0, 2)
    assert answers == [
        ["a", "anonymous", 0, "usable"],  # of another browser
        ["a", "anonymous", 24, "unusable"],
        ["b", "Ada", 0, "unsure"],
    ]


def test_what_the_server_could_not_save_is_sent_again_in_parts_until_it_refuses(page: Page) -> None:
    page.clock.install()
    page.set_content('<meta name="rmbg-eval-offers" content="decisions">')
    page.add_script_tag(content=script("decisions"))  # type: ignore[arg-type]
    page.evaluate(
        """(about) => {
          Object.assign(window, { sent: [], answer: null, made: new $decisions.Decisions(about) });
          made.on(() => { window.told = made.refusal?.problem.en; });
          window.fetch = async (_, { body }) => {
            window.sent.push(body);
            if (!window.answer) throw new TypeError("the server is away");
            return new Response(...window.answer);
          };
          const says = { ...made.like(0), answer: "mend", comment: "x".repeat(2000) };
          window.add = () => made.add(says);
          for (let n = 0; n < 300; n++) window.add();
        }""",
        ABOUT,
    )
    assert page.evaluate("[made.unsaved, sent.length]") == [1, 1]  # all of one cut-out
    page.evaluate("() => { sent.length = 0; answer = ['{}']; }")
    page.clock.run_for(5000)
    page.wait_for_function("made.unsaved == 0")
    sent = page.evaluate("sent")
    assert sum(len(json.loads(body)["decisions"]) for body in sent) == 300
    assert [len(body) for body in sent if len(body) > 2**18 + 100] == []
    assert len(sent) == 3
    said = json.dumps({"problem": {"en": "no"}, "remedy": {"en": "do"}})
    page.evaluate("said => { answer = [said, { status: 422 }]; add(); }", said)
    page.wait_for_function("window.told == 'no'")
    page.evaluate("add(); 0")
    page.clock.run_for(60_000)
    assert page.evaluate("[made.unsaved, sent.length]") == [1, 4]


def test_what_the_server_did_not_get_is_sent_when_the_page_is_opened_again(page: Page) -> None:
    html = '<meta name="rmbg-eval-offers" content="decisions">'
    page.route("**/*", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("http://page.test/")
    page.add_script_tag(content=script("decisions"))  # type: ignore[arg-type]
    session, waiting = page.evaluate(
        """async (about) => {
          window.fetch = async () => { throw new TypeError("the server is away"); };
          const made = await $decisions.Decisions.of(about);
          for (const cutout of [1, 2]) made.draft(cutout, { comment: "half a sent", place: null });
          made.draft(2, null);
          made.add({ ...made.like(0), answer: "mend" });
          return [made.session, made.drafts.size];
        }""",
        ABOUT,
    )
    assert waiting == 1
    page.reload()
    page.add_script_tag(content=script("decisions"))  # type: ignore[arg-type]
    body, drafts, again = page.evaluate(
        """async (about) => {
          const sent = new Promise((done) => {
            setTimeout(done, 5000);
            window.fetch = async (_, { body }) => { done(body); return new Response("{}"); };
          });
          const made = await $decisions.Decisions.of(about);
          return [await sent, [...made.drafts], made.session];
        }""",
        ABOUT,
    )
    assert [each["answer"] for each in json.loads(body)["decisions"]] == ["mend"]
    assert drafts == [[1, {"comment": "half a sent", "place": None}]]
    assert again == session  # of the same somebody


def test_a_name_has_one_spelling_and_a_session_no_other_letters(page: Page) -> None:
    page.route("**/*", lambda route: route.fulfill(body="<p>", content_type="text/html"))
    page.goto("http://page.test/")
    page.add_script_tag(content=script("decisions"))  # type: ignore[arg-type]
    page.evaluate("localStorage['rmbg_eval.session'] = '<i>'")
    session = page.evaluate("about => new $decisions.Decisions(about).session", ABOUT)
    assert re.fullmatch("[0-9a-f]{24}", session)
    for name, kept in (
        (" Ada  L. ", "Ada L."), ("Zoe\u0308", "Zoë"), (" ", ""), (" " + "x" * 90, "x" * 80),
        ("x" * 79 + " y", "x" * 79),
    ):  # fmt: skip
        found = page.evaluate(
            """([about, name]) => {
              const made = new $decisions.Decisions(about);
              let told = 0;
              made.on(() => told++);
              made.person = name;
              return [localStorage["rmbg_eval.person"], made.person, told];
            }""",
            [ABOUT, name],
        )
        assert found == [kept, kept or "anonymous", 1]


def test_a_comment_waits_for_its_decision_and_closing_asks_where_nothing_is_kept(
    blank: Page,
) -> None:
    found = blank.evaluate(
        """async (about) => {
          const made = await $decisions.Decisions.of(about);
          const found = [];
          const draft = (cutout, comment, place) => {
            made.draft(cutout, { comment, place });
            found.push(made.waiting);
          };
          draft(0, " ", null);
          draft(0, " ", [1, 2]);
          draft(1, "a hole", null);
          while (!made.full) await new Promise(setTimeout);
          const asks = new Event("beforeunload", { cancelable: true });
          dispatchEvent(asks);
          made.add({ ...made.like(1), answer: "mend" });
          return [...found, made.waiting, asks.defaultPrevented];
        }""",
        ABOUT,
    )
    assert found == [0, 1, 2, 1, True]


def test_another_window_tells_what_it_keeps_and_what_is_damaged_of_it_is_none(blank: Page) -> None:
    one = review().model_dump_json()
    states = blank.evaluate(
        """async ([about, one]) => {
          const made = await $decisions.Decisions.of(about);
          const [window, last] = [0, 1].map(() => new BroadcastChannel(made.prefix));
          const states = [];
          let told = 0;
          made.on(() => told++);
          const damaged = one.replace('"usable"', '"fine"');
          const sketch = JSON.stringify({ comment: "half", place: null });
          for (const [key, text, saved] of [
            ["1-a", one, false], ["1-a", one, true], ["2-b", damaged, false], ["3-c", "{", false],
            ["draft-1", sketch, false], ["draft-1", '{"comment": 3}', false],
          ]) {
            const there = new Promise((done) => { last.onmessage = done; });
            window.postMessage([[key, { text, saved }]]);
            await there;
            states.push([told, made.count, made.unsaved, made.drafts.size]);
          }
          return states;
        }""",
        [ABOUT, one],
    )
    assert states == [[1, 1, 1, 0], *([n, 1, 0, 0] for n in (2, 3, 4)), [5, 1, 0, 1], [6, 1, 0, 0]]
