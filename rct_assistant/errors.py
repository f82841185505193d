"""The exceptions of the package. Each message is one line: what was found, what was expected, what to do.

    AssistantError
    ├── UsageError        what a person typed or set cannot be used as it is
    ├── CorpusError       a document, its settings or its question bank cannot be read
    ├── ModelError        the embedding model is missing or is not the expected one
    └── StoreError        the index cannot be built or written

    VerificationError     a response does not follow from the documents: a bug here, so it keeps its traceback

A refusal is a value (`response.Refusal`), never an exception.
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base of every error that a person can cause or mend; the command line prints it as one line."""


class UsageError(AssistantError):
    """An argument, a setting or an input file cannot be used."""


class CorpusError(AssistantError):
    """A corpus file cannot be read; carries the file and, where known, the line."""

    def __init__(self, file: str, line: int | None, message: str) -> None:
        self.file = file
        self.line = line
        where = f"{file}:{line}" if line is not None else file
        super().__init__(f"{where}: {message}")


class ModelError(AssistantError):
    """The embedding model cannot be loaded."""


class StoreError(AssistantError):
    """The index cannot be built, written or opened."""


class VerificationError(Exception):
    """A response differs from what the documents give; carries each difference as one line."""

    def __init__(self, differences: list[str]) -> None:
        self.differences = differences
        super().__init__("; ".join(differences))
