"""The one way from a question to a reply. Every step meets here, and nothing is shown that did not come out of `ask`.

question (+ earlier questions) → standalone question → retrieve → policy → answerable? → extract → verify → policy on the reply
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from rct_assistant.citations import states
from rct_assistant.conversation import (
    MOST_EARLIER,
    Standalone,
    Turn,
    is_dependent,
    means_same_person,
    resolve,
    substitutes,
)
from rct_assistant.corpus import Corpus, load_corpus
from rct_assistant.decision import Decision, trace_of, turn_of
from rct_assistant.document import Document
from rct_assistant.extract import names_place, nearest, select, select_by_provenance, tidy, topic_of
from rct_assistant.filters import compares, provenance_filter, without_provenance
from rct_assistant.fit import ANSWERABLE
from rct_assistant.hashes import hash_of
from rct_assistant.index import Index, open_index
from rct_assistant.messages import message
from rct_assistant.notices import notices_for
from rct_assistant.parts import Missing, asks, best_of_each, missing, split, split_questions
from rct_assistant.policy import (
    LONGEST,
    Verdict,
    check_form,
    check_reply,
    is_doubtful,
    judge,
    judge_follow_up,
    judge_pointing,
    says_settled,
    without_claims,
)
from rct_assistant.query import readable
from rct_assistant.render import plain_text
from rct_assistant.response import Answer, Notice, Reason, Refusal, Response
from rct_assistant.retrieve import PassageRetriever, Ranking
from rct_assistant.rules import after_switch, presses, without_disclaimers
from rct_assistant.search import Search
from rct_assistant.settings import Settings, load_settings
from rct_assistant.verify import verify

# Chosen on the development questions (see eval).
REST_ANSWERABLE = 0.60
STANDS_ALONE = 0.60
SURELY_GAP = 0.85  # from here on a follow-up after a refusal asks for something else that is not in the text
VERSION = importlib.metadata.version("rct-assistant")


def _nobody(*_: object) -> None:
    """Tell nobody: progress and lines are for those who ask for them."""


class Assistant:
    """Answers questions about the documents of a corpus. Holds the index; every call stands on its own."""

    def __init__(self, corpus: Corpus, index: Index) -> None:
        self.corpus = corpus
        self.index = index
        self._search = Search(corpus, index)

    @staticmethod
    def open(
        settings: Settings | None = None,
        *,
        progress: Callable[[str, int, int], None] = _nobody,
        say: Callable[[str], None] = _nobody,
    ) -> Assistant:
        """Load the corpus and open its index, building it if needed.

        Args:
            settings: where things stand; from the environment if not given.
            progress: told the stage, how many entries are done and how many there are.
            say: told single lines that a person should read.

        Raises:
            AssistantError: the corpus, the model or the index cannot be used.
        """
        settings = settings or load_settings()
        corpus = load_corpus(settings.corpus)
        return Assistant(corpus, open_index(corpus, settings, progress=progress, say=say))

    def ask(self, question: str, history: Sequence[str] = (), *, trace: bool = False) -> Response:
        """Answer a question or refuse it; `history` is the earlier questions, oldest first, of which the last ten count.

        Raises:
            VerificationError: the reply does not follow from the documents, which is a bug.
        """
        started = time.perf_counter()
        question = readable(question)
        history = [readable(earlier) for earlier in history]
        turns: list[Turn] = []
        for earlier in history[-MOST_EARLIER:]:
            turns.append(turn_of(self._decide(earlier, turns), turns))
        decision = self._decide(question, turns)
        response = self._word(decision, question, history)
        check_reply(response, decision.verdict, decision.document)
        verify(response.to_json(), self.corpus)
        seconds = time.perf_counter() - started
        return replace(response, seconds=round(seconds, 4), trace=trace_of(decision) if trace else None)

    def as_retriever(self, k: int = 4) -> PassageRetriever:
        """Return a LangChain retriever over the same ranking; documents carry their provenance as metadata."""
        return PassageRetriever(search=self.rank, k=k)

    def rank(self, question: str) -> Ranking:
        """Rank the passages of the document that most probably answers a question."""
        return self._search.rank(question)

    def _decide(self, question: str, turns: Sequence[Turn]) -> Decision:
        """Decide what a question gets: policy first, then whether the text answers it, then which passages."""
        if verdict := check_form(question):
            return Decision(
                Standalone(question[:LONGEST]), self.corpus.documents[0], None, verdict, message=verdict.message
            )
        started = time.perf_counter()
        standalone, ranking, verdict = self._understand(question, turns)
        ranked = time.perf_counter()
        decision = self._choose(question if standalone.earlier else standalone.text, standalone, ranking, verdict)
        seconds = {"rank": ranked - started, "decide": time.perf_counter() - ranked}
        after_claim = bool(turns) and turns[-1].claimed
        return replace(decision, notices=self._notices(question, decision, doubtful=after_claim), seconds=seconds)

    def _understand(self, question: str, turns: Sequence[Turn]) -> tuple[Standalone, Ranking, Verdict | None]:
        """Resolve a follow-up, rank for what was meant, and judge it.

        A follow-up that stands well enough on its own inherits nothing: always after a refusal, and when it only puts another
        thing in the place of the last.
        """
        standalone = resolve(question, turns)
        if turns and turns[-1].danger:
            if says_settled(question):
                return Standalone(question), (alone := self.rank(question)), judge(question, alone)
            if is_dependent(after_switch(question)) or means_same_person(question):
                return standalone, self.rank(question), Verdict("safety", "safety.continued", "safety")
        alone = self.rank(question if standalone.earlier else standalone.text)
        if turns and turns[-1].claimed and presses(question):
            return standalone, alone, Verdict("first_line", "first_line.continued", "first_line")
        if standalone.earlier is None:
            return self._judge_new(question, standalone, alone)
        if standalone.passages:
            return standalone, alone, judge_pointing(question, alone)
        refused, substituted = turns[-1].refused, substitutes(question)
        likely = alone.probabilities["answer"] >= STANDS_ALONE and (refused or substituted)
        if likely or (refused and not substituted and alone.probabilities["gap"] >= SURELY_GAP):
            return Standalone(question), alone, judge(question, alone)
        together = self.rank(standalone.text)
        return standalone, together, judge_follow_up(question, alone, standalone.text, together)

    def _judge_new(
        self, question: str, standalone: Standalone, ranking: Ranking
    ) -> tuple[Standalone, Ranking, Verdict | None]:
        """Judge a question that leans on no other; an opening that drops a topic ('never mind that …') may name a danger.

        What it says that it does not ask ('not asking if it is the best') must not spoil the rest.
        """
        text = standalone.text
        whole = judge(question, self.rank(question)) if text != question else None
        verdict = whole if whole and whole.reason == "safety" else judge(text, ranking)
        if verdict and verdict.reason == "first_line" and (rest := without_disclaimers(text)) != text:
            asked = self.rank(rest)
            if judge(rest, asked) is None and asked.answerable >= ANSWERABLE:
                return Standalone(rest), asked, None
        return standalone, ranking, verdict

    def _choose(self, question: str, standalone: Standalone, ranking: Ranking, verdict: Verdict | None) -> Decision:
        """Return the decision for a verdict, or for none."""
        document = ranking.document
        decision = Decision(standalone, document, ranking, verdict)
        match verdict.reason if verdict else None:
            case "first_line":
                assert verdict is not None
                standing = dict.fromkeys((*document.standing, *filter(None, [document.not_a_substitute])))
                rest = dict.fromkeys(name for name in self._rest(question, document) if name not in standing)
                code = "first_line_rest" if rest and verdict.message == "first_line" else verdict.message
                return replace(decision, shown=(*standing, *rest), message=code)
            case "safety":
                return replace(decision, shown=tuple(filter(None, [document.not_a_substitute])), message="safety")
            case "not_in_source":
                return replace(decision, near=tuple(nearest(ranking)), message="not_in_source")
            case None:
                return self._answer(question, decision, ranking)
            case _:
                assert verdict is not None
                return replace(decision, message=verdict.message)

    def _answer(self, question: str, decision: Decision, ranking: Ranking) -> Decision:
        """Return the passages that answer, or the refusal of a question that the text does not answer."""
        wish = provenance_filter(question)
        if decision.standalone.earlier and (passages := decision.standalone.passages):
            pointed_at = decision.standalone.earlier.document
            wanted = [name for name in passages if wish is None or wish.keeps(pointed_at.by_id[name])]
            return self._with_message(decision, wanted or list(passages), pointed_at)
        if wish:
            rest = self.rank(wish.rest) if wish.rest.strip() else ranking
            known = max(ranking.answerable, rest.answerable) >= ANSWERABLE or not topic_of(wish)
            if known and (found := select_by_provenance(rest, wish)):
                return self._with_message(decision, found, rest.document)
        if wish and wish.named and not wish.inverted and not wish.sources & set(ranking.document.source_numbers):
            return replace(self._refuse(decision, ranking), near=())
        if ranking.answerable >= ANSWERABLE:
            return self._select(question, decision, ranking)
        if (named := without_provenance(question)) and (rest := self.rank(named)).answerable >= ANSWERABLE:
            return self._with_message(decision, select(rest, named), rest.document)
        return self._answer_part(question, decision, ranking) or self._refuse(decision, ranking)

    def _refuse(self, decision: Decision, ranking: Ranking) -> Decision:
        """Return the refusal of a question that the text does not answer."""
        off_topic = ranking.probabilities["off_topic"] > ranking.probabilities["gap"]
        code = "off_topic" if off_topic else "not_in_source"
        verdict = Verdict("not_in_source", f"answerable.{code}", code)
        return replace(decision, verdict=verdict, near=() if off_topic else tuple(nearest(ranking)), message=code)

    def _answer_part(self, question: str, decision: Decision, ranking: Ranking) -> Decision | None:
        """Return what answers a part of a question that has no answer as a whole, if the text plainly lacks another part."""
        rankings = [self.rank(part) for part in split_questions(question)]
        lacking, found = missing(rankings), best_of_each(rankings, ranking)
        if lacking is None or not found:
            return None
        alone = replace(decision, standalone=Standalone(question), missing=lacking)
        return self._with_message(alone, tidy(ranking.document, found, ranking), ranking.document)

    def _select(self, question: str, decision: Decision, ranking: Ranking) -> Decision:
        """Return the passages that answer the question, and those that answer its parts if it asks several things at once."""
        standalone = decision.standalone
        chosen = select(ranking, standalone.text if compares(question) else question, places=not standalone.item)
        if standalone.earlier is not None:
            return self._with_message(decision, chosen, ranking.document)
        rankings = {part: self.rank(part) for part in split(question)}
        unplaced = [ranked for part, ranked in rankings.items() if not names_place(part)]
        found = [name for name in best_of_each(unplaced, ranking) if name not in chosen]
        shown = tidy(ranking.document, chosen + found, ranking) if found else chosen
        lacking = missing([ranked if asks(part) else None for part, ranked in rankings.items()])
        return replace(self._with_message(decision, shown, ranking.document), missing=lacking)

    def _with_message(self, decision: Decision, shown: list[str], document: Document) -> Decision:
        passages = [document.by_id[name] for name in shown]
        all_llm = all(passage.provenance.llm == "marked" for passage in passages)
        return replace(decision, document=document, shown=tuple(shown), message="answer_llm" if all_llm else "answer")

    def _rest(self, question: str, document: Document) -> list[str]:
        """Return what answers the legitimate rest of a question that claims a standing, if that has an answer."""
        found: list[str] = []
        for clause in without_claims(question):
            ranking = self.rank(clause)
            answered = ranking.document is document and ranking.answerable >= REST_ANSWERABLE
            if answered and judge(clause, ranking) is None:
                found += select(ranking, clause)
        return found

    def _notices(self, question: str, decision: Decision, *, doubtful: bool) -> tuple[Notice, ...]:
        # A question about another therapy's standing is refused by policy; what the bank lacks has no part in that.
        unanswered = decision.verdict is not None and decision.verdict.rule == "answerable.not_in_source"
        lacking = Missing("", decision.ranking.topic) if decision.ranking and unanswered else decision.missing
        return notices_for(
            question,
            decision.document,
            reason=decision.verdict.reason if decision.verdict else None,
            shown=decision.shown,
            follow_up=decision.standalone.earlier is not None,
            missing=lacking,
            doubtful=doubtful
            or (decision.ranking is not None and not decision.standalone.passages and is_doubtful(decision.ranking)),
        )

    def _word(self, decision: Decision, question: str, history: Sequence[str]) -> Response:
        """Put a decision into the form of a response."""
        document = decision.document
        statements = states(document, list(decision.shown))
        near = states(document, list(decision.near))
        said = message(decision.message, document)
        common: dict[str, Any] = {
            "version": VERSION,
            "id": hash_of([question, list(history), self.corpus.hashes, VERSION])[:16],
            "question": question,
            "standalone_question": decision.standalone.text,
            "message": said,
            "text": plain_text(said, decision.notices, statements, near),
            "documents": self.corpus.hashes,
            "statements": statements,
            "notices": decision.notices,
            "rule": decision.verdict.rule if decision.verdict else None,
        }
        if decision.verdict is None:
            return Answer(**common)
        reason: Reason = decision.verdict.reason
        return Refusal(**common, reason=reason, nearest=near)
