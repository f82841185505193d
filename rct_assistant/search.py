"""From a question as it was typed to a ranking: read, mend, embed, rank. Every document of a corpus is searched.

Nothing here decides whether to answer; `policy` and `assistant` read the ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from rct_assistant.corpus import Corpus
from rct_assistant.index import Index
from rct_assistant.query import focus, normalise, sentences
from rct_assistant.retrieve import Ranker, Ranking
from rct_assistant.spelling import Spelling

CLEAR = 0.50  # from this probability on a claim of standing decides how a long text is read; chosen on dev (see eval)


class Search:
    """Ranks the passages of all documents; holds their rankers and the words for mending slips."""

    def __init__(self, corpus: Corpus, index: Index) -> None:
        self._embeddings = index.embeddings
        self._rankers = tuple(Ranker(document) for document in index.documents)
        asked = (question.asked for bank in corpus.banks.values() for question in bank)
        self._spelling = Spelling(normalise(text) for text in chain(asked, (d.text for d in corpus.documents)))

    def rank(self, question: str) -> Ranking:
        """Rank the passages of the document that most probably answers; a long question is read by its clearest sentence.

        Danger is looked for in every sentence: a question behind it must not hide it.
        """
        readings = focus(question)
        others = [sentence for sentence in sentences(question) if sentence not in readings]
        rankings = self._rank_each([*readings, *others])
        best = max(rankings[: len(readings) * len(self._rankers)], key=_clearness)
        danger = max(ranking.probabilities["safety"] for ranking in rankings)
        return replace(best, danger=danger, whole=len(readings) == 1)

    def _rank_each(self, texts: Sequence[str]) -> list[Ranking]:
        """Rank for several texts, embedded together: for each text all documents in turn."""
        mended = [self._spelling.mend(normalise(text)) for text in texts]
        vectors = self._embeddings.embed_documents(mended)
        return [
            ranker.rank(text, vector) for text, vector in zip(mended, vectors, strict=True) for ranker in self._rankers
        ]


def _clearness(ranking: Ranking) -> float:
    """Return how much a reading of a question counts: a claim of standing in one sentence outweighs all the others."""
    chance = ranking.probabilities
    return 1.0 + chance["first_line"] if chance["first_line"] >= CLEAR else chance["answer"]
