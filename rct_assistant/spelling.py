"""Mend slips of the finger in a question before it is searched: a word that hardly anybody used, very near to one that many did.

The words are those of the documents and of their question banks, so that names and terms are known. Used for retrieval only; what
is shown never comes from here. Distances are of optimal string alignment: letters put in, left out, replaced, neighbours swapped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

SEEN = 3  # a word used less often is no target
RARE, OFTEN = 10, 20  # a word used so seldom is a slip if swapped neighbours make one used so many times as often
SHORT, LONG = 5, 8  # letters from which a word may have one slip, and two; a shorter one only swapped neighbours
_WORD = re.compile(r"[a-z]{3,}")


class Spelling:
    """Knows the words of some texts and how often each was used."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Count the words of lower-case texts."""
        self._counts = Counter(word for text in texts for word in _WORD.findall(text))
        self._known = [word for word, count in self._counts.items() if count >= SEEN]

    def mend(self, text: str) -> str:
        """Return a lower-case text with each slip replaced by the nearest known word, the most used one first."""
        return _WORD.sub(lambda match: self._mended(match[0]), text)

    def _mended(self, word: str) -> str:
        used = self._counts[word]
        if used > RARE:
            return word
        slips = 2 if len(word) >= LONG and not used else 1
        near = process.extract(word, self._known, scorer=OSA.distance, score_cutoff=slips, limit=None)
        fitting = [(slip, -self._counts[known], known) for known, slip, _ in near if self._is_slip(word, known)]
        return min(fitting, default=(0, 0, word))[2]

    def _is_slip(self, word: str, known: str) -> bool:
        """Say whether a word may be a slip of a known one: short or used words have too many neighbours for any but a swap."""
        swapped = sorted(word) == sorted(known)
        often = self._counts[known] >= OFTEN * self._counts[word]
        return word != known and often and (swapped or (len(word) >= SHORT and not self._counts[word]))
