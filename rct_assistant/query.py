"""Turn a question into what is searched and compared: one form, its sentences, its content words. Nothing shown comes from it."""

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
_DISGUISED = re.compile(r"(?<=[a-z])[013457@$](?=[a-z])")
_LETTERS = dict(zip("013457@$", "oieastas", strict=True))
_END = re.compile(r"[\s?.!…,;:]+$")


def readable(text: str) -> str:
    """Return a text as something that can be encoded: half a surrogate pair, which no text holds, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def visible(text: str) -> str:
    """Return a text without the characters that show nothing, in compatible forms of the others (NFKC)."""
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))


def normalise(question: str) -> str:
    """Return the question in one form whatever its case, quotes, blanks, closing punctuation, shorthand or digits for letters."""
    text = visible(question).lower()
    text = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-"})
    text = _DISGUISED.sub(lambda match: _LETTERS[match[0]], text)
    return _END.sub("", " ".join(_spelled_out(word) for word in text.split()))


def _spelled_out(word: str) -> str:
    """Return a word with its shorthand spelled out; what stands behind it ('pt?') stays."""
    bare = word.rstrip(",;.?!)")
    return _SHORTHAND.get(word) or (_SHORTHAND[bare] + word[len(bare) :] if bare in _SHORTHAND else word)


_STOP = frozenset(
    """
    a an and are as at be been being but by do does for from has have how in into is it its not of on or that
    the their them these they this those to was what when where which who why with within
    """.split()
)
LONG = 60  # words that are read as a whole
_SENTENCES = re.compile(r"(?<=[.?!;:…])\s+|\s*\n\s*|\s+[-–—]\s+")
# Elements with their attributes and nothing else: people put words of their own between angle brackets, too.
_ATTRIBUTES = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s<>\"']+))*\s*/?"
_ELEMENTS = (
    "a|abbr|article|b|blockquote|body|br|button|center|code|dd|del|div|dl|dt|em|font|form|h[1-6]|head|hr|html|i|img|input|ins"
    "|label|li|link|main|mark|meta|ol|p|pre|q|s|script|section|small|span|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|u|ul"
)
_MARKUP = re.compile(
    rf"<(script|style){_ATTRIBUTES}>.*?</\1\s*>|</?(?:{_ELEMENTS}){_ATTRIBUTES}>|<!--|-->|<!doctype[^<>]*>", re.I | re.S
)
_FEWEST_WORDS = 3
_MOST_SENTENCES = 80


def focus(question: str) -> list[str]:
    """Return the readings of a question: itself, and of a long one its sentences, since the model reads only its beginning."""
    plain = _plain(question)
    if len(plain.split()) <= LONG:
        return [" ".join(plain.split()) or question]
    return [" ".join(plain.split()[:LONG]), *sentences(question)]


def sentences(question: str) -> list[str]:
    """Return the sentences of a question that has more than one, the last eighty; those of one or two words say too little."""
    found = [part for sentence in _SENTENCES.split(_plain(question)) for part in _windows(sentence.split())]
    return [s for s in found if len(s.split()) >= _FEWEST_WORDS][-_MOST_SENTENCES:] if len(found) > 1 else []


def _windows(words: list[str]) -> list[str]:
    """Return a sentence of these words, or its parts, each over half of the last, if it is too long to be read as a whole."""
    if len(words) <= LONG:
        return [" ".join(words)] if words else []
    return [" ".join(words[start : start + LONG]) for start in range(0, len(words) - LONG // 2, LONG // 2)]


def without_markup(text: str) -> str:
    """Return a text with blanks in the place of HTML elements, scripts and styles with all they hold."""
    return _MARKUP.sub(" ", text)


def _plain(question: str) -> str:
    """Return a question without markup."""
    return without_markup(html.unescape(question))


def content_stems(text: str) -> set[str]:
    """Return the words of a text that carry meaning, cut to a common beginning."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    return {word[:4] for word in words if len(word) > 2 and word not in _STOP}
