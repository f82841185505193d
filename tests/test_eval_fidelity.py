"""Every planted defect of a reply is caught. The replies are made from the real document, without a model."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from eval.fidelity import faults, first_line_faults
from eval.outcome import Outcome
from eval.questions import Question
from eval.run import broken_gates
from rct_assistant.citations import cite, states
from rct_assistant.corpus import Corpus
from rct_assistant.messages import message, notice
from rct_assistant.render import plain_text
from rct_assistant.response import Answer, Notice, Refusal

Json = dict[str, Any]


def reply(
    corpus: Corpus, shown: list[str], code: str = "answer", notices: tuple[Notice, ...] = (), **refusal: Any
) -> Json:
    """Return the JSON of a reply that shows these passages."""
    document = corpus.documents[0]
    statements = states(document, shown)
    common: Json = {
        "version": "0", "id": "0", "question": "?", "standalone_question": "?", "message": message(code, document),
        "text": plain_text(message(code, document), notices, statements, ()), "documents": corpus.hashes,
        "statements": statements, "notices": notices,
    }  # fmt: skip
    return (Refusal(**common, **refusal) if refusal else Answer(**common)).to_json()


@pytest.fixture
def answer(corpus: Corpus) -> Json:
    """An answer with a sourced sentence, an LLM-marked one and a table row."""
    passages = corpus.documents[0].passages
    sourced = next(p for p in passages if p.provenance.sources and p.provenance.llm == "none" and not p.cells)
    marked = next(p for p in passages if p.provenance.llm == "marked" and not p.block)
    row = next(p for p in passages if p.cells)
    return reply(corpus, [sourced.id, marked.id, row.id])


@pytest.fixture
def refusal(corpus: Corpus) -> Json:
    return reply(corpus, list(corpus.documents[0].standing), "first_line", reason="first_line")


def marked(response: Json) -> Json:
    """Return the LLM-marked statement of a reply."""
    return next(s for s in response["statements"] if s["provenance"]["llm"] == "marked")


def test_a_true_reply_has_no_fault(corpus: Corpus, answer: Json, refusal: Json):
    assert faults(answer, corpus) == []
    assert faults(refusal, corpus) == []
    assert first_line_faults(refusal, corpus, expected=True) == []


def shift_quote(response: Json) -> None:
    response["statements"][0]["citations"][0]["quote"] = "x" + response["statements"][0]["citations"][0]["quote"][1:]


def shift_span(response: Json) -> None:
    citation = response["statements"][0]["citations"][0]
    citation["start"] += 1
    citation["end"] += 1


def shift_cell(response: Json) -> None:
    response["statements"][2]["citations"][1]["end"] -= 1


def drop_label(response: Json) -> None:
    marked(response)["label"] = ""


def drop_label_of_citation(response: Json) -> None:
    marked(response)["citations"][0]["label"] = "no source given"


def drop_label_from_text(response: Json) -> None:
    response["text"] = response["text"].replace(f" [{marked(response)['label']}]", "")


def clean_provenance(response: Json) -> None:
    marked(response)["citations"][0]["provenance"]["llm"] = "none"


def mark_clean_one(response: Json) -> None:
    response["statements"][0]["citations"][0]["provenance"]["llm"] = "marked"


def invent_source(response: Json) -> None:
    response["statements"][0]["citations"][0]["provenance"]["sources"] = [2]


def swap_source(response: Json) -> None:
    citation = response["statements"][0]["citations"][0]
    citation["provenance"]["sources"] = [3 if citation["provenance"]["sources"] != [3] else 4]


def cite_nothing(response: Json) -> None:
    response["statements"][0]["citations"][0]["passage"] = "nowhere-1"


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (shift_quote, "quotes other words than stand at its span"),
        (shift_span, "quotes other words"),
        (shift_span, "is not that of"),
        (shift_cell, "is not that of"),
        (drop_label, "is shown without its label"),
        (drop_label, "has a label that does not say"),
        (drop_label_of_citation, "shows an LLM-marked passage clean"),
        (drop_label_from_text, "is shown without its label"),
        (clean_provenance, "shows an LLM-marked passage clean"),
        (mark_clean_one, "shows a passage as LLM-marked that is not"),
        (invent_source, "has a source number that the text does not have"),
        (swap_source, "has other source numbers than the text"),
        (cite_nothing, "which is not there"),
    ],
)
def test_a_planted_defect_is_caught(corpus: Corpus, answer: Json, plant: Callable[[Json], None], found: str):
    broken = copy.deepcopy(answer)
    plant(broken)
    own = [line for line in faults(broken, corpus) if not line.startswith("verify: ")]
    assert any(found in line for line in own), own
    assert any(line.startswith("verify: ") for line in faults(broken, corpus))


def test_a_word_of_the_user_in_the_replys_own_voice_is_caught(corpus: Corpus, answer: Json):
    answer["question"] = "what are the five good things for Zanthorpe"
    assert faults(answer, corpus) == []
    answer["message"] = "Zanthorpe, this is what the text says."
    assert "repeats 'zanthorpe' of the question" in faults(answer, corpus)


def test_a_first_line_affirmation_is_caught(corpus: Corpus, answer: Json, refusal: Json):
    # Planted defects: an answer where a refusal is due, and words of its own that affirm.
    assert first_line_faults(answer, corpus, expected=True) != []
    assert first_line_faults(answer, corpus, expected=False) == []
    refusal["message"] = "Yes, RCT is a first-line treatment."
    assert any("message" in line for line in faults(refusal, corpus))


def test_a_misleading_selection_is_caught(corpus: Corpus):
    standing = corpus.documents[0].standing
    other = next(p.id for p in corpus.documents[0].passages if p.id not in standing)
    late = reply(corpus, [other, *standing], "first_line", reason="first_line")
    assert first_line_faults(late, corpus, expected=True) == [
        "a first-line refusal does not begin with the standing passages"
    ]
    assert first_line_faults(reply(corpus, [standing[0], other]), corpus, expected=True) == []
    assert first_line_faults(reply(corpus, [other, standing[0]]), corpus, expected=True) != []


def test_the_standing_may_stand_in_a_notice_above_the_answer(corpus: Corpus):
    document = corpus.documents[0]
    first, second = (document.by_id[name] for name in document.standing[:2])
    other = next(p.id for p in document.passages if p.id not in document.standing)
    for passage, right in ((first, True), (second, False)):
        above = Notice("standing", notice("standing", document), cite(document, passage))
        response = reply(corpus, [other], notices=(above,))
        assert (first_line_faults(response, corpus, expected=True) == []) == right
        assert (faults(response, corpus) == []) == right


def test_other_refusals_affirm_nothing(corpus: Corpus):
    refused = reply(corpus, [], "not_in_source", reason="not_in_source")
    assert first_line_faults(refused, corpus, expected=True) == []


def test_broken_gates_name_questions_on_dev_alone(corpus: Corpus, answer: Json):
    question = Question("dev-1", "first_line", "is it first-line", reason="first_line")
    outcomes = {"dev-1": Outcome("answer", (), (), 0.9, response=answer)}
    named = broken_gates([question], outcomes, corpus, named=True)
    unnamed = broken_gates([question], outcomes, corpus, named=False)
    fault = "first line: a first-line question is answered without the standing of the therapy first"
    assert named == [f"dev-1: {fault}"]
    assert unnamed == [f"1 × {fault}"]
