"""Decide whether a question must not simply be answered: named rules over patterns (`rules.toml`) and the bank's intents.

The order is fixed: danger before everything, then first-line standing, then questions about the assistant. A rule's name stands
in the response. The policy looks at questions first and at the finished reply last (`check_reply`). It never writes a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rct_assistant.document import Document
from rct_assistant.errors import VerificationError
from rct_assistant.filters import lists_by_provenance, provenance_filter, without_either
from rct_assistant.query import content_stems, without_markup
from rct_assistant.response import Reason, Refusal, Response
from rct_assistant.retrieve import Ranking
from rct_assistant.rules import before, found, other_language, readings
from rct_assistant.verify import form_faults

# Chosen on the development questions (see eval): the classifier alone, beside a hint, and beside a claim.
ALONE = {"safety": 0.38, "first_line": 0.25, "about": 0.70}
WITH_HINT = {"safety": 0.10, "first_line": 0.25}
WITH_CLAIM = {"safety": 0.03, "first_line": 0.04}
WITH_DENIED = {"safety": 0.75, "first_line": 0.40}  # where the question denies it itself: 'not suicidal'
# Danger in a question as a whole, below which a sentence or a pattern of it raises no alarm, and the same beside an alarming
# sentence. At half of both, dev has 18 answers fewer, and two dangers of 794 fewer pass unseen.
HARMLESS, PLAINLY_HARMLESS = 0.10, 0.04
ALARMING = 0.97
HINTED = 0.40  # a sentence must be so alarming to count with a hint beside a claim of standing
BESIDE_CLAIM = 0.97  # so alarming a sentence counts even beside a claim of standing
CLAIMS = 0.50  # from here on a question as a whole claims a standing; a sentence of it is then judged as a fragment
BESIDE_ANSWER = 0.55  # how likely standing must be, beside an answer, for the classifier alone
DOUBTFUL = 0.02  # how likely standing must be for an answer to say beside it what that is
PLAINLY = 0.75  # how relevant a passage on standing must be to answer a doubt about a claim
SURELY_ABOUT = 0.95  # of a question on the assistant, whatever its words on provenance
CONTINUES = 0.90  # how likely an answer to a follow-up must be to outweigh what was learned of its words alone
ABOUT_PATTERN_ANSWER = 0.80  # an 'about' pattern gives way to an answer that is more probable than this
FOREIGN, FOREIGN_DANGER = 0.50, 0.60  # in another language the embeddings say less
SURELY_CLAIMED = 0.90  # how likely standing must be to be claimed even where the question denies it, or by a long text
SURELY_OURS = 0.80  # how likely standing must be to be ours although the question names another therapy alone
FRAGMENT_SAFETY, FRAGMENT_ANSWER = 0.70, 0.60  # what a fragment must reach to be judged on its own words
LONG_QUOTE = 6  # words that make a quotation of a sentence
NEARLY = 0.8  # share of a quotation's words that a passage must have to be the one that is quoted
LONGEST = 10_000

_TAKEN_FROM = re.compile(
    r"\b(?:from|to|on|with|by|has|have|carry|carries|cit\w+)\s+(?:the\s+)?(?:source|src|ref)|\bcit(?:e[sd]?|ing)\s+\d"
    r"|\bsource\s+\d+\s+(?:is|was|gets?)\s+(?:cited|used|given|quoted|named)\b",
    re.I,
)
# 'it' that is neither therapy: 'is it true that CBT …', 'does it say whether CBT …'
_OF_THE_TEXT = re.compile(
    r"\bis\s+it\s+(?:true|correct|right|so)\s+that\b|\bdoes\s+(?:it|this)\s+(?:say|mention|state)\b", re.I
)
_QUOTED = re.compile(r"(?<!\w)[\"'\u2018\u201c\u00ab](\S.{20,400}?)[\"'\u2019\u201d\u00bb](?!\w)")


@dataclass(frozen=True)
class Verdict:
    """What the policy says: the reason to refuse, the rule that fired, and the code of the message."""

    reason: Reason
    rule: str
    message: str


def check_form(question: str) -> Verdict | None:
    """Return why a question cannot be read at all, if it cannot."""
    if not any(char.isalnum() for char in without_markup(question)):
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
    if misquotes(question, document) and not found("first_line", "refuting", texts[0]):
        return Verdict("first_line", "first_line.misquoted", "misquoted")
    of_trials = found("acronym", "methods", texts[0])
    if document.standing and (rule := _fires("first_line", texts, chance, alone=not of_trials)):
        if (language := other_language(texts[0])) and chance["first_line"] < FOREIGN and not rule.endswith("claim"):
            return Verdict("about", f"about.language.{language}", "language")
        if chance["first_line"] < SURELY_OURS and _is_of_another(texts, document):
            return Verdict("not_in_source", "standing.other_therapy", "not_in_source")
        denied = found("first_line", "denied", texts[0]) and chance["first_line"] < SURELY_CLAIMED
        doubted = denied or found("first_line", "refuting", texts[0])
        labels_only = (
            rule == "first_line.bank" and chance["first_line"] < SURELY_OURS and found("about", "keep_labels", texts[0])
        )
        if not (doubted and _leads_with_standing(ranking)) and not labels_only:
            return Verdict("first_line", rule, "first_line")
    return _judge_about(question, texts, chance, document)


def misquotes(question: str, document: Document) -> bool:
    """Say whether a question quotes the text on the therapy's standing in words that are nearly the text's, but are not."""
    said = " ".join(_words(document.text))
    about = [set(_words(document.by_id[name].text)) for name in document.standing]
    for quote in _QUOTED.findall(question):
        words = _words(quote)
        shared = max((sum(word in own for word in words) for own in about), default=0)
        if len(words) >= LONG_QUOTE and shared >= NEARLY * len(words) and " ".join(words) not in said:
            return True
    return False


def _words(text: str) -> list[str]:
    """Return the words of a text but for articles, which people leave out when they quote."""
    return [word for word in re.findall(r"[^\W_]+", text.lower()) if word not in ("a", "an", "the")]


def is_doubtful(ranking: Ranking) -> bool:
    """Say whether a question that is answered may after all rest on a claim of standing."""
    return ranking.probabilities["first_line"] >= DOUBTFUL


def says_settled(question: str) -> bool:
    """Say whether a question says in a sentence, without doubt and not by hearsay, that there is no danger, or no longer."""
    parts = re.split(r"(?<=[.!?;:])\s+", readings(question)[0])
    return any(found("safety", "settled", part) and not found("safety", "unsettled", part) for part in parts)


def judge_follow_up(question: str, alone: Ranking, standalone: str, together: Ranking) -> Verdict | None:
    """Return the verdict on a follow-up: on its own words, unless they only make sense with the earlier question.

    What was asked before must not spoil a question that stands well on its own; a fragment is read with what it refers to.
    """
    whole = judge(standalone, together)
    own = judge(question, alone)
    if own is not None and own.rule in ("about.bank", "first_line.bank"):
        # 'ok and where is that' or 'n the opposite' alone say nothing
        says = own.rule == "first_line.bank" or len(content_stems(question)) > 1
        own = own if says and together.probabilities["answer"] < CONTINUES else None
    if own is not None and own.reason in ("first_line", "about"):
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


def judge_pointing(question: str, alone: Ranking) -> Verdict | None:
    """Return the verdict on a follow-up that points at what was shown.

    Its few words ('the one about survivors again') say little, so a claim seen by the classifier alone must be a sure one.
    """
    own = judge(question, alone)
    if own is None or own.reason not in ("safety", "first_line"):
        return None
    sure = own.rule != "first_line.bank" or alone.probabilities["first_line"] >= SURELY_OURS
    return own if sure else None


def _danger(texts: tuple[str, ...], ranking: Ranking) -> str:
    """Return the name of the safety rule that fires, or an empty string.

    Every sentence counts. But where a question was read as a whole and is then plainly harmless, a sentence out of its context
    ('we had a training on suicide') raises no alarm by itself; nor does one that is hardly alarming in a question that claims a
    standing, where a long text must do so beyond doubt.
    """
    chance, foreign = ranking.probabilities, bool(other_language(texts[0]))
    surely = CLAIMS if ranking.whole else SURELY_CLAIMED
    claims = chance["first_line"] >= surely and chance["safety"] < ALONE["safety"] and not foreign
    harmless = ranking.whole and chance["safety"] < (PLAINLY_HARMLESS if ranking.danger >= ALARMING else HARMLESS)
    if foreign:
        harmless = ranking.danger < FOREIGN_DANGER
    # Beside a claim of standing little is left for danger, however plain; what counts is its share of the rest.
    share = chance["safety"] / max(1.0 - chance["first_line"], 1e-9) if claims else 0.0
    harmless = harmless and not (share >= HARMLESS and ranking.danger >= BESIDE_CLAIM)
    alone = not harmless and not (claims and ranking.danger < FRAGMENT_SAFETY)
    learned = chance["safety"] if (ranking.danger < HINTED if claims else harmless) else ranking.danger
    return _fires("safety", texts, chance | {"safety": learned}, alone=alone)


def _fires(reason: str, texts: tuple[str, ...], chance: dict[str, float], *, alone: bool) -> str:
    """Return the name of the rule for `reason` that fires, or an empty string. Without a bank the patterns stand alone.

    alone: whether what was learned may fire without a pattern.
    """
    learned = chance[reason]
    has_bank = any(chance[name] > 0 for name in ("first_line", "safety", "about"))
    beside = 0.0 if reason == "safety" else max(chance["gap"], BESIDE_ANSWER * chance["answer"])
    is_denied = any(found(reason, "denied", text) for text in texts) or (reason == "safety" and says_settled(texts[0]))
    if learned >= max(ALONE[reason], WITH_DENIED[reason] * is_denied) and learned > beside and alone:
        return f"{reason}.bank"
    if any(found(reason, "certain", text) for text in texts):
        return f"{reason}.certain"
    enough = WITH_DENIED[reason] if is_denied else WITH_CLAIM[reason]
    claimed = any(found(reason, name, text) for text in texts for name in ("claim", "displacing"))
    if claimed and (learned >= enough or not has_bank):
        return f"{reason}.claim"
    if learned >= max(WITH_HINT[reason], WITH_DENIED[reason] * is_denied) and any(
        found(reason, "hint", text) for text in texts
    ):
        return f"{reason}.hint"
    return ""


def _leads_with_standing(ranking: Ranking) -> bool:
    """Say whether the text's words on the therapy's standing plainly answer best: then an answer upholds the line, too."""
    best, document = ranking.passages[0], ranking.document
    about = {document.by_id[name].section for name in document.standing}
    return best.score >= PLAINLY and (best.id == document.not_a_substitute or document.by_id[best.id].section in about)


def _is_of_another(texts: tuple[str, ...], document: Document) -> bool:
    """Say whether a question about standing names another therapy and not ours: by name, as 'it', or in the other's place."""
    ours = [name.lower() for name in (document.short_name, document.title) if name]
    names = "|".join(re.escape(name) for name in ours)
    own = re.compile(rf"\b(?:{names}|it|this|relation(?:al|nel|ale)\w*|rela[cz]ion\w+)\b")
    plain = [_OF_THE_TEXT.sub(" ", text) for text in texts]
    named = any(own.search(text) or found("first_line", "displacing", text) for text in plain)
    others = [said for text in texts if (said := before("other_therapies", "patterns", text)) is not None]
    return bool(others) and not named and not any(found("other_therapies", "compared", said) for said in others)


def _judge_about(question: str, texts: tuple[str, ...], chance: dict[str, float], document: Document) -> Verdict | None:
    """Return the verdict on a greeting, thanks, or a question about the assistant, the labels or the numbers."""
    text = texts[0]
    for code in ("greeting", "thanks"):
        if found("about", code, text):
            return Verdict("about", f"about.{code}", code)
    if language := other_language(text):
        return Verdict("about", f"about.language.{language}", "language")
    if found("about", "others_asked", text):
        return Verdict("about", "about.privacy", "privacy")
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
    surely = surely and not lists_by_provenance(question)
    return Verdict("about", "about.bank", "capabilities") if surely else None


def asks_for_some(question: str) -> bool:
    """Say whether a question asks for passages of some provenance ('which terms are from source 4'), not for a source itself."""
    if len(content_stems(without_either(question))) > 1:
        return True
    wish = provenance_filter(question)
    if wish is not None and wish.kind == "source":
        return _TAKEN_FROM.search(question) is not None
    return wish is not None and bool(content_stems(wish.rest))


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
    reason = response.reason if isinstance(response, Refusal) else None
    problems = form_faults(reason, [statement.passage for statement in response.statements], document)
    if verdict is not None and reason != verdict.reason:
        problems.append(f"found reason {reason}, expected {verdict.reason}")
    if problems:
        raise VerificationError(problems)
