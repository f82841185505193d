"""The chat in a real browser, at the width of a desk and of a phone. After each test the page must have kept the rules:
no request to another host, no console error, no violation of the policy, no dialog."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product
from typing import TYPE_CHECKING

import pytest

from tests.web_fixtures import Chat

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

FIVE = "What are the five good things?"
LLM = "Is naming disconnection an intervention?"
FIRST_LINE = "Is RCT a first-line treatment for PTSD?"
TABLE = "Show all the SMART objectives"
EVIDENCE = "How strong is the evidence?"
ELSEWHERE = "What is the capital of France?"
HOSTILE = "<img src=http://x.invalid onerror=alert(1)> **bold** `code`\n\n# head\n<script>alert(2)</script> [a](http://b.invalid)"

Open = Callable[..., "Page"]
# What pandas will drop is used by the queue of Gradio, in the thread that serves.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio")
both_widths = pytest.mark.parametrize("width", [1280, 390])


def ask(page: Page, question: str, *, key: str = "Enter") -> Locator:
    """Ask by the keyboard; return the card that answers."""
    turn = page.locator(".question").count() + 1
    page.fill("#question textarea", question)
    page.press("#question textarea", key)
    return answer(page, turn)


def answer(page: Page, turn: int) -> Locator:
    page.wait_for_selector(f"#t{turn}")
    return page.locator(f"#t{turn}")


def is_in_view(page: Page, selector: str) -> bool:
    """Say whether an element can be seen: inside the window, and on top of what else is there."""
    script = """selector => { const box = document.querySelector(selector).getClientRects()[0];
        const top = document.elementFromPoint(box.x + Math.min(box.width / 2, 40), box.y + box.height / 2);
        return top !== null && top.closest(selector) !== null; }"""
    page.wait_for_timeout(100)
    return bool(page.evaluate(script, selector))


def focused(page: Page) -> str:
    """Return the id of what has the focus."""
    return str(page.evaluate("document.activeElement.id"))


@both_widths
def test_every_statement_is_shown_with_its_label(open_chat: Open, chat: Chat, width: int) -> None:
    page = open_chat(width)
    for question in (FIVE, LLM, FIRST_LINE, TABLE, EVIDENCE, ELSEWHERE):
        card = ask(page, question)
        expected = chat.assistant.inner.ask(question)
        citations = [cited for notice in expected.notices for cited in notice.citations]
        citations += [cited for one in expected.statements for cited in (*one.context, *one.citations)]
        assert page.locator(".question").last.inner_text().endswith(question)
        assert card.locator(".lead").inner_text() == expected.message
        shown = [words.removeprefix("Context").strip() for words in card.locator(".words").all_inner_texts()]
        assert shown[: len(citations)] == [one.quote for one in citations]
        assert card.locator("a.cite .label").all_inner_texts()[: len(citations)] == [one.label for one in citations]


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_runs_off_the_side(open_chat: Open, width: int) -> None:
    page = open_chat(width)
    for view in ("ask", "source", "about", "ask"):
        page.click(f"a.view[href='#{view}']")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    ask(page, TABLE)
    ask(page, "x" * 300)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@both_widths
def test_a_citation_opens_the_source_at_its_words(open_chat: Open, chat: Chat, width: int) -> None:
    page = open_chat(width)
    ask(page, EVIDENCE)
    quotes = [one.quote for s in chat.assistant.inner.ask(EVIDENCE).statements for one in (*s.context, *s.citations)]
    for (number, quote), how in product(enumerate(quotes, 1), ("mouse", "Enter", "Space")):
        chip = f"#t1-c{number}"
        if how == "mouse":
            page.click(chip)
        else:
            page.focus(chip)
            page.keyboard.press(how)
        assert page.locator(".cited").all_inner_texts() == [quote]
        assert page.evaluate("document.activeElement.classList.contains('cited')")
        assert page.locator(".pane-title").inner_text() == f"Citation {number} of {len(quotes)}"
        assert is_in_view(page, ".cited")
        assert page.locator(f"{chip}[aria-current=true]").count() == 1
        page.keyboard.press("Escape")
        assert focused(page) == chip[1:]
        assert page.locator(".cited").count() == 0


def test_the_pane_steps_through_the_citations_and_closes(open_chat: Open) -> None:
    page = open_chat()
    ask(page, EVIDENCE)
    last = page.locator("#t1 .number").count()
    page.click("#t1-c1")
    assert page.is_disabled("#pane-previous")
    for number in range(2, last + 1):
        page.click("#pane-next")
        assert page.locator(".pane-title").inner_text() == f"Citation {number} of {last}"
        assert is_in_view(page, ".cited")
    assert page.is_disabled("#pane-next")
    page.click("#pane-previous")
    page.click("#pane-close")
    assert focused(page) == f"t1-c{last - 1}"
    assert page.locator(".pane-title").inner_text() == "Source"
    assert page.is_hidden("#pane-close")


def test_a_row_opens_as_a_whole_and_cell_by_cell(open_chat: Open, chat: Chat) -> None:
    page = open_chat()
    ask(page, TABLE)
    row = chat.assistant.inner.ask(TABLE).statements[1]
    page.click("#t1-c2")
    assert page.locator("tr.cited td").all_inner_texts()[0] == row.citations[0].quote
    for position, citation in enumerate(row.citations, 1):
        page.click(f"#t1-c2-{position}")
        assert page.locator(".cited").all_inner_texts() == [citation.quote]
        assert page.locator(f"#t1-c2-{position} .label").inner_text() == citation.label
        assert page.locator(".pane-title").inner_text() == "Citation 2 of 7"
        assert is_in_view(page, ".cited")
    page.click("#pane-next")
    assert page.locator("tr.cited").count() == 1


def test_on_a_phone_the_source_is_a_sheet_over_the_chat(open_chat: Open) -> None:
    page = open_chat(390)
    ask(page, EVIDENCE)
    assert page.is_hidden("#source-view")
    page.tap("#t1-c2")
    assert is_in_view(page, ".cited")
    assert is_in_view(page, "#t1-c2")
    page.tap("#pane-close")
    assert page.is_hidden("#source-view")
    assert focused(page) == "t1-c2"
    page.tap("#t1-c1")
    page.go_back()
    assert page.is_hidden("#source-view")
    assert page.locator(".question").count() == 1
    page.tap("#t1-c1")
    page.touchscreen.tap(5, 100)
    assert page.is_hidden("#source-view")


def test_a_follow_up_passes_the_earlier_questions_kept_by_the_server(open_chat: Open, chat: Chat) -> None:
    page = open_chat()
    ask(page, FIVE)
    page.evaluate("document.querySelector('#t1-question').textContent = 'forged'")
    ask(page, "and what about the paradox?")
    card = ask(page, EVIDENCE)
    assert chat.assistant.asked == [
        (FIVE, ()),
        ("and what about the paradox?", (FIVE,)),
        (EVIDENCE, (FIVE, "and what about the paradox?")),
    ]
    card.locator("a.cite").first.click()
    assert page.locator(".pane-title").inner_text().startswith("Citation 1 of ")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id).filter(id => id)")
    assert len(ids) == len(set(ids))


def test_two_pages_do_not_share_a_conversation(open_chat: Open, chat: Chat) -> None:
    first, second = open_chat(), open_chat()
    ask(first, FIVE)
    ask(second, EVIDENCE)
    assert chat.assistant.asked == [(FIVE, ()), (EVIDENCE, ())]


def test_a_new_conversation_forgets_the_old_one(open_chat: Open, chat: Chat) -> None:
    page = open_chat()
    ask(page, FIVE)
    page.click("#t1-c1")
    page.click("#new")
    page.wait_for_selector(".welcome")
    assert page.locator(".question").count() == 0
    assert page.locator(".cited").count() == 0
    assert page.is_visible("#examples")
    ask(page, EVIDENCE)
    assert chat.assistant.asked[-1] == (EVIDENCE, ())


@both_widths
def test_an_example_question_is_asked_by_its_button(open_chat: Open, chat: Chat, width: int) -> None:
    page = open_chat(width)
    question = chat.assistant.corpus.documents[0].examples[0]
    page.get_by_role("button", name=question).click()
    answer(page, 1)
    assert chat.assistant.asked == [(question, ())]
    page.wait_for_function("document.activeElement.id === 't1-question'")
    page.keyboard.press("Tab")
    assert focused(page) == "t1-c1"


def test_examples_come_back_after_a_refusal_but_not_when_there_is_danger(open_chat: Open) -> None:
    page = open_chat()
    page.wait_for_selector("#examples button")
    ask(page, FIVE)
    page.wait_for_selector("#examples", state="detached")
    ask(page, ELSEWHERE)
    page.wait_for_selector("#examples")
    assert is_in_view(page, "#examples button")
    ask(page, "I want to kill myself")
    page.wait_for_selector("#examples", state="detached")


def test_a_refused_claim_is_followed_by_questions_on_what_the_text_does_offer(open_chat: Open, chat: Chat) -> None:
    page = open_chat()
    page.wait_for_selector("#examples button")
    ask(page, "Is RCT first-line for PTSD?")
    page.wait_for_selector("#instead button")
    assert page.locator("#examples").count() == 0
    page.get_by_role("button", name=chat.assistant.corpus.documents[0].instead[0]).click()
    answer(page, 2)
    page.wait_for_selector("#instead", state="detached")


@both_widths
def test_hostile_text_stays_what_it_is(open_chat: Open, width: int) -> None:
    page = open_chat(width)
    ask(page, HOSTILE)
    assert page.locator("#t1-question").text_content() == f"You asked: {HOSTILE}"
    assert page.locator("#t1-question :not(.unseen)").count() == 0
    assert page.locator("#conversation img, #conversation script").count() == 0


def test_an_empty_question_gets_a_kind_line(open_chat: Open) -> None:
    page = open_chat()
    assert ask(page, "").locator(".lead").inner_text() == "Please type a question about the text."


def test_the_page_waits_for_one_answer_at_a_time(open_chat: Open, chat: Chat) -> None:
    chat.assistant.delay = 1.0
    page = open_chat()
    page.fill("#question textarea", FIVE)
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#t1-waiting")
    assert page.is_disabled("#send")
    assert page.input_value("#question textarea") == ""
    page.press("#question textarea", "Enter")
    answer(page, 1)
    assert page.is_enabled("#send")
    assert len(chat.assistant.asked) == 1


def test_a_bug_gets_a_card_and_the_conversation_goes_on(open_chat: Open) -> None:
    page = open_chat()
    assert "A fault in this program" in ask(page, "raise a fault").inner_text()
    assert ask(page, FIVE).locator(".words").count() > 0


def test_the_length_of_a_question_is_counted_kindly(open_chat: Open) -> None:
    page = open_chat()
    limit = int(page.locator("meta[name=question-limit]").get_attribute("content") or 0)
    page.fill("#question textarea", "x" * 20)
    assert page.locator(".hint").inner_text() == ""
    page.fill("#question textarea", "x" * (limit - 5))
    assert page.locator(".hint").inner_text() == "5 characters left"
    page.fill("#question textarea", "x" * (limit + 5))
    assert page.locator(".hint").inner_text().startswith("Too long by 5 characters")


@pytest.mark.parametrize("allowed", [True, False])
def test_a_reply_is_copied_as_text(open_chat: Open, chat: Chat, allowed: bool) -> None:
    page = open_chat(permissions=["clipboard-read", "clipboard-write"])
    if not allowed:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    card = ask(page, FIRST_LINE)
    card.get_by_role("button", name="Copy as text").click()
    card.get_by_role("button", name="Copied").wait_for()
    paste = open_chat(permissions=["clipboard-read", "clipboard-write"])
    if allowed:
        assert page.evaluate("navigator.clipboard.readText()") == chat.assistant.inner.ask(FIRST_LINE).text
    paste.close()


@both_widths
def test_the_source_is_a_page_to_read_with_an_outline(open_chat: Open, chat: Chat, width: int) -> None:
    page = open_chat(width)
    page.click("a.view[href='#source']")
    assert page.is_hidden("#ask-view")
    document = chat.assistant.corpus.documents[0]
    if width == 390:
        page.click(".outline summary")
    section = document.sections[-2].title
    page.get_by_role("navigation", name="Sections").get_by_role("link", name=section, exact=True).click()
    assert page.evaluate("document.activeElement.textContent") == section
    assert is_in_view(page, f"[id='{focused(page)}']")
    page.go_back()
    assert page.is_visible("#ask-view")
    page.go_forward()
    assert page.is_visible(".source h2")


def test_the_source_view_keeps_the_mark_of_the_open_citation(open_chat: Open) -> None:
    page = open_chat()
    ask(page, EVIDENCE)
    page.click("#t1-c1")
    page.click("a.view[href='#source']")
    assert is_in_view(page, ".cited")
    page.click("a.view[href='#ask']")
    assert page.locator(".question").count() == 1
    assert is_in_view(page, ".cited")


def test_everything_is_reached_by_keyboard_in_the_order_it_is_read(open_chat: Open) -> None:
    page = open_chat()
    ask(page, FIVE)
    page.click("h1")
    page.keyboard.press("Tab")
    seen = []
    for _ in range(12):
        name = page.evaluate(
            "(e => e.id || e.className.replace(/ ?svelte\\S*/, '') || e.tagName)(document.activeElement)"
        )
        seen.append(name)
        page.keyboard.press("Tab")
    expected = ["view", "view", "view", "t1-c1", "copy", "SUMMARY", "TEXTAREA", "send", "new", "pane-body"]
    assert seen[: len(expected)] == expected


@both_widths
def test_what_has_the_focus_is_never_covered(open_chat: Open, width: int) -> None:
    page = open_chat(width)
    ask(page, TABLE)
    ask(page, EVIDENCE)
    page.focus("#t1-c1")
    for key in ["Tab"] * 25 + ["Shift+Tab"] * 25:
        page.keyboard.press(key)
        covered = page.evaluate("""(() => { const box = document.activeElement.getClientRects()[0];
            const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return document.activeElement.contains(top) ? '' : document.activeElement.outerHTML; })()""")
        assert covered == ""


def test_the_page_is_named_in_words(open_chat: Open, chat: Chat) -> None:
    page = open_chat()
    card = ask(page, EVIDENCE)
    page.click("#t1-c1")
    assert page.locator("h1").count() == 1
    assert page.get_by_role("log", name="Conversation").get_attribute("aria-live") == "polite"
    assert page.get_by_role("textbox", name="Your question").count() == 1
    for name in ("Previous citation", "Next citation", "Close and go back to the citation", "Ask", "New conversation"):
        assert page.get_by_role("button", name=name, exact=True).count() == 1, name
    assert page.get_by_role("region", name="Source").count() == 1
    for name in ("Views", "Sections"):
        assert page.locator(f"nav[aria-label={name}]").count() == 1, name
    assert page.locator("[aria-label*='<']").count() == 0
    assert page.get_by_role("link", name="Citation 1 source 1").count() == 1
    unnamed = page.evaluate("""[...document.querySelectorAll('button, a[href], textarea')].filter(e => e.checkVisibility())
        .filter(e => !(e.innerText || e.getAttribute('aria-label') || '').trim()).map(e => e.outerHTML)""")
    assert unnamed == []
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5')].filter(e => e.checkVisibility()).map(e => +e.tagName[1])"
    )
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    contexts = [cited for one in chat.assistant.inner.ask(EVIDENCE).statements for cited in one.context]
    assert card.locator(".context .kind").all_inner_texts() == ["Context"] * len(contexts)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_wish_for_light_or_dark(open_chat: Open, scheme: str) -> None:
    page = open_chat(scheme=scheme)
    ask(page, FIVE)
    script = "s => getComputedStyle(document.querySelector(s)).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    for selector in ("body", ".card", "#source-view", "#top"):
        brightness = sum(page.evaluate(script, selector)) / 3
        assert brightness > 200 if scheme == "light" else brightness < 60, selector


def test_the_browser_keeps_nothing(open_chat: Open) -> None:
    page = open_chat()
    ask(page, "zebra")
    page.click("a.view[href='#about']")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert "zebra" not in kept
    assert page.context.cookies() == []
    page.reload()
    page.wait_for_selector("a.view[aria-current]")
    assert page.is_visible("#about-view")
    page.click("a.view[href='#ask']")
    assert page.locator(".question").count() == 0
