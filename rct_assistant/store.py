"""Keep one derived folder of files: built aside by one process under a lock, checked, moved into place, never trusted.

A manifest inside the folder names what it was made from and the hash of every file. Whoever opens the store checks both and
gets a private copy, so that no two processes ever share a file. Any doubt means: build again. What the files mean is `index`'s
business; nothing here knows of vectors or questions.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rct_assistant.errors import StoreError
from rct_assistant.hashes import folder_hashes

_MANIFEST = "manifest.json"
_LOCK_SECONDS = 600
_COPY_PREFIX = "rct-assistant-"

Build = Callable[[Path], dict[str, Any]]
Check = Callable[[Path], str]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Opened:
    """A private copy of the store with its manifest; `close` removes the copy."""

    folder: Path
    manifest: dict[str, Any]

    def close(self) -> None:
        """Remove the private copy."""
        shutil.rmtree(self.folder, ignore_errors=True)


def open_store(place: Path, made_from: dict[str, Any], *, build: Build, check: Check, say: Say) -> Opened:
    """Return a private copy of the store at `place`, building it first if it is missing, stale or damaged.

    Args:
        place: the store's folder.
        made_from: JSON values that decide whether a store is up to date.
        build: writes the files into the empty folder it is given and returns what the manifest should say of them.
        check: opens a copy and returns what is wrong with it, or an empty string.
        say: told in one line why something is built.

    Raises:
        StoreError: the store cannot be built, or another process holds the lock for too long.
    """
    with _lock(place, say) as writable:
        doubt = _doubt(place, made_from)
        if not doubt:
            opened = _copy(place)
            doubt = check(opened.folder)
            if not doubt:
                return opened
            opened.close()
        if doubt != "missing":
            say(f"The index is rebuilt: {doubt}.")
        return _build(place, made_from, build=build, check=check, keep=writable)


@contextmanager
def _lock(place: Path, say: Say) -> Iterator[bool]:
    """Hold the store's lock; yield whether the store can be written. A place that cannot be written needs no lock."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say("Another process is preparing the index; waiting for it.")
            lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout as error:
        raise StoreError(
            f"another process has held {place.with_suffix('.lock')} for {_LOCK_SECONDS} seconds, expected it to finish;"
            " end it and try again"
        ) from error
    except OSError:
        if _doubt(place, {}) == "missing":
            say(
                f"{place.parent} cannot be written: the index is built for this run only. Set RCT_ASSISTANT_DATA to"
                " keep it."
            )
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _doubt(place: Path, made_from: dict[str, Any]) -> str:
    """Return why the store cannot be used as it is, or an empty string."""
    if not place.exists():
        return "missing"
    try:
        manifest = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
        recorded, files = dict(manifest["made_from"]), dict(manifest["files"])
        found = _hashes(place)
    except (OSError, ValueError, KeyError, TypeError):
        return "its manifest cannot be read"
    for key, value in made_from.items():
        if (before := recorded.get(key)) != value:
            return f"the {key} changed{_which(before, value)}"
    if found != files:
        broken = sorted(name for name in {*found, *files} if found.get(name) != files.get(name))
        return f"{broken[0]} is not as it was written"
    return ""


def _which(before: Any, now: Any) -> str:
    """Return in brackets which of several named values are no longer what they were, or nothing if they have no names."""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        return ""
    return f" ({', '.join(sorted(name for name in {*before, *now} if before.get(name) != now.get(name)))})"


def _hashes(folder: Path) -> dict[str, str]:
    """Map the relative paths of all files but the manifest to their sha256."""
    return {name: value for name, value in folder_hashes(folder).items() if name != _MANIFEST}


def _build(place: Path, made_from: dict[str, Any], *, build: Build, check: Check, keep: bool) -> Opened:
    """Build aside, check, move into place if the place can be kept, and return a private copy."""
    try:
        if keep:
            for left_over in place.parent.glob(f".{place.name}-*"):
                shutil.rmtree(left_over, ignore_errors=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent if keep else None))
    except OSError as error:
        raise StoreError(
            f"found no place to build the index in ({error}), expected a folder that can be written; set"
            " RCT_ASSISTANT_DATA or TMPDIR"
        ) from error
    try:
        details = build(aside)
        manifest = {"made_from": made_from, "files": _hashes(aside), **details}
        (aside / _MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
        opened = _copy(aside)
        if doubt := check(opened.folder):
            opened.close()
            raise StoreError(
                f"the index that was just built fails its check ({doubt}), expected it to find its own passages; try"
                " again"
            )
        if keep:
            _move(aside, place)
        return opened
    except OSError as error:
        raise StoreError(
            f"the index cannot be written ({error}), expected free space and rights at {aside.parent}; make room or set"
            " RCT_ASSISTANT_DATA"
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _move(aside: Path, place: Path) -> None:
    """Put the new store where the old one was; a crash in between leaves no store, which means a rebuild."""
    shutil.rmtree(place, ignore_errors=True)
    os.replace(aside, place)


def _copy(folder: Path) -> Opened:
    """Copy a store to a private folder."""
    target: Path | None = None
    try:
        target = Path(tempfile.mkdtemp(prefix=_COPY_PREFIX))
        shutil.copytree(folder, target, dirs_exist_ok=True)
        manifest = json.loads((target / _MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        if target is not None:
            shutil.rmtree(target, ignore_errors=True)
        raise StoreError(
            f"the index cannot be copied ({error}), expected about 200 MB free for temporary files; make room or set"
            " TMPDIR"
        ) from error
    return Opened(target, manifest)
