"""The result of a run as a file: everything a reader, a comparison or a gate needs, and nothing that differs between equal runs
but seconds.

For dev each question is in it. For test there are rates alone. The single values that a paired comparison needs are packed; for
test under hashed ids, so that nobody reads them by accident.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from eval.pairs import Pair
from eval.score import Values
from eval.summary import Figure, Rate
from rct_assistant.errors import UsageError

FOLDER = Path(__file__).parent / "results"
SCHEMA = 1
_PACKED = ("values", "clusters")
_NUMBERS = re.compile(r"\[[-\d.,\s]+\]")  # lists of numbers go on one line


@dataclass(frozen=True)
class Row:
    """One question of dev as the page shows it. `replied` is 'answer' or a refusal's reason; `cited` are passages with text."""

    id: str
    kind: str
    question: str
    history: list[str]
    expected: str
    replied: str
    rule: str | None
    notices: list[str]
    gold: list[list[str]]
    cited: list[dict[str, Any]]
    missed: list[str]
    score: float
    values: Values
    near_copy: bool


@dataclass(frozen=True)
class Result:
    """Everything about one run.

    made: what it was made from (versions, commit, hashes, settings); counts: questions by kind; broken: broken gates, one line
    each; checks: how much the gates looked at; curves: risk over coverage by system; latency: milliseconds at 101 quantiles by
    stage; values: each question's values by system, for comparisons; clusters: what is drawn anew together.
    """

    name: str
    split: str
    made: dict[str, Any]
    counts: dict[str, int]
    near_copies: dict[str, int]
    rates: list[Rate]
    pairs: list[Pair]
    broken: list[str]
    checks: dict[str, int]
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    latency: dict[str, list[float]] = field(default_factory=dict)
    reliability: list[tuple[float, float, int]] = field(default_factory=list)
    values: dict[str, dict[str, Values]] = field(default_factory=dict)
    clusters: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether single questions may be shown."""
        return self.split != "test"

    def rate(self, measure: str, kind: str = "all", system: str = "assistant") -> Rate | None:
        """Return one rate, or None where it was not measured."""
        found = (r for r in self.rates if (r.measure, r.kind, r.system) == (measure, kind, system))
        return next(found, None)


def save(result: Result, folder: Path = FOLDER) -> Path:
    """Write a result to `folder`/NAME.json and return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    value: dict[str, Any] = _rounded({"schema": SCHEMA} | asdict(result))
    packed = {key: value.pop(key) for key in _PACKED}
    if not result.open:
        packed["values"] = {system: _hashed(values) for system, values in packed["values"].items()}
        packed["clusters"] = _hashed(packed["clusters"])
    value["packed"] = _pack(packed)
    text = _NUMBERS.sub(lambda match: " ".join(match[0].split()), json.dumps(value, indent=1, ensure_ascii=False))
    path = folder / f"{result.name}.json"
    path.write_text(text + "\n", encoding="utf-8")
    return path


def load(path: Path) -> Result:
    """Read what `save` wrote.

    Raises:
        UsageError: there is no such file, or it is no result of this version.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"found no {path} ({error.strerror}), expected a result; run 'make eval' first") from error
    except ValueError as error:
        raise UsageError(f"found no JSON in {path} ({error}), expected a result; run 'make eval' again") from error
    if not isinstance(value, dict) or value.pop("schema", None) != SCHEMA:
        raise UsageError(f"found another form in {path}, expected a result of schema {SCHEMA}; run 'make eval' again")
    try:
        value |= _unpack(value.pop("packed"))
        value["rates"] = [_rate(rate) for rate in value["rates"]]
        value["pairs"] = [Pair(**pair) for pair in value["pairs"]]
        value["rows"] = [Row(**row) for row in value["rows"]]
        return Result(**{f.name: value[f.name] for f in fields(Result)})
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise UsageError(
            f"found a part of another form in {path} ({error}), expected a result; run it again"
        ) from error


def _rate(value: dict[str, Any]) -> Rate:
    without = value.pop("without")
    figure = Figure(**value.pop("figure"))
    return Rate(**value, figure=figure, without=Figure(**without) if without else None)


def _pack(value: dict[str, Any]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(value, sort_keys=True).encode(), 9)).decode()


def _unpack(packed: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return value


def _hashed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values under hashed ids."""
    return {hashlib.sha256(name.encode()).hexdigest()[:16]: value for name, value in values.items()}


def _rounded(value: Any) -> Any:
    """Return JSON values with floats cut to what can matter."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list | tuple) else value
