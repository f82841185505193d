"""Mend slips of the finger in a question before it is searched: a word that nobody used, one edit from one that many did.

The words are those of the documents and of their question banks, so that names and terms are known. Used for retrieval only; what
is shown never comes from here. Source of the method: Norvig, How to Write a Spelling Corrector, 2007.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from string import ascii_lowercase

SHORTEST = 5  # letters; a shorter word has too many neighbours
SEEN = 3  # a word used less often is no target
_WORD = re.compile(r"[a-z]+")


class Spelling:
    """Knows the words of some texts and how often each was used."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Count the words of lower-case texts."""
        self._counts = Counter(word for text in texts for word in _WORD.findall(text))

    def mend(self, text: str) -> str:
        """Return a lower-case text with each unknown word replaced by the most used known word that is one edit away, if any."""
        return _WORD.sub(lambda match: self._mended(match[0]), text)

    def _mended(self, word: str) -> str:
        if len(word) < SHORTEST or self._counts[word]:
            return word
        known = [(self._counts[near], near) for near in _one_edit_away(word) if self._counts[near] >= SEEN]
        return max(known, default=(0, word))[1]


def _one_edit_away(word: str) -> Iterator[str]:
    """Yield the words that come of one swap of neighbours, one letter left out, put in or replaced."""
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in ascii_lowercase)
        yield from (head + letter + tail for letter in ascii_lowercase)
