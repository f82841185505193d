"""Type a question another way: one typo, other case, other blanks, small talk. Seeded, so that every run asks the same."""

from __future__ import annotations

import random
import re

VARIANTS = ("typo", "lower", "upper", "no question mark", "blanks", "filler")
_SEED = 20
_WORD = re.compile(r"[a-zA-Z]{4,}")
_FILLERS = (
    "um, {}",
    "hi, quick one: {}",
    "sorry if this is obvious, but {}",
    "{} thanks!",
    "ok so {}",
    "{} (asking for a colleague)",
)


def vary(question: str, variant: str) -> str | None:
    """Return the question in a variant, or None where the variant is no other question.

    'lower' is lower case without the closing question mark; 'typo' swaps two neighbouring letters inside one word.
    """
    rng = random.Random(f"{_SEED}:{variant}:{question}")
    match variant:
        case "typo":
            varied = _swap(question, rng)
        case "lower":
            varied = question.lower().rstrip(" ?")
        case "upper":
            varied = question.upper()
        case "no question mark":
            varied = question.rstrip(" ?")
        case "blanks":
            varied = f"  {re.sub(r' +', '  ', question)} "
        case "filler":
            varied = rng.choice(_FILLERS).format(question)
        case _:
            raise ValueError(f"found variant {variant!r}, expected one of {', '.join(VARIANTS)}")
    return varied if varied != question and varied.strip() else None


def _swap(question: str, rng: random.Random) -> str:
    """Return the question with two different neighbouring letters of a word swapped, its first letter left alone."""
    places = [
        position
        for word in _WORD.finditer(question)
        for position in range(word.start() + 1, word.end() - 1)
        if question[position].lower() != question[position + 1].lower()
    ]
    if not places:
        return question
    at = rng.choice(places)
    return question[:at] + question[at + 1] + question[at] + question[at + 2 :]
