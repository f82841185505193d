"""Turn a question into what is searched. Used for retrieval only; what is shown never comes from here."""

from __future__ import annotations

import html
import re
import unicodedata

# Clinicians' shorthand that is the same in every text. What a document calls things is the bank's task.
_SHORTHAND = {
    "tx": "treatment",
    "txs": "treatments",
    "hx": "history",
    "dx": "diagnosis",
    "sx": "symptoms",
    "rx": "medication",
    "pt": "client",
    "pts": "clients",
    "ct": "client",
    "cts": "clients",
    "cl": "client",
    "w/": "with",
    "w/o": "without",
    "b/c": "because",
    "bc": "because",
    "re:": "about",
    "abt": "about",
    "esp": "especially",
    "diff": "difference",
    "def": "definition",
    "psychoed": "psychoeducation",
    "obj": "objective",
    "objs": "objectives",
    "r": "are",
    "u": "you",
    "ur": "your",
    "pls": "please",
    "plz": "please",
    "ppl": "people",
    "meds": "medication",
}
_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]")
_END = re.compile(r"[\s?.!…,;:]+$")


def readable(text: str) -> str:
    """Return a text as something that can be encoded: half a surrogate pair, which no text holds, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def normalise(question: str) -> str:
    """Return the question in one form whatever its case, quotes, blanks, closing punctuation or shorthand."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", question)).lower()
    text = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-"})
    words = [_SHORTHAND.get(word, word) for word in text.split()]
    return _END.sub("", " ".join(words))


_LONG = 60
_SENTENCES = re.compile(r"(?<=[.?!\n])\s+")
_MARKUP = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>|<[^<>]{0,200}>", re.I | re.S)
_MOST_SENTENCES = 80


def focus(question: str) -> list[str]:
    """Return the readings of a question: itself, and of a long one its sentences, since the model reads only its beginning."""
    text = _MARKUP.sub(" ", html.unescape(question))
    plain = " ".join(text.split())
    if len(plain.split()) <= _LONG:
        return [plain or question]
    sentences = [sentence.strip() for sentence in _SENTENCES.split(text)]
    asked = [sentence for sentence in sentences if len(sentence.split()) >= 3][-_MOST_SENTENCES:]
    return [" ".join(plain.split()[:_LONG]), *asked]
