"""The hashes by which models, derived data and replies are told from others. Nothing here knows what they mean."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def hash_of(value: Any) -> str:
    """Return the sha256 of a JSON value; the order of its keys makes no difference."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def folder_hashes(folder: Path) -> dict[str, str]:
    """Map the relative paths of a folder's files to their sha256; raises OSError where one cannot be read."""
    hashes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                hashes[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes
