"""Loading a corpus folder: settings, banks, several documents, and each thing that can be wrong with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rct_assistant.bank import load_bank
from rct_assistant.corpus import Corpus, load_corpus, load_document
from rct_assistant.errors import CorpusError
from tests.conftest import CORPUS, DATA

TEXT = "Heading\nOne sentence.1\nAnother sentence. LLM\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "doc.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "doc.toml").write_text('title = "A doc"\nsource_numbers = [1]\n', encoding="utf-8")
    return tmp_path


def bank_lines(folder: Path, *lines: object) -> Path:
    document = load_document(folder / "doc.txt")
    path = folder / "doc.questions.jsonl"
    first = {"document_sha256": document.sha256}
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in (first, *lines))
    path.write_text(text + "\n", encoding="utf-8")
    return path


def test_the_project_corpus_is_the_source_text_byte_for_byte(corpus: Corpus) -> None:
    assert corpus.hashes == {"rct": "2e9968ea133a1569f2d28bd65cb2d4d5ea5aa5877175c975a55ec10c714311fc"}


def test_the_standing_begins_with_a_sourced_passage_without_an_llm_mark(corpus: Corpus) -> None:
    document = corpus.by_name["rct"]
    first = document.by_id[document.standing[0]].provenance
    assert first.sources
    assert first.llm == "none"
    assert document.by_id[document.not_a_substitute].provenance.llm == "marked"


def test_a_folder_may_hold_several_documents_with_and_without_settings_and_bank(folder: Path) -> None:
    shutil.copy(DATA / "plain.txt", folder)
    loaded = load_corpus(folder)
    assert [(d.name, d.title, d.source_numbers) for d in loaded.documents] == [
        ("doc", "A doc", (1,)),
        ("plain", "plain", ()),
    ]
    assert loaded.banks == {"doc": (), "plain": ()}


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ('titel = "x"', "titel"),
        ("source_numbers = 1", "source_numbers"),
        ('source_numbers = ["1"]', "source_numbers"),
        ("title = ", "not TOML"),
        ('source_numbers = [1]\nstanding = ["heading-9"]', "heading-9"),
        ('source_numbers = [1]\nstanding = ["heading-2", "heading-1"]', "no LLM mark"),
        ('source_numbers = [1]\nnot_a_substitute = "nowhere-1"', "nowhere-1"),
        ("source_numbers = [2]", "found '1' after a sentence"),
    ],
)
def test_settings_that_cannot_be_used_get_one_line(folder: Path, settings: str, part: str) -> None:
    (folder / "doc.toml").write_text(settings, encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        load_corpus(folder)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_or_missing_folder_gets_one_line(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CorpusError, match=r"found no NAME\.txt"):
            load_corpus(place)


def test_a_bank_is_read_in_order(folder: Path) -> None:
    bank_lines(
        folder,
        {"question": "what?", "passages": ["heading-1", "heading-2"]},
        {"question": "how long?", "gap": "the duration"},
        {"question": "hi", "intent": "about"},
        {"question": "and then?", "after": "what?", "passages": ["heading-2"]},
    )
    bank = load_corpus(folder).banks["doc"]
    assert [q.asked for q in bank] == ["what?", "how long?", "hi", "what? and then?"]
    assert [(q.passages, q.gap, q.intent) for q in bank] == [
        (("heading-1", "heading-2"), "", None),
        ((), "the duration", None),
        ((), "", "about"),
        (("heading-2",), "", None),
    ]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("not json", "not JSON"),
        ([1], "expected a JSON object"),
        ({"question": "q"}, "one of 'passages', 'gap', 'intent'"),
        ({"question": "q", "gap": "g", "intent": "about"}, "one of 'passages', 'gap', 'intent'"),
        ({"question": "q", "passages": []}, "no passage"),
        ({"question": "q", "passages": ["heading-7"]}, "heading-7"),
        ({"question": "q", "intent": "rude"}, "rude"),
        ({"question": " ", "gap": "g"}, "no question"),
        ({"question": "q", "gap": " "}, "empty 'gap'"),
        ({"question": "q", "gap": "g", "note": "n"}, "expected 'question'"),
        ({"question": "q", "gap": "g", "after": " "}, "no text under 'after'"),
    ],
)
def test_a_bad_bank_line_is_named(folder: Path, line: object, part: str) -> None:
    path = bank_lines(folder, {"question": "fine", "passages": ["heading-1"]}, line)
    with pytest.raises(CorpusError) as caught:
        load_bank(path, load_document(folder / "doc.txt"))
    assert part in str(caught.value)
    assert str(caught.value).startswith("doc.questions.jsonl:3:")


def test_a_bank_that_is_not_utf_8_is_named(folder: Path) -> None:
    path = bank_lines(folder, {"question": "fine", "passages": ["heading-1"]})
    path.write_bytes(path.read_bytes() + b"\xff")
    with pytest.raises(CorpusError, match=r"doc\.questions\.jsonl: found byte 0xff, expected UTF-8"):
        load_bank(path, load_document(folder / "doc.txt"))


def test_a_bank_of_another_text_is_refused(folder: Path) -> None:
    bank_lines(folder, {"question": "fine", "passages": ["heading-1"]})
    (folder / "doc.txt").write_text(TEXT.replace("One", "Won"), encoding="utf-8")
    with pytest.raises(CorpusError, match="document_sha256"):
        load_corpus(folder)


def test_the_bank_covers_every_passage_and_names_its_gaps(corpus: Corpus) -> None:
    bank = corpus.banks["rct"]
    asked = {name for question in bank for name in question.passages}
    assert asked == set(corpus.by_name["rct"].by_id)
    assert {question.intent for question in bank} == {None, "first_line", "safety", "off_topic", "about"}
    assert len({question.gap for question in bank}) > 150


def test_the_bank_says_nothing_twice(corpus: Corpus) -> None:
    seen = [" ".join(question.asked.lower().split()).strip(" ?!.") for question in corpus.banks["rct"]]
    assert len(seen) == len(set(seen))


def test_the_corpus_files_are_the_documented_ones() -> None:
    expected = ["README.md", "adapter.npz", "rct.questions.jsonl", "rct.toml", "rct.txt"]
    assert sorted(path.name for path in CORPUS.iterdir()) == expected
