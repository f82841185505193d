"""Decide which fixed sentences go beside a reply: what was understood, what the text lacks, what the user should know."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rct_assistant.citations import cite
from rct_assistant.document import Document
from rct_assistant.messages import notice
from rct_assistant.parts import Missing
from rct_assistant.response import Notice, Reason
from rct_assistant.rules import found


def notices_for(
    question: str,
    document: Document,
    *,
    reason: Reason | None,
    shown: Sequence[str],
    follow_up: bool,
    missing: Missing | None,
    doubtful: bool,
) -> tuple[Notice, ...]:
    """Return the notices of a reply.

    Args:
        question: as typed; nothing of it enters a notice.
        document: the document that the reply is about.
        reason: of a refusal, or None for an answer.
        shown: ids of the passages shown.
        follow_up: whether the question was understood from an earlier one.
        missing: what of the question the text does not answer, if that is known.
        doubtful: whether the question may rest on a claim of standing; an answer then says what the standing is.
    """
    notices = []
    if has_personal_details(question):
        notices.append(Notice("personal_details", notice("personal_details", document)))
    if reason is None and follow_up and shown:
        sections = [document.by_id[name].section for name in shown]
        notices.append(Notice("understood_as", notice("understood_as", document, sections=sections)))
    if reason in (None, "first_line", "not_in_source") and means_other(question, document):
        notices.append(Notice("acronym", notice("acronym", document)))
    if reason is None and document.standing and (doubtful or plans_for_disorder(question)):
        first = document.by_id[document.standing[0]]
        if first.id not in shown[:1]:
            notices.append(Notice("standing", notice("standing", document), cite(document, first)))
    if missing and missing.place:
        notices.append(Notice("part", notice("part", document, place=missing.place)))
    if missing and missing.topic:
        notices.append(Notice("gap", notice("gap", document, topic=missing.topic)))
    return tuple(notices)


def has_personal_details(question: str) -> bool:
    """Say whether a question seems to hold a name, a birth date, a number or an address of a person."""
    return found("personal_details", "patterns", question)


def plans_for_disorder(question: str) -> bool:
    """Say whether a question asks for a plan or goals and names a disorder."""
    return found("plan", "patterns", question) and found("plan", "disorders", question)


def means_other(question: str, document: Document) -> bool:
    """Say whether the other meaning of the document's short name is in play."""
    if not (document.short_name and document.other_meaning):
        return False
    named = re.search(rf"\b{re.escape(document.short_name)}s?\b", question, re.I) is not None
    return named and found("acronym", "patterns", question)
