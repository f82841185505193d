"""Load the documents of a corpus folder: `NAME.txt`, `NAME.toml`, and `NAME.questions.jsonl` if there is one.

The loaded text is the only text that is ever shown or quoted.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from rct_assistant.bank import BankQuestion, bank_path, load_bank
from rct_assistant.document import Document, Finding
from rct_assistant.errors import CorpusError
from rct_assistant.reader import read_document


class DocumentSettings(BaseModel):
    """What `NAME.toml` may say."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    title: str = ""
    short_name: str = ""
    other_meaning: str = ""
    source_numbers: list[int] = []
    standing: list[str] = []
    not_a_substitute: str = ""
    examples: list[str] = []
    instead: list[str] = []


@dataclass(frozen=True)
class Corpus:
    """The documents, in the order of their names, each with its question bank (which may be empty)."""

    documents: tuple[Document, ...]
    banks: dict[str, tuple[BankQuestion, ...]] = field(repr=False)

    @cached_property
    def by_name(self) -> dict[str, Document]:
        """Map names to documents."""
        return {document.name: document for document in self.documents}

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Map names to the sha256 of the documents' bytes."""
        return {document.name: document.sha256 for document in self.documents}


def default_corpus_folder() -> Path:
    """Return the corpus inside an installed package, or the one beside it in a checkout."""
    package = Path(__file__).parent
    packed = package / "_corpus"
    return packed if packed.is_dir() else package.parent / "corpus"


def load_corpus(folder: Path) -> Corpus:
    """Load every document of a folder with its bank.

    Raises:
        CorpusError: there is no document, or a file cannot be read as it is.
    """
    documents, banks = [], {}
    for path in document_files(folder):
        document = load_document(path)
        for finding in document.findings:
            if finding.level == "defect":
                raise CorpusError(path.name, finding.line, finding.message)
        documents.append(document)
        banks[document.name] = load_bank(bank_path(path), document)
    return Corpus(tuple(documents), banks)


def document_files(folder: Path) -> list[Path]:
    """Return the text files of a corpus folder, by name; raises CorpusError when there is none."""
    files = sorted(folder.glob("*.txt")) if folder.is_dir() else []
    if not files:
        raise CorpusError(
            str(folder),
            None,
            "found no NAME.txt, expected a folder with at least one text; name another folder or add one",
        )
    return files


def load_document(path: Path) -> Document:
    """Read one text file and its settings; what cannot be read with certainty is among its findings."""
    settings = _load_settings(path.with_suffix(".toml"))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(
            path.name, None, f"cannot be read ({error.strerror}), expected a readable file; check its rights"
        ) from error
    title = settings.title or path.stem
    document = read_document(data, name=path.stem, title=title, numbers=tuple(settings.source_numbers), file=path.name)
    document = replace(
        document,
        short_name=settings.short_name,
        other_meaning=settings.other_meaning,
        standing=tuple(settings.standing),
        not_a_substitute=settings.not_a_substitute,
        examples=tuple(settings.examples),
        instead=tuple(settings.instead),
    )
    return replace(document, findings=document.findings + tuple(_settings_findings(document)))


def _load_settings(path: Path) -> DocumentSettings:
    """Read `NAME.toml`; without one everything has its default."""
    if not path.exists():
        return DocumentSettings()
    try:
        return DocumentSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CorpusError(path.name, None, f"is not TOML ({error}); mend the line") from error
    except OSError as error:
        raise CorpusError(path.name, None, f"cannot be read ({error.strerror}); check its rights") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        known = ", ".join(DocumentSettings.model_fields)
        raise CorpusError(
            path.name, None, f"found a problem at '{key}' ({first['msg'].lower()}), expected the keys {known}; mend it"
        ) from error


def _settings_findings(document: Document) -> list[Finding]:
    """Return what the settings name that the text does not have."""
    findings = [
        Finding(
            "defect",
            1,
            f"{document.name}.toml names passage {name!r}, expected an id of the text; see 'rct-assistant corpus show'",
        )
        for name in (*document.standing, *filter(None, [document.not_a_substitute]))
        if name not in document.by_id
    ]
    if not findings and document.standing:
        first = document.by_id[document.standing[0]].provenance
        if not first.sources or first.llm != "none":
            findings.append(
                Finding(
                    "defect",
                    1,
                    f"{document.name}.toml puts {document.standing[0]!r} first under 'standing', expected a passage"
                    " with a source number and no LLM mark; reorder",
                )
            )
    return findings
