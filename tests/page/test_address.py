"""What the address has of what a reader chose: the script alone, in a page of its own."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from rmbg_eval.web import script

PAGE = "http://page.test/report?of=today"


@pytest.fixture
def blank(page: Page) -> Page:
    """A page that a link led to, with the module's `address` as a global name."""
    page.route("**/*", lambda route: route.fulfill(body="<p>", content_type="text/html"))
    page.goto(f"{PAGE}#case-pet-rex")
    begin(page)
    return page


def begin(page: Page) -> None:
    page.add_script_tag(content=script("address") + "const { address } = $address;")  # type: ignore[arg-type]


def state(page: Page) -> list[Any]:
    """The fragment, whether it is in an entry of its own, and of how many."""
    return page.evaluate("[location.hash, Boolean(history.state?.entered), history.length]")


def test_what_is_written_is_read_again_and_what_is_empty_leaves(blank: Page) -> None:
    entries = blank.evaluate("history.length")
    assert blank.evaluate("[address.followed, address.read()]") == [True, {"case": "case-pet-rex"}]
    blank.evaluate("address.write({ q: '杯 &=#+', order: '' })")
    both = {"case": "case-pet-rex", "q": "杯 &=#+"}
    assert blank.evaluate("address.read()") == both
    blank.reload()
    begin(blank)
    assert blank.evaluate("[address.followed, address.read()]") == [False, both]
    blank.evaluate("address.write({ q: '' })")
    assert state(blank) == ["#case-pet-rex", False, entries]
    blank.evaluate("address.write({ case: '' })")
    assert blank.evaluate("location.href") == PAGE
    blank.evaluate("address.write({ q: 'rex' })")
    assert state(blank)[0] == "#q=rex"


def test_what_was_entered_is_left_by_going_back_and_a_link_is_not(blank: Page) -> None:
    entries = blank.evaluate("history.length")
    blank.evaluate("address.leave({ case: 'a' })")
    assert state(blank) == ["#a", False, entries]
    blank.evaluate("address.enter({ view: 'v' }); address.write({ mode: 'm' })")
    assert state(blank) == ["#case=a&view=v&mode=m", True, entries + 1]
    assert blank.evaluate("history.scrollRestoration") == "manual"
    blank.evaluate("address.leave({ view: '', mode: '', case: 'b' })")
    assert state(blank) == ["#b", False, entries + 1]
    assert blank.evaluate("history.scrollRestoration") == "auto"


def test_what_is_chosen_while_the_browser_goes_back_is_in_the_address_then(blank: Page) -> None:
    leave = "address.enter({ view: 'v' }); const left = address.leave({ view: '', case: 'a' });"
    found = blank.evaluate(
        f"""async () => {{
          {leave}
          address.enter({{ review: "1" }});
          address.write({{ q: "rex" }});
          address.writeSoon({{ at: "2" }});
          const going = address.read();
          await left;
          return going;
        }}"""
    )
    assert found == {"case": "a", "view": "", "review": "1", "q": "rex", "at": "2"}
    there = state(blank)
    assert there[:2] == ["#case=a&review=1&q=rex&at=2", True]
    blank.go_back()
    assert state(blank)[:2] == ["#a", False]
    blank.evaluate(
        f"""async () => {{
          {leave}
          address.enter({{ review: "1" }});
          address.leave({{ review: "", case: "b" }});
          await left;
        }}"""
    )
    assert state(blank) == ["#b", False, there[2]]
    blank.go_back()
    assert blank.evaluate("location.href") == "about:blank"


def test_what_may_wait_is_read_at_once_and_not_written_to_another_entry(blank: Page) -> None:
    blank.evaluate("address.enter({ view: 'v' }); address.writeSoon({ at: '1' })")
    blank.evaluate("address.writeSoon({ at: '2' })")
    assert blank.evaluate("address.read().at") == "2"
    assert "at=" not in state(blank)[0]
    blank.wait_for_function("location.hash.includes('at=2')")
    blank.evaluate("address.writeSoon({ at: '3' })")
    assert blank.evaluate("address.read().at") == "3"
    blank.evaluate("history.back()")
    blank.wait_for_function("location.hash == '#case-pet-rex'")
    assert blank.evaluate("address.read()") == {"case": "case-pet-rex"}


def test_what_the_browser_refuses_is_written_with_what_comes_next(blank: Page) -> None:
    found = blank.evaluate(
        """() => {
          const { replaceState } = history;
          history.replaceState = () => { throw new DOMException("too many", "SecurityError"); };
          address.write({ q: "rex" });
          const refused = [location.hash, address.read().q];
          history.replaceState = replaceState;
          address.write({ order: "set" });
          const next = location.hash;
          address.write({ q: "" });
          address.write({ case: "" });
          return [...refused, next, location.hash];
        }"""
    )
    both = "#case=case-pet-rex&q=rex&order=set"
    assert found == ["#case-pet-rex", "rex", both, "#order=set"]
