"""Decide whether a question must not simply be answered: named rules over patterns (`rules.toml`) and the bank's intents.

The order is fixed: danger before everything, then first-line standing, then questions about the assistant. A rule's name stands
in the response. The policy looks at questions first and at the finished reply last (`check_reply`). It never writes a sentence.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rct_assistant.document import Document
from rct_assistant.errors import VerificationError
from rct_assistant.filters import provenance_filter
from rct_assistant.query import content_stems
from rct_assistant.response import Answer, Reason, Refusal, Response
from rct_assistant.retrieve import Ranking

# Chosen on the development questions (see eval): the classifier alone, beside a hint, and beside a claim.
ALONE = {"safety": 0.35, "first_line": 0.25, "about": 0.70}
WITH_HINT = {"safety": 0.30, "first_line": 0.30}
WITH_CLAIM = {"safety": 0.03, "first_line": 0.02}
WITH_DENIED = {"safety": 0.75, "first_line": 0.40}  # where the question denies it itself: 'not suicidal'
HARMLESS = 0.10  # danger in a question as a whole, below which one sentence of it raises no alarm
BESIDE_ANSWER = 0.70  # how likely standing must be, beside an answer, for the classifier alone
DOUBTFUL = 0.03  # how likely standing must be for an answer to say beside it what that is
PLAINLY = 0.75  # how relevant a passage on standing must be to answer a doubt about a claim
SURELY_ABOUT = 0.95  # of a question on the assistant, whatever its words on provenance
CONTINUES = 0.90  # how likely an answer to a follow-up must be to outweigh its own words on the assistant
ABOUT_PATTERN_ANSWER = 0.80  # an 'about' pattern gives way to an answer that is more probable than this
FOREIGN = 0.60  # in another language the embeddings say less
FRAGMENT_SAFETY, FRAGMENT_ANSWER = 0.70, 0.60  # what a fragment must reach to be judged on its own words
LONGEST = 10_000

_ZERO_WIDTH = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]")
_DISGUISE = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "$": "s", "@": "a", "!": "i", "|": "l"}
)
_LOOK_ALIKE = str.maketrans("аеорсухіѕјԁοιαε", "aeopcyxisjdoiae")
_TAKEN_FROM = re.compile(
    r"\b(?:from|to|on|with|by|has|have|carry|carries|cit\w+)\s+(?:the\s+)?(?:source|src|ref)|\bcit\w+\s+\d", re.I
)
_WHETHER_SOURCED = re.compile(
    r"\b(?:llm|ai|machine)\b.{0,20}\bor\b.{0,12}\bsource\w*|\bsource\w*.{0,20}\bor\b.{0,12}\b(?:llm|ai|machine)\b", re.I
)
_TAG = re.compile(r"<[^<>]{0,200}>")
_SPELLED_OUT = re.compile(r"\b(?:\w[ .\-_*]){3,}\w\b")


@dataclass(frozen=True)
class Verdict:
    """What the policy says: the reason to refuse, the rule that fired, and the code of the message."""

    reason: Reason
    rule: str
    message: str


@cache
def _rules() -> dict[str, Any]:
    """Return `rules.toml` with its patterns compiled."""
    data = tomllib.loads((files("rct_assistant") / "rules.toml").read_text(encoding="utf-8"))
    return {
        group: {
            name: [re.compile(p, re.I) for p in value] if isinstance(value, list) else value
            for name, value in rules.items()
        }
        for group, rules in data.items()
    }


def found(group: str, name: str, text: str) -> bool:
    """Say whether one of the patterns `name` of a group is found in a text."""
    return any(pattern.search(text) for pattern in _rules()[group][name])


def readings(question: str) -> tuple[str, ...]:
    """Return the plain readings of a question: as typed, with look-alikes undone, with digits read as letters."""
    text = unicodedata.normalize("NFKC", _ZERO_WIDTH.sub("", question)).lower()
    if not _is_other_script(text):
        text = text.translate(_LOOK_ALIKE)
    text = re.sub(r"\s+", " ", _TAG.sub(" ", text)).strip()
    joined = _SPELLED_OUT.sub(lambda match: re.sub(r"[ .\-_*]", "", match[0]), text)
    return tuple(dict.fromkeys((text, joined, joined.translate(_DISGUISE))))


def check_form(question: str) -> Verdict | None:
    """Return why a question cannot be read at all, if it cannot."""
    plain = _TAG.sub(" ", question)
    if not any(char.isalnum() for char in plain):
        return Verdict("invalid_question", "form.empty", "empty")
    if len(question) > LONGEST:
        return Verdict("invalid_question", "form.long", "long")
    return None


def judge(question: str, ranking: Ranking) -> Verdict | None:
    """Return the verdict on a question, or None if it may be answered."""
    texts = tuple(dict.fromkeys((*readings(question), ranking.read)))
    chance = ranking.probabilities
    if rule := _danger(texts, ranking):
        return Verdict("safety", rule, "safety")
    document = ranking.document
    of_trials = found("acronym", "methods", texts[0])
    if document.standing and (rule := _fires("first_line", texts, chance, alone=not of_trials)):
        if (language := _language(texts[0])) and chance["first_line"] < FOREIGN and not rule.endswith("claim"):
            return Verdict("about", f"about.language.{language}", "language")
        if _is_of_another(texts, document):
            return Verdict("not_in_source", "standing.other_therapy", "not_in_source")
        if not (found("first_line", "refuting", texts[0]) and _leads_with_standing(ranking)):
            return Verdict("first_line", rule, "first_line")
    return _judge_about(question, texts, chance, document)


def is_doubtful(ranking: Ranking) -> bool:
    """Say whether a question that is answered may after all rest on a claim of standing."""
    return ranking.probabilities["first_line"] >= DOUBTFUL


def judge_follow_up(question: str, alone: Ranking, standalone: str, together: Ranking) -> Verdict | None:
    """Return the verdict on a follow-up: on its own words, unless they only make sense with the earlier question.

    What was asked before must not spoil a question that stands well on its own; a fragment is read with what it refers to.
    """
    whole = judge(standalone, together)
    own = judge(question, alone)
    if own is not None and own.rule == "about.bank":
        # 'ok and where is that' alone says nothing
        own = own if len(content_stems(question)) > 1 and together.probabilities["answer"] < CONTINUES else None
    if own is not None and own.reason in ("first_line", "about") and own.rule != "standing.other_therapy":
        return own
    if (
        own is not None
        and own.reason == "safety"
        and (max(alone.probabilities["safety"], alone.danger) >= FRAGMENT_SAFETY or whole == own)
    ):
        return own
    if (
        whole is not None
        and whole.reason in ("first_line", "safety")
        and alone.probabilities["answer"] < FRAGMENT_ANSWER
    ):
        return whole
    return None


def _danger(texts: tuple[str, ...], ranking: Ranking) -> str:
    """Return the name of the safety rule that fires, or an empty string.

    Every sentence counts. But where a question was read as a whole and is then plainly harmless, a sentence out of its context
    ('we had a training on suicide') raises no alarm by itself.
    """
    harmless = ranking.whole and ranking.probabilities["safety"] < HARMLESS
    if _language(texts[0]):
        harmless = ranking.danger < FOREIGN
    return _fires("safety", texts, ranking.probabilities | {"safety": ranking.danger}, alone=not harmless)


def _fires(reason: str, texts: tuple[str, ...], chance: dict[str, float], *, alone: bool) -> str:
    """Return the name of the rule for `reason` that fires, or an empty string. Without a bank the patterns stand alone.

    alone: whether what was learned may fire without a pattern.
    """
    learned = chance[reason]
    has_bank = any(chance[name] > 0 for name in ("first_line", "safety", "about"))
    beside = 0.0 if reason == "safety" else max(chance["gap"], BESIDE_ANSWER * chance["answer"])
    is_denied = any(found(reason, "denied", text) for text in texts)
    if learned >= max(ALONE[reason], WITH_DENIED[reason] * is_denied) and learned > beside and alone:
        return f"{reason}.bank"
    if any(found(reason, "certain", text) for text in texts):
        return f"{reason}.certain"
    enough = WITH_DENIED[reason] if is_denied else WITH_CLAIM[reason]
    claimed = any(found(reason, name, text) for text in texts for name in ("claim", "displacing"))
    if claimed and (learned >= enough or not has_bank):
        return f"{reason}.claim"
    if learned >= WITH_HINT[reason] and any(found(reason, "hint", text) for text in texts):
        return f"{reason}.hint"
    return ""


def _leads_with_standing(ranking: Ranking) -> bool:
    """Say whether the text's words on the therapy's standing plainly answer best: then an answer upholds the line, too."""
    best = ranking.passages[0]
    return best.score >= PLAINLY and best.id in (*ranking.document.standing, ranking.document.not_a_substitute)


def _is_of_another(texts: tuple[str, ...], document: Document) -> bool:
    """Say whether a question about standing names another therapy and not ours: by name, as 'it', or in the other's place."""
    ours = [name.lower() for name in (document.short_name, document.title) if name]
    names = "|".join(re.escape(name) for name in ours)
    own = re.compile(rf"\b(?:{names}|it|this|relation(?:al|nel|ale)\w*|rela[cz]ion\w+)\b")
    named = any(own.search(text) or found("first_line", "displacing", text) for text in texts)
    return not named and any(found("other_therapies", "patterns", text) for text in texts)


def _judge_about(question: str, texts: tuple[str, ...], chance: dict[str, float], document: Document) -> Verdict | None:
    """Return the verdict on a greeting, thanks, or a question about the assistant, the labels or the numbers."""
    text = texts[0]
    for code in ("greeting", "thanks"):
        if found("about", code, text):
            return Verdict("about", f"about.{code}", code)
    if language := _language(text):
        return Verdict("about", f"about.language.{language}", "language")
    learned = chance["about"] >= ALONE["about"]
    for code in ("sources", "keep_labels", "labels", "privacy"):
        if code == "sources" and not document.source_numbers:
            continue
        if code in ("sources", "keep_labels") and asks_for_some(question) and not (learned and code == "keep_labels"):
            continue
        likely = learned if code == "privacy" else learned or chance["answer"] < ABOUT_PATTERN_ANSWER
        if likely and found("about", code, text):
            return Verdict("about", f"about.{code}", code)
    surely = chance["about"] >= SURELY_ABOUT or (learned and not asks_for_some(question))
    return Verdict("about", "about.bank", "capabilities") if surely else None


def asks_for_some(question: str) -> bool:
    """Say whether a question asks for passages of some provenance ('which terms are from source 4'), not for a source itself."""
    if _WHETHER_SOURCED.search(question) and len(content_stems(_WHETHER_SOURCED.sub(" ", question))) > 1:
        return True
    wish = provenance_filter(question)
    if wish is None or not content_stems(wish.rest):
        return False
    return wish.kind != "source" or _TAKEN_FROM.search(question) is not None


def _language(text: str) -> str:
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
    der van von den de la le du mi co bu o
    """.split()
)


def after_switch(question: str) -> str:
    """Return the question without an opening that announces a new topic; unchanged if there is none."""
    for pattern in _rules()["topic_switch"]["patterns"]:
        rest = pattern.sub("", question, count=1)
        if rest != question and rest.strip(" ?!."):
            return str(rest).strip()
    return question


def without_claims(question: str) -> list[str]:
    """Return the clauses of a question that carry no claim of standing: the legitimate rest of it."""
    clauses = re.split(r"(?<=[.?!;:,])\s+|\s+(?:and|but|so|then)\s+", question)
    return [
        clause.strip()
        for clause in clauses
        if len(clause.split()) >= 3
        and not any(found("first_line", n, t) for t in readings(clause) for n in ("claim", "displacing", "hint"))
    ]


def check_reply(response: Response, verdict: Verdict | None, document: Document) -> None:
    """Check the finished reply against the verdict, whoever wrote it.

    Raises:
        VerificationError: a refusal that is due is not given, or a refusal does not begin with what it rests on.
    """
    problems = []
    shown = [statement.passage for statement in response.statements]
    reason = response.reason if isinstance(response, Refusal) else None
    if verdict is not None and reason != verdict.reason:
        problems.append(f"found reason {reason}, expected {verdict.reason}")
    if reason == "first_line" and shown[: len(document.standing)] != list(document.standing):
        problems.append("a first-line refusal must begin with the standing passages")
    if reason == "safety" and shown != [document.not_a_substitute] * bool(document.not_a_substitute):
        problems.append("a safety refusal shows the not-a-substitute passage and nothing else")
    if reason in ("about", "invalid_question", "not_in_source") and shown:
        problems.append(f"a refusal for {reason} has no statements")
    if isinstance(response, Answer) and not shown:
        problems.append("an answer must have statements")
    if problems:
        raise VerificationError(problems)
