"""The real assistant end to end: real text, model, store and bank."""

from __future__ import annotations

from typing import Any

import pytest

from rct_assistant import Answer, Assistant, Refusal, messages
from rct_assistant.corpus import load_corpus
from rct_assistant.document import Document
from rct_assistant.index import Index
from rct_assistant.settings import Settings
from tests.conftest import DATA


def shown(response: Answer | Refusal) -> list[str]:
    return [statement.passage for statement in response.statements]


def reply(assistant: Assistant, question: str, *history: str) -> dict[str, Any]:
    return assistant.ask(question, history).to_json()


def test_the_five_good_things_with_source_4(assistant: Assistant) -> None:
    response = assistant.ask("What are the five good things?")
    assert isinstance(response, Answer)
    text = response.text
    assert all(thing in text for thing in ("connection", "zest", "knowledge", "motivation", "worth"))
    assert {statement.label for statement in response.statements} == {"source 4"}


def test_an_llm_marked_answer_says_so_first(assistant: Assistant) -> None:
    response = assistant.ask("is naming disconnection an intervention?")
    assert isinstance(response, Answer)
    assert shown(response) == ["interventions-techniques-3"]
    assert response.statements[0].label.startswith("LLM-marked")
    assert "LLM-written" in response.text.split("\n")[0]


def test_first_line_is_refused_with_the_standing(assistant: Assistant) -> None:
    response = assistant.ask("Is RCT a first-line treatment for PTSD?")
    assert isinstance(response, Refusal)
    assert response.reason == "first_line"
    assert shown(response)[:3] == ["evidence-base-1", "evidence-base-3", "evidence-base-4"]
    assert [s.label.startswith("LLM-marked") for s in response.statements] == [False, False, True, True]


def test_the_legitimate_rest_of_a_smuggled_question_is_answered_after_the_standing(assistant: Assistant) -> None:
    response = assistant.ask("Since RCT is first-line for depression, what are the five good things?")
    assert isinstance(response, Refusal)
    assert response.reason == "first_line"
    assert shown(response)[0] == "evidence-base-1"
    assert "core-principles-2" in shown(response)[3:]


def test_source_3_is_not_in_the_text(assistant: Assistant) -> None:
    response = reply(assistant, "what does source 3 stand for?")
    assert (response["reason"], response["statements"]) == ("about", [])
    assert "has no list" in response["message"]


@pytest.mark.parametrize(
    "question",
    ["what year was Toward a New Psychology of Women published", "who first came up with relational-cultural theory"],
)
def test_a_plain_fact_is_answered_however_near_the_gaps_are(assistant: Assistant, question: str) -> None:
    assert [statement.passage for statement in assistant.ask(question).statements][:1] == ["creators-lineage-1"]


def test_a_wish_for_sources_is_no_way_around_what_is_not_in_the_text(assistant: Assistant) -> None:
    response = reply(assistant, "how much is JBMTI training, with a source please")
    assert (response["reason"], response["statements"]) == ("not_in_source", [])


def test_off_topic_shows_nothing(assistant: Assistant) -> None:
    response = reply(assistant, "capital of France?")
    assert (response["reason"], response["statements"], response["nearest"]) == ("not_in_source", [], [])


def test_a_near_miss_names_what_the_text_does_not_give(assistant: Assistant) -> None:
    response = reply(assistant, "how many sessions does it take?")
    assert response["reason"] == "not_in_source"
    assert len(response["nearest"]) <= 3
    assert [notice["code"] for notice in response["notices"]] == ["gap"]


@pytest.mark.parametrize("question", ["", "   \n\t", "???", "😀", "\u200b", "<div></div>", "x" * 10_001])
def test_an_unreadable_question_gets_a_kind_line(assistant: Assistant, question: str) -> None:
    response = reply(assistant, question)
    assert response["reason"] == "invalid_question"
    assert response["message"].endswith(".")


def test_all_smart_objectives_are_seven_rows_whose_goals_have_no_number(assistant: Assistant) -> None:
    response = reply(assistant, "all SMART objectives")
    assert len(response["statements"]) == 7
    for statement in response["statements"]:
        goal, objective, mechanism = statement["citations"]
        assert goal["label"] == objective["label"] == "no source given"
        assert goal["provenance"]["sources"] == objective["provenance"]["sources"] == []
        assert mechanism["label"] in ("source 3", "source 4")


@pytest.mark.parametrize(
    ("question", "section", "count"),
    [
        ("list all the misconceptions", "Common Misconceptions", 4),
        ("show me all the supervision questions", "Reflective / Supervision Questions", 5),
        ("list the key terms", "Key Terms", 6),
    ],
)
def test_a_question_for_a_list_gets_the_whole_list(
    assistant: Assistant, question: str, section: str, count: int
) -> None:
    statements = reply(assistant, question)["statements"]
    assert [s["citations"][0]["section"] for s in statements] == [section] * count


def test_danger_wins_over_everything_and_gets_no_technique(assistant: Assistant) -> None:
    for question in (
        "she says she will kill herself tonight",
        "is RCT first-line for my client who plans to kill himself tonight?",
        "what are the five good things, he took all his pills",
    ):
        response = assistant.ask(question)
        assert isinstance(response, Refusal)
        assert response.reason == "safety"
        assert shown(response) == ["contraindications-cautions-cultural-humility-4"]


def test_a_follow_up_to_danger_stays_with_danger(assistant: Assistant) -> None:
    response = reply(assistant, "which repair could I try with her?", "she says she will kill herself tonight")
    assert response["reason"] == "safety"


@pytest.mark.parametrize(
    "question",
    ["hello", "thanks!", "what can you do?", "remove the labels please", "was ist die Theorie und wie hilft sie?"],
)
def test_questions_about_the_assistant_get_fixed_sentences(assistant: Assistant, question: str) -> None:
    response = reply(assistant, question)
    assert (response["reason"], response["statements"]) == ("about", [])


def test_two_passages_that_say_the_same_are_not_both_shown(assistant: Assistant) -> None:
    assert len(reply(assistant, "what is condemned isolation?")["statements"]) == 1


def test_the_illustrative_example_is_shown_whole(assistant: Assistant) -> None:
    ids = shown(assistant.ask("can you give me an example of the paradox with a client?"))
    assert ("interventions-techniques-7" in ids) == ("interventions-techniques-8" in ids) is True


def test_statements_stand_in_the_order_of_the_text(assistant: Assistant) -> None:
    for question in ("list the key terms", "what cautions are there?", "who founded it and where can I train?"):
        response = assistant.ask(question)
        positions = [assistant.corpus.documents[0].positions[name] for name in shown(response)]
        assert positions == sorted(positions)
        assert len(positions) > 1


@pytest.mark.parametrize(
    "question",
    [
        "What is mutual empathy?",
        "Who coined condemned isolation?",
        "What are the cautions?",
        "Is it taught as a protocol?",
        "Which goals suit shame?",
    ],
)
def test_case_closing_marks_quotes_and_blanks_change_nothing(assistant: Assistant, question: str) -> None:
    def ranked(text: str) -> object:
        response = assistant.ask(text, trace=True)
        assert response.trace is not None
        return response.trace["ranked"], shown(response), response.message

    expected = ranked(question)
    for variant in (
        question.rstrip("?"),
        question.lower(),
        question.upper(),
        f"  {question} ",
        question.replace(" ", "  "),
        question + "??",
    ):
        assert ranked(variant) == expected


def test_the_same_question_twice_gets_the_same_reply(assistant: Assistant) -> None:
    first, second = (assistant.ask("how is shame handled?", ["what is RCT?"]).to_json() for _ in range(2))
    del first["seconds"], second["seconds"]
    assert first == second


def test_a_follow_up_is_understood_from_the_earlier_question_and_says_so(assistant: Assistant) -> None:
    response = reply(assistant, "and who else was in it?", "who convened the theory group?")
    assert [s["citations"][0]["passage"] for s in response["statements"]] == ["creators-lineage-2"]
    assert [notice["code"] for notice in response["notices"]] == ["understood_as"]


def test_a_new_topic_inherits_nothing(assistant: Assistant) -> None:
    alone = assistant.ask("what is mutual empathy?")
    after = assistant.ask("what is mutual empathy?", ["who wrote the 1976 book?"])
    assert shown(alone) == shown(after)
    assert after.standalone_question == "what is mutual empathy?"


def test_provenance_of_what_was_shown_is_answered_with_the_passage_and_its_label(assistant: Assistant) -> None:
    response = assistant.ask("is that sourced or LLM-generated?", ["is naming disconnection an intervention?"])
    assert shown(response) == ["interventions-techniques-3"]
    assert response.statements[0].label.startswith("LLM-marked")


def test_a_filter_by_source_keeps_exactly_the_passages_with_it(assistant: Assistant) -> None:
    response = assistant.ask("which key terms are from source 4")
    assert shown(response) == ["key-terms-1", "key-terms-2"]


def test_a_source_that_the_text_does_not_have_has_no_passages(assistant: Assistant) -> None:
    response = assistant.ask("passages citing source 5")
    assert isinstance(response, Refusal)
    assert (response.reason, response.nearest) == ("not_in_source", ())
    assert isinstance(assistant.ask("client with a 9 on the PHQ-9, which goal for low mood"), Answer)


def test_what_no_source_is_given_for_is_listed_and_not_explained(assistant: Assistant) -> None:
    response = assistant.ask("the sentence with no source given")
    assert isinstance(response, Answer)
    assert "core-principles-4" in shown(response)
    assert all(not statement.provenance.sources for statement in response.statements)


def test_no_word_of_the_user_enters_message_or_text(assistant: Assistant) -> None:
    for question in (
        "is Zanthorpe Quillfeather first-line with RCT?",
        "my client Zanthorpe Quillfeather, dob 1/2/1990, feels shame",
        "zanthorpe quillfeather?",
    ):
        response = assistant.ask(question, ["tell me about Zanthorpe"])
        for text in (response.message, response.text, *(notice.text for notice in response.notices)):
            assert "zanthorpe" not in text.lower()
            assert "quillfeather" not in text.lower()


def test_personal_details_get_a_notice(assistant: Assistant) -> None:
    codes = [
        notice.code for notice in assistant.ask("my client Mrs Smith, dob 01/02/1990, feels shame, any goal?").notices
    ]
    assert "personal_details" in codes


def test_the_retriever_carries_the_provenance_into_other_chains(assistant: Assistant) -> None:
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import RunnableLambda

    retriever = assistant.as_retriever(k=3)
    assert isinstance(retriever, BaseRetriever)
    documents = (retriever | RunnableLambda(lambda found: found)).invoke("Is naming disconnection an intervention?")
    assert len(documents) == 3
    metadata = documents[0].metadata
    assert (metadata["passage"], metadata["llm"], metadata["sources"]) == ("interventions-techniques-3", "marked", [])
    assert metadata["label"].startswith("LLM-marked")
    text = assistant.corpus.documents[0].text
    assert all(text[d.metadata["start"] : d.metadata["end"]] == d.page_content for d in documents)
    assert [d.metadata["score"] for d in documents] == sorted((d.metadata["score"] for d in documents), reverse=True)


def test_documents_without_a_bank_and_without_marks_work(
    assistant: Assistant, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("others")
    (place / "corpus").mkdir()
    for name in ("garden", "plain"):
        (place / "corpus" / f"{name}.txt").write_bytes((DATA / f"{name}.txt").read_bytes())
    (place / "corpus" / "garden.toml").write_text("source_numbers = [11, 12, 27]", encoding="utf-8")
    others = Assistant.open(Settings(corpus=place / "corpus", data=place / "data"))
    response = others.ask("How should a lost plant be replaced?")
    assert isinstance(response, Answer)
    assert response.statements[0].citations[0].document == "garden"
    assert "LLM-marked" in response.statements[0].label
    assert sorted(response.documents) == ["garden", "plain"]
    follow_up = others.ask("is that sourced?", ["How should a lost plant be replaced?"])
    assert shown(follow_up) == shown(response)
    off = others.ask("what is the capital of France?")
    assert isinstance(off, Refusal)
    assert off.reason == "not_in_source"


def test_a_corpus_and_its_index_are_all_an_assistant_needs(assistant: Assistant) -> None:
    index: Index = assistant.index
    again = Assistant(load_corpus(Settings().corpus), index)
    assert again.ask("zest?").to_json()["kind"] == "answer"


def test_danger_in_one_sentence_of_a_long_text_outweighs_the_rest(assistant: Assistant) -> None:
    notes = "We met on Tuesday and talked about the five good things and what they mean for her at work. " * 8
    response = assistant.ask(f"{notes} She said she will kill herself tonight. {notes} What are the five good things?")
    assert isinstance(response, Refusal)
    assert response.reason == "safety"


@pytest.mark.parametrize("history", [[], ["rows in the plan w/o 8 wks"]])
def test_one_of_two_questions_is_answered_and_the_other_named_as_missing(
    assistant: Assistant, history: list[str]
) -> None:
    response = assistant.ask("what does mutual empathy mean, and which billing code do I put down for it?", history)
    assert isinstance(response, Answer)
    assert {statement.passage for statement in response.statements} & {"key-terms-6", "core-principles-8"}
    assert any("second part" in notice.text for notice in response.notices)


def test_an_item_named_by_its_words_claims_no_standing(assistant: Assistant) -> None:
    response = assistant.ask("the one about survivors, say that again", ["cautions when using this model?"])
    assert shown(response) == ["contraindications-cautions-cultural-humility-2"]


def test_an_item_that_is_pointed_at_claims_no_standing(assistant: Assistant) -> None:
    response = reply(assistant, "next one please", "what's the objective for the paradox")
    shown = [statement["citations"][0]["passage"] for statement in response["statements"]]
    assert shown == ["treatment-plan-suggestions-smart-objectives-3"]
    assert [notice["code"] for notice in response["notices"]] == ["understood_as"]


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("the fee of the course", "The text does not give the fee of the course."),
        ("who coined the term", "The text does not say who coined the term."),
        ("whole-brain findings", "The text does not give whole-brain findings."),
    ],
)
def test_what_is_missing_is_named_in_words_that_fit(rct: Document, topic: str, text: str) -> None:
    assert messages.notice("gap", rct, topic=topic) == text
