"""The patterns of `rules.toml`, and the plain readings of a question that they are held against: disguises undone, language told.

Nothing here decides; `policy`, `notices` and `conversation` say what a pattern means.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from rct_assistant.query import content_stems, visible, without_markup

_DISGUISE = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "$": "s", "@": "a", "!": "i", "|": "l"}
)
_LOOK_ALIKE = str.maketrans("аеорсухіѕјԁοιαε", "aeopcyxisjdoiae")
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
_SPELLED_OUT = re.compile(r"\b(?:\w[ .\-_*]){3,}\w\b")


@cache
def _rules() -> dict[str, Any]:
    """Return `rules.toml` with its patterns compiled."""
    data = tomllib.loads((files("rct_assistant") / "rules.toml").read_text(encoding="utf-8"))
    return {
        group: {
            name: [re.compile(p, re.I) for p in value] if isinstance(value, list) else value
            for name, value in patterns.items()
        }
        for group, patterns in data.items()
    }


def found(group: str, name: str, text: str) -> bool:
    """Say whether one of the patterns `name` of a group is found in a text."""
    return any(pattern.search(text) for pattern in _rules()[group][name])


def before(group: str, name: str, text: str) -> str | None:
    """Return the text before the first place where one of the patterns `name` of a group is found, if any is."""
    matches = [match.start() for pattern in _rules()[group][name] if (match := pattern.search(text))]
    return text[: min(matches)] if matches else None


def readings(question: str) -> tuple[str, ...]:
    """Return the plain readings of a question: as typed, with look-alikes and split words undone, with digits read as letters."""
    text = visible(question).lower()
    if not _is_other_script(text):
        text = text.translate(_LOOK_ALIKE)
    text = re.sub(r"\s+", " ", without_markup(text)).strip()
    joined = _SPELLED_OUT.sub(lambda match: re.sub(r"[ .\-_*]", "", match[0]), text)
    return tuple(dict.fromkeys((text, joined, _HYPHEN.sub("", joined), joined.translate(_DISGUISE))))


def other_language(text: str) -> str:
    """Return the language of a question that is plainly not English, or an empty string."""
    if _is_other_script(text):
        return "script"
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text)
    for name, listed in _rules()["languages"].items():
        hits = [word for word in words if word in listed.split()]
        enough = len(set(hits)) >= 2 and len(hits) >= len(words) / 4
        if enough and any(not word.isascii() or word not in _ENGLISH for word in hits):
            return str(name)
    return ""


def _is_other_script(text: str) -> bool:
    """Say whether most letters of a text are of another script."""
    letters = [char for char in text if char.isalpha()]
    return sum(ord(char) > 0x24F for char in letters) > len(letters) / 2


# Short words that other languages share with English and with names say nothing.
_ENGLISH = frozenset(
    """
    a are as die an in is on was what who was for me so he we no do to per come how one men like
    der van von den de la le du mi co bu o im met i w to z ma do on by
    """.split()
)


def presses(question: str) -> bool:
    """Say whether a question, right after a refused claim, only presses for the same again: 'pleeease', 'one word. yes?'"""
    words = re.findall(r"[^\W\d_]+", re.sub(r"(\w)\1{2,}", r"\1", visible(question).lower()))
    return bool(words) and set(words) <= set(_rules()["first_line"]["pressing"].split())


def without_disclaimers(question: str) -> str:
    """Return the question without what it says that it does not ask, if something to ask is left."""
    rest = question
    for pattern in _rules()["topic_switch"]["disclaimers"]:
        rest = pattern.sub(" ", rest)
    rest = rest.strip(" ,;:-–—")
    return rest if rest != question and len(content_stems(rest)) > 1 else question


def after_switch(question: str) -> str:
    """Return the question without an opening that announces a new topic; unchanged if there is none."""
    for pattern in _rules()["topic_switch"]["patterns"]:
        rest = pattern.sub("", question, count=1)
        if rest != question and rest.strip(" ?!."):
            return str(rest).strip()
    return question
