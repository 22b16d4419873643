"""Finding: filters with counts, search, order, and all of it in the address."""

from __future__ import annotations

import json
import re

import pytest
from pages import HOSTILE, Pages, look, opened, where
from playwright.sync_api import Page, expect


@pytest.fixture
def found(page: Page, pages: Pages) -> Page:
    opened(page, pages["single"].as_uri())
    return page


def shown(page: Page) -> list[str]:
    """The cases that are left, by id."""
    texts = page.locator("article.case:visible .about").evaluate_all(
        "all => all.map(e => ['h3', '.facts'].map(each => e.querySelector(each).textContent))"
    )
    # A title that is the id stands alone.
    return [facts.partition(" · ")[0] if " · " in facts else title for title, facts in texts]


def chip(page: Page, name: str, value: str) -> tuple[str, str]:
    """What a chip says: its words and the count that it would leave."""
    box = page.locator(f"#find .chip:has([name={name}][value='{value}'])")
    words, _, count = box.inner_text().replace("\n", " ").rpartition(" ")
    return words.strip(), count


def category(page: Page, value: str, name: str = "category") -> str:
    """What the choice of a category says of one, with the count that it would leave."""
    return page.locator(f"#find [name={name}] option[value='{value}']").text_content() or ""


def press(page: Page, name: str, value: str) -> None:
    page.locator(f"#find [name={name}][value='{value}']").click()


def test_all_cases_are_there_at_first(found: Page) -> None:
    assert len(shown(found)) == 5
    assert found.locator("#left").inner_text().split() == ["5", "cases"]


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("category", "portrait", ["ada", "broken"]),
        ("with", "failed", ["broken"]),
        ("with", "missed", ["dress"]),
        ("kind", "opaque", ["dress"]),
    ],
)
def test_filters(found: Page, name: str, value: str, left: list[str]) -> None:
    if name in ("kind", "category"):
        found.locator(f"#find [name={name}]").select_option(value)
    else:
        press(found, name, value)
    assert sorted(shown(found)) == sorted(left)
    assert f"{name}={value}" in where(found)
    address = where(found)
    found.goto("about:blank")
    opened(found, address)
    assert sorted(shown(found)) == sorted(left)
    assert found.locator("section.sheet:visible").count() <= len(left)


def test_chips_together_leave_what_has_all_of_it(found: Page) -> None:
    assert category(found, "portrait") == "Portrait (2)"
    press(found, "with", "failed")
    assert category(found, "portrait") == "Portrait (1)"
    assert category(found, "garment") == "Garment (0)"
    assert category(found, "") == "Any category"
    expect(found.locator("#left")).to_contain_text("1 / 5")
    choice = found.locator("#find [name=category]")
    choice.select_option("portrait")
    assert shown(found) == ["broken"]
    choice.select_option("garment")
    assert shown(found) == []
    assert chip(found, "with", "missed") == ("With misses", "0")
    expect(found.locator("#find .chip.none")).to_have_count(found.locator("#find .chip").count())


def test_each_choice_counts_what_it_would_leave_beside_the_others(found: Page) -> None:
    kinds, categories = (found.locator(f"#find [name={name}]") for name in ("kind", "category"))
    assert category(found, "opaque", "kind").endswith(" (1)")
    kinds.select_option("opaque")
    assert (category(found, "garment"), category(found, "portrait")) == (
        "Garment (1)", "Portrait (0)",
    )  # fmt: skip
    categories.select_option("portrait")
    assert category(found, "opaque", "kind").endswith(" (0)")
    assert category(found, "garment") == "Garment (1)"
    assert chip(found, "with", "missed")[1] == "0"
    categories.select_option("garment")
    assert chip(found, "with", "missed")[1] == "1"


def test_where_nothing_is_left_one_button_clears_the_filters(found: Page) -> None:
    press(found, "with", "failed")
    press(found, "with", "missed")
    assert shown(found) == []
    expect(found.locator("#nothing")).to_be_visible()
    found.locator("#nothing button").click()
    expect(found.locator("#left")).to_contain_text("5 ")
    assert len(shown(found)) == 5
    assert "with" not in where(found)
    expect(found.locator("#find [name=q]")).to_be_focused()
    expect(found.locator("#part")).to_be_empty()  # what paper says where some are left out


def test_search_finds_words_in_both_languages(found: Page) -> None:
    for words, name in (("ada portrait", "ada"), ("<SCRIPT>", "dress"),
                        ("杯", "杯 子#1"), ("onerror", HOSTILE)):  # fmt: skip
        found.locator("#find [name=q]").fill(words)
        assert shown(found) == [name]
    assert "1 of 5" in (found.locator("#part").text_content() or "")
    found.evaluate("window.same = true")
    found.locator("#find [name=q]").press("Enter")
    found.wait_for_timeout(100)
    assert found.evaluate("window.same"), "nothing is sent"


def test_what_an_address_names_and_the_page_does_not_have_is_left_aside(found: Page) -> None:
    address = where(found)
    found.goto("about:blank")
    opened(found, f"{address}#category=nowhere&kind=none&order=-misses&model=nobody")
    assert len(shown(found)) == 5
    for name in ("category", "kind"):
        choice = found.locator(f"#find [name={name}]")
        assert choice.evaluate("e => [e.value, e.selectedIndex]") == ["", 0]
    assert where(found).partition("#")[2] == "order=-misses"
    found.evaluate("link => { location.hash = link; }", "model=grabcut&q=o")  # in no order of its
    expect(found.locator("#find [name=q]")).to_have_value("o")
    assert found.locator(".heads [aria-pressed=true]").count() == 0


def test_order_puts_the_worst_first_says_why_and_goes_back(found: Page) -> None:
    before = shown(found)
    found.locator("#find [name=order]").select_option("-misses")
    assert shown(found)[0] == "dress"
    line = found.locator("article.case .sorted").first
    assert line.inner_text() == "grabcut 1 · By hand 1"
    assert line.get_attribute("title") == "Worst: most misses"
    found.set_viewport_size({"width": 900, "height": 800})
    assert line.inner_text() == "Worst: most misses · grabcut 1 · By hand 1"
    assert found.locator("section.sheet:visible").count() == 0
    found.locator("#find [name=order]").select_option("")
    expect(found.locator("article.case:visible")).to_have_count(len(before))
    assert shown(found) == before
    assert found.locator(".sorted").count() == 0


def test_on_paper_every_row_says_by_what_it_is_where_it_is(page: Page, pages: Pages) -> None:
    """Also those that nobody came near, or that were seen in another order."""
    page.set_viewport_size({"width": 1440, "height": 200})
    page.goto(pages["single"].as_uri())
    for by in ("-seconds", "-disagreement"):
        page.locator("[name=order]").select_option(by)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        titles = page.locator(".sorted").evaluate_all("all => all.map(each => each.title)")
        assert len(titles) > 1
        assert len(set(titles)) == 1


def test_a_models_name_puts_its_own_misses_first(found: Page) -> None:
    head = found.locator(".heads .head[data-model]").nth(1)
    assert head.get_attribute("title") == f"Worst of {head.get_attribute('data-model')} first"
    found.locator(".heads button").nth(1).click()
    assert shown(found)[0] == "dress"
    assert "order=-misses" in where(found)
    assert "model=By" in where(found)
    expect(found.locator(".heads button").nth(1)).to_have_attribute("aria-pressed", "true")
    address = where(found)
    found.goto("about:blank")
    opened(found, address)
    expect(found.locator(".heads button").nth(1)).to_have_attribute("aria-pressed", "true")
    found.locator(".heads button").nth(1).click()
    assert "order" not in where(found)
    expect(found.locator(".heads [aria-pressed=true]")).to_have_count(0)
    choice = found.locator("#find [name=order]")
    choice.select_option("-islands")
    found.locator(".heads button").nth(1).click()
    expect(choice).to_have_value("-islands")
    choice.select_option("-misses")
    expect(found.locator(".heads [aria-pressed=true]")).to_have_count(0)


def test_order_is_by_the_worst_of_all_models_or_by_one_and_what_has_no_value_is_last(
    page: Page, pages: Pages
) -> None:
    address, html = pages["single"].as_uri(), pages["single"].read_text(encoding="utf-8")
    (text,) = re.findall(r'id="facts"[^>]*>([^<]*)<', html)
    facts = json.loads(text)
    values = [[1, None, 5.1239, 2, None], [3, 1234, None, 0, None]]
    facts["values"] |= {"misses": values, "weighted_f": values}
    html = html.replace(text, json.dumps(facts).replace("<", r"\u003c"))
    page.route(address, lambda route: route.fulfill(body=html, content_type="text/html"))
    for order, rows in (
        ("order=-misses", [1, 2, 0, 3, 4]),
        ("order=%2Bweighted_f", [3, 0, 2, 1, 4]),
        ("order=-misses&model=grabcut", [2, 3, 0, 1, 4]),
        ("order=-misses&model=By+hand", [1, 0, 3, 2, 4]),
    ):
        page.goto("about:blank")
        page.goto(f"{address}#{order}")
        found = page.locator("#ranked article")
        expect(found).to_have_count(5)
        assert found.evaluate_all("all => all.map(e => Number(e.dataset.row))") == rows
    page.set_viewport_size({"width": 1280, "height": 3000})
    expect(page.locator("#ranked article .sorted")).to_have_text(
        [
            re.compile(f" · grabcut {one} · By hand {other}$")
            for one, other in (("–", 1234), (1, 3), (2, 0), ("5.12", "–"))
        ]  # of the last there is nothing to say
    )
    page.locator(".heads button").first.click()
    assert found.evaluate_all("all => all.map(e => Number(e.dataset.row))") == [2, 3, 0, 1, 4]


def test_every_measure_of_the_run_can_be_ordered_by(found: Page) -> None:
    values = found.locator("#find [name=order] option").evaluate_all("all => all.map(e => e.value)")
    human = ["", "set", "-misses", "-islands", "-disagreement", "-seconds"]
    assert [value for value in values if value in human] == human[: len(human)]
    assert {"-mad", "+weighted_f"} <= {*values}
    assert len(values) > 10


def test_the_viewer_turns_only_to_what_is_left(found: Page) -> None:
    found.locator("#find [name=category]").select_option("portrait")
    found.locator("[id^=case-portrait-ada] [data-kind=original] a").click()
    assert found.locator("#viewer [data-part=count]").inner_text() == "1 / 1"  # of two, one failed


def test_the_first_screen_says_what_is_wrong_and_leads_there(found: Page) -> None:
    assert "pass" in found.locator("#answer").inner_text()
    rows = found.locator(".by-category .matrix tbody tr")
    assert rows.count() == 2
    worst = found.locator(".findings a").first
    assert worst.bounding_box()["y"] < 800
    assert "solid" in worst.inner_text()
    worst.click()
    expect(found.locator("#viewer")).to_be_visible()
    assert "point=corner" in where(found)


def test_back_closes_the_viewer_and_forward_opens_it(found: Page) -> None:
    press(found, "with", "missed")
    entries = found.evaluate("history.length")
    for link in ("[data-kind=original] a", "h3 a", ".misses a"):
        look(found, found.locator(f"article.case:visible {link}").first)
        assert "with=missed" in where(found), "what is found stays in the address"
        found.keyboard.press("3")
        found.go_back()
        expect(found.locator("#viewer")).to_be_hidden()
        expect(found).to_have_url(re.compile("^(?!.*view=).*with=missed"))
    found.go_forward()
    assert "point=corner" in where(found)
    expect(found.locator("#viewer")).to_be_visible()
    found.keyboard.press("Escape")
    expect(found.locator("#viewer")).to_be_hidden()
    expect(found).to_have_url(re.compile("^(?!.*view=)"))
    assert found.evaluate("history.length") == entries + 1


def test_a_viewer_whose_address_was_opened_leaves_the_page_there(found: Page) -> None:
    found.locator("article.case h3 a").first.click()
    address = where(found)
    found.goto("about:blank")
    opened(found, address)
    expect(found.locator("#viewer")).to_be_visible()
    found.keyboard.press("Escape")
    expect(found.locator("#viewer")).to_be_hidden()
    assert where(found).startswith("file:")
    assert "view=" not in where(found)


def test_a_link_to_a_case_among_what_is_found_leads_there_and_a_reload_stays(found: Page) -> None:
    last = found.locator("article.case").last
    link = f"{where(found)}#case={last.get_attribute('id')}&order=set"
    found.goto("about:blank")
    found.goto(link)
    expect(last).to_be_in_viewport()
    found.locator("#answer").scroll_into_view_if_needed()
    top = found.evaluate("scrollY")
    found.reload()
    expect(found.locator("#answer")).to_be_in_viewport()  # the browser scrolls when it comes to it
    found.wait_for_timeout(200)
    assert found.evaluate("scrollY") == top
    found.goto("about:blank")
    found.goto(f"{link}&with=failed")  # it is none of them
    assert shown(found) == ["broken"]


def test_all_misses_are_all_of_them_and_back_finds_what_was_found(found: Page) -> None:
    search = found.locator("#find [name=q]")
    search.fill("portrait")
    found.locator("a.all").click()
    assert shown(found) == ["dress"]
    assert search.input_value() == ""
    found.go_back()
    expect(search).to_have_value("portrait")
    assert shown(found) == ["ada", "broken"]


@pytest.mark.parametrize("hidden_by", ["order", "category", "with"])
def test_a_category_in_the_table_leads_to_its_rows_whatever_hides_them(
    found: Page, hidden_by: str
) -> None:
    if hidden_by == "with":
        press(found, "with", "failed")
    else:
        choice = found.locator(f"#find [name={hidden_by}]")
        choice.select_option({"order": "-misses", "category": "portrait"}[hidden_by])
    found.add_style_tag(content="main { padding-bottom: 2000px !important }")
    found.locator(".matrix a[href='#category-garment']").first.click()
    expect(found.locator("#category-garment")).to_be_in_viewport()
    bar = found.locator("#bar").bounding_box()
    head = found.locator("#category-garment").bounding_box()
    assert head["y"] == pytest.approx(bar["y"] + bar["height"], abs=12)
    assert "dress" in shown(found)


def test_a_link_to_a_case_of_any_script_keeps_what_is_found(found: Page) -> None:
    choice = found.locator("#find [name=category]")
    choice.select_option("<b>bold")
    row = found.locator("article.case[id*=杯]")
    found.evaluate("id => { location.hash = id; }", row.get_attribute("id"))
    expect(row).to_be_in_viewport()
    expect(choice).to_have_value("<b>bold")


def test_what_is_found_starts_below_the_bar(found: Page) -> None:
    found.add_style_tag(content="main { padding-bottom: 2000px !important }")
    last = found.locator("article.case").last
    for act in (
        lambda: found.locator("#find [name=order]").select_option("set"),
        lambda: found.locator("#find [name=category]").select_option("pet"),
        lambda: found.locator(".heads button").first.click(),
    ):
        last.evaluate("e => e.scrollIntoView()")
        act()
        bar = found.locator("#bar").bounding_box()
        first = found.locator("#ranked:visible, section.sheet:visible").first.bounding_box()
        assert first["y"] == pytest.approx(bar["y"] + bar["height"], abs=2)
        found.locator("#find [name=category]").select_option("")
    found.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    found.wait_for_function("scrollY === 0")
    found.evaluate("location.hash = 'category=pet'")  # a link, from above it too
    found.wait_for_function(
        """() => {
          const { bottom } = document.getElementById('bar').getBoundingClientRect();
          const { top } = document.getElementById('category-pet').getBoundingClientRect();
          return Math.abs(top - bottom) <= 2 && bottom < innerHeight / 2;
        }""",
        timeout=5000,
    )
