"""The HTML of the page: everything escaped, every statement labelled, every passage at its own address."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rct_assistant.citations import cite, states
from rct_assistant.corpus import Corpus, load_corpus
from rct_assistant.document import Document
from rct_assistant.response import Answer, Notice, Response
from rct_assistant.web.about import about_html, header_html, welcome_html
from rct_assistant.web.answer import answer_html, fault_html, question_html, waiting_html
from rct_assistant.web.labels import anchor, html, label_html, legend_html
from rct_assistant.web.source import outline_html, source_html
from rct_assistant.web.turns import messages
from tests.web_fixtures import REPLIES, FakeAssistant

WEB = Path(__file__).parent.parent / "rct_assistant" / "web"
HOSTILE = '<img src=http://x onerror=alert(1)>\n\n# head\n- **bold** `code` [link](http://x) $$x$$ & &amp; "quoted" \'s'
QUESTIONS = [*REPLIES, "how many sessions", ""]


class Page(HTMLParser):
    """Collects the elements of a piece of HTML, each with its attributes and the text inside it."""

    VOID = frozenset({"br", "hr", "img", "meta", "link", "input"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[int] = []
        self.feed(source)
        self.close()
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))
        if tag not in self.VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for position in self.open:
            self.elements[position][2].append(data)

    def texts(self, name: str) -> list[str]:
        """Return the text of every element of a class."""
        return ["".join(text) for _, attributes, text in self.elements if name in attributes.get("class", "").split()]

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes, _ in self.elements if "id" in attributes]

    def hrefs(self) -> list[str]:
        return [attributes["href"] for _, attributes, _ in self.elements if "href" in attributes]

    def by_id(self, name: str) -> str:
        return next("".join(text) for _, attributes, text in self.elements if attributes.get("id") == name)


@pytest.fixture(scope="module")
def fake() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture(scope="module", params=["rct", "garden", "plain", "all"])
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Return the real document, those of the tests, and all of them together."""
    root = Path(__file__).parent
    folder = tmp_path_factory.mktemp("corpus")
    for path in [*(root.parent / "corpus").glob("*.t*"), *(root / "data").glob("*.t*")]:
        if request.param in (path.stem, "all"):
            (folder / path.name).write_bytes(path.read_bytes())
    if request.param in ("garden", "all"):
        settings = 'title = "Rain <i>Gardens</i>"\nsource_numbers = [11, 12, 27]\n'
        (folder / "garden.toml").write_text(settings, encoding="utf-8")
    return load_corpus(folder)


def everything(document: Document) -> Response:
    """Return an answer that shows every passage, and a notice that cites the first."""
    notices = (Notice("note", "A fixed sentence.", cite(document, document.passages[0])),)
    statements = states(document, list(document.by_id))
    return Answer("v", "id", "q", "q", "Said.", "text", {}, statements=statements, notices=notices)


def test_hostile_text_is_escaped_to_one_line() -> None:
    escaped = html(HOSTILE)
    assert not set("<>\"'\n") & set(escaped)
    assert Page(f"<p>{escaped}</p>").elements[0][2] == [HOSTILE]


@pytest.mark.parametrize("question", [HOSTILE, "", "  ", "a\r\nb", "\x00", "’", "\u2028", "x" * 20_000])
def test_a_question_is_shown_letter_for_letter(question: str) -> None:
    shown = question_html(question, 3)
    assert "\n" not in shown
    page = Page(shown)
    assert [tag for tag, _, _ in page.elements if tag not in ("h2", "span")] == []
    if question.strip():
        assert page.texts("question") == ["You asked: " + question]


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    assert "a?b" in messages((), "a\ud800b")[0]["content"]


def test_a_hostile_document_is_escaped(tmp_path: Path) -> None:
    text = "Heading <b>one</b>\nA <script>alert(1)</script> & more.4\n- <img src=http://x onerror=alert(1)> item.4\n"
    (tmp_path / "bad name\"'<.txt").write_text(text, encoding="utf-8")
    (tmp_path / "bad name\"'<.toml").write_text('title = "<i>T</i>"\nsource_numbers = [4]\n', encoding="utf-8")
    corpus = load_corpus(tmp_path)
    shown = [source_html(corpus), outline_html(corpus), header_html(corpus), welcome_html(corpus), about_html(corpus)]
    shown.append(answer_html(everything(corpus.documents[0]), corpus, 1))
    for part in shown:
        tags = {tag for tag, _, _ in Page(part).elements}
        assert not tags & {"script", "img", "b", "i"}
        assert not re.search(r"""(?:src|onerror)=["']""", part)


def test_every_statement_of_every_reply_is_shown_with_its_label(fake: FakeAssistant) -> None:
    for question in QUESTIONS:
        response = fake.ask(question)
        page = Page(answer_html(response, fake.corpus, 1))
        shown = [*response.statements, *getattr(response, "nearest", ())]
        citations = [cited for notice in response.notices for cited in notice.citations]
        citations += [cited for statement in shown for cited in (*statement.context, *statement.citations)]
        assert page.texts("lead") == [response.message]
        assert [words.removeprefix("Context ") for words in page.texts("words")] == [one.quote for one in citations]
        labels = page.texts("label")
        assert labels[: len(citations)] == [one.label for one in citations]
        assert page.texts("reply") == [response.text]
        for notice in response.notices:
            assert notice.text in page.texts("notice")[0]


def test_citations_are_numbered_from_one_in_the_order_shown(fake: FakeAssistant) -> None:
    for question in QUESTIONS:
        numbers = Page(answer_html(fake.ask(question), fake.corpus, 1)).texts("number")
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


def test_ids_are_unique_over_a_conversation_and_beside_the_source(fake: FakeAssistant) -> None:
    cards = [answer_html(fake.ask(question), fake.corpus, turn) for turn, question in enumerate(QUESTIONS, 1)]
    cards += [question_html(question, turn) for turn, question in enumerate(QUESTIONS, 1)]
    cards += [waiting_html(90), question_html("q", 90), fault_html(91), source_html(fake.corpus)]
    ids = Page("".join(cards)).ids()
    assert len(ids) == len(set(ids)) > 100


def test_rows_are_one_table_with_a_label_for_each_cell(fake: FakeAssistant) -> None:
    response = fake.ask("objectives")
    page = Page(answer_html(response, fake.corpus, 1))
    tags = [tag for tag, _, _ in page.elements]
    assert tags.count("table") == 1
    assert tags.count("tr") == 1 + len(response.statements)
    assert page.texts("label")[:3] == ["no source given", "no source given", "source 3"]
    assert len(page.texts("number")) == len(response.statements)


def test_rows_and_sentences_of_one_section_stand_under_one_heading(fake: FakeAssistant) -> None:
    page = Page(answer_html(fake.ask("everything"), fake.corpus, 1))
    sections = page.texts("section")
    assert len(sections) == len(set(sections))


def test_what_is_near_stands_under_a_heading_that_says_so(fake: FakeAssistant) -> None:
    shown = answer_html(fake.ask("how many sessions"), fake.corpus, 1)
    heading = shown.index("no answer. The nearest passages")
    assert shown.index('class="words"') > heading
    assert "nearest" not in answer_html(fake.ask("capital of France"), fake.corpus, 1)


def test_only_danger_is_red(fake: FakeAssistant) -> None:
    classes = {question: Page(answer_html(fake.ask(question), fake.corpus, 1)).elements[0][1] for question in QUESTIONS}
    assert classes["kill"]["class"] == "card refusal safety"
    assert [question for question, found in classes.items() if "safety" in found["class"]] == ["kill"]
    uses = re.findall(r"([^{}]+)\{[^}]*var\(--danger", "".join(path.read_text() for path in WEB.glob("*.css")))
    assert {use.strip() for use in uses} == {".card.refusal.safety"}


def test_an_answer_of_llm_marked_statements_only_stands_out(fake: FakeAssistant) -> None:
    assert "all-llm" in answer_html(fake.ask("naming disconnection"), fake.corpus, 1)
    assert "all-llm" not in answer_html(fake.ask("how strong"), fake.corpus, 1)


def test_every_citation_leads_to_its_words_in_the_source(corpus: Corpus) -> None:
    source = Page(source_html(corpus))
    ids = set(source.ids())
    for document in corpus.documents:
        hrefs = Page(answer_html(everything(document), corpus, 1)).hrefs()
        assert len(hrefs) >= len(document.passages)
        assert {href.removeprefix("#") for href in hrefs} <= ids
        for passage in document.passages:
            for citation in cite(document, passage):
                assert source.by_id(anchor(corpus, document.name, citation.span)) == citation.quote


def test_the_source_has_every_character_but_those_that_make_lines_and_tables(corpus: Corpus) -> None:
    page = Page(source_html(corpus))
    for document, shown in zip(corpus.documents, page.texts("document"), strict=True):
        for note in page.texts("note"):
            shown = shown.replace(note, "")
        expected = document.title + "".join(
            document.quote(piece.span) for piece in document.pieces if piece.kind != "markup"
        )
        assert re.sub(r"[\s|]", "", shown) == re.sub(r"[\s|]", "", expected)


def test_the_source_marks_what_the_text_marks(corpus: Corpus) -> None:
    page = Page(source_html(corpus))
    passages = [passage for document in corpus.documents for passage in document.passages if not passage.cells]
    for name, llm in (("llm", "marked"), ("unclear", "unclear")):
        expected = [passage.text for passage in passages if passage.provenance.llm == llm]
        assert [text for text in page.texts(name) if text in expected] == expected
    marks = "".join(page.texts("mark"))
    assert marks.count("LLM") == sum(
        len(re.findall(r"\bLLM\b(?!-marked)", document.text)) for document in corpus.documents
    )


def test_the_outline_leads_to_every_section(corpus: Corpus) -> None:
    ids = set(Page(source_html(corpus)).ids())
    outline = Page(outline_html(corpus))
    assert {href.removeprefix("#") for href in outline.hrefs()} <= ids
    titles = [section.title for document in corpus.documents for section in document.sections]
    shown = ["".join(text) for tag, _, text in outline.elements if tag == "a"]
    assert shown == [title for title in titles if title in shown] != []


def test_the_legend_explains_every_sort_of_label_the_documents_have(corpus: Corpus) -> None:
    legend = legend_html(corpus)
    for document in corpus.documents:
        for passage in document.passages:
            for citation in cite(document, passage):
                sort = re.search(r'class="(label \w+)"', label_html("", citation.provenance))
                assert sort
                assert sort[1] in legend


def test_no_part_of_the_page_breaks_into_lines(fake: FakeAssistant) -> None:
    parts = [source_html(fake.corpus), about_html(fake.corpus), header_html(fake.corpus), welcome_html(fake.corpus)]
    parts += [answer_html(fake.ask(question), fake.corpus, 1) for question in QUESTIONS]
    assert not [part for part in parts if "\n" in part]


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(scheme: str) -> None:
    light, dark = (WEB / "page.css").read_text().split("@media (prefers-color-scheme: dark)")[:2]
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", light if scheme == "light" else dark.split("\n}\n")[0]))
    backgrounds = ["paper", "wash", "accent-wash", "llm-wash", "calm-wash", "danger-wash"]
    pairs = [(ink, behind) for ink in ("ink", "soft") for behind in [*backgrounds, "mark"][: 7 if ink == "ink" else 6]]
    pairs += [("accent", behind) for behind in ("paper", "wash", "accent-wash", "calm-wash", "danger-wash")]
    pairs += [("llm", behind) for behind in ("paper", "llm-wash", "calm-wash", "danger-wash", "mark")]
    for ink, behind in [*pairs, ("paper", "accent")]:
        bright, dim = sorted((_luminance(colours[ink]), _luminance(colours[behind])), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, f"{ink} on {behind}"
