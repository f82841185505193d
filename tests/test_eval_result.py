"""Result files, gates, pages, comparisons and the command line, on a small result without a model."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from eval import gate, page, report
from eval.__main__ import main
from eval.compare import compare
from eval.outcome import Outcome
from eval.pairs import pairs
from eval.result import Result, Row, load, save
from eval.run import Selection, run, select
from eval.summary import Figure, rates
from eval.words import failures_first, number, problems
from rct_assistant.errors import UsageError
from tests.test_eval_score import FACT, MISS, QUESTIONS, view

ANSWERED_MISS = Outcome("answer", ("b",), ("b",), 0.8)


def result(name: str = "dev", split: str = "dev", **changed: Outcome) -> Result:
    """Return a small result."""
    seen = view(**changed)
    rows = [
        Row(q.id, q.kind, q.text, [], q.expected, seen.outcomes[q.id].decision, None, [], [list(g) for g in q.gold], [], [],
            seen.outcomes[q.id].score, seen.values[q.id], False)
        for q in QUESTIONS
    ]  # fmt: skip
    return Result(
        name=name,
        split=split,
        made={"commit": "abc", "answers": "aaa", "constants": {"extract.RELEVANT": 0.3}},
        counts={q.kind: 1 for q in QUESTIONS},
        near_copies={},
        rates=rates(seen, frozenset()),
        pairs=pairs(["recall"], ("assistant", "other"), seen.values, seen.values, {}),
        broken=[],
        checks={"replies": 4},
        curves={"assistant": [(0.5, 0.0), (1.0, 0.25)]},
        latency={"total": [float(step) for step in range(101)]},
        reliability=[(0.2, 0.0, 2), (0.8, 1.0, 2)],
        values={"assistant": dict(seen.values)},
        rows=rows if split != "test" else [],
    )


def test_a_limit_takes_from_all_kinds_in_turn():
    many = [replace(FACT, id=f"f{i}") for i in range(5)] + [replace(MISS, id=f"m{i}") for i in range(2)]
    assert [q.id for q in select(many, Selection(limit=5))] == ["f0", "f1", "f2", "m0", "m1"]
    assert [q.id for q in select(many, Selection(kinds=("near_miss",)))] == ["m0", "m1"]
    assert [q.id for q in select(many, Selection(ids=("f3",)))] == ["f3"]


def test_test_shows_no_single_results():
    with pytest.raises(UsageError, match="no single results"):
        select(QUESTIONS, Selection(split="test", limit=3))
    with pytest.raises(UsageError, match="no single results"):
        run(Selection(split="test", ids=("x",)), name="x", console=Console())


def test_a_result_survives_its_file(tmp_path: Path):
    one = result()
    path = save(one, tmp_path)
    again = load(path)
    assert (again.counts, again.pairs, again.latency) == (one.counts, one.pairs, one.latency)
    assert [(row.id, row.gold, row.replied) for row in again.rows] == [
        (row.id, row.gold, row.replied) for row in one.rows
    ]
    assert again.values["assistant"]["list-1"] == pytest.approx(one.values["assistant"]["list-1"], abs=1e-6)
    assert [rate.measure for rate in again.rates] == [rate.measure for rate in one.rates]
    assert save(again, tmp_path / "again").read_bytes() == path.read_bytes()


def test_the_file_of_test_names_no_question(tmp_path: Path):
    path = save(result("test", "test"), tmp_path)
    text = path.read_text(encoding="utf-8")
    assert all(question.id not in text and question.text not in text for question in QUESTIONS)
    unpacked = load(path)
    assert unpacked.rows == []
    assert all(question.id not in name for name in unpacked.values["assistant"] for question in QUESTIONS)
    assert all(question.text not in page.page(unpacked) for question in QUESTIONS)


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": 0}', '{"schema": 1, "name": "x"}'])
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, content: str):
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="expected a result"):
        load(path)


def test_a_broken_gate_has_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    good, bad = result("good"), replace(result("bad"), broken=["fact-1: fidelity: statements[0] quotes other words"])
    assert main(["gate", str(save(good, tmp_path))]) == 0
    assert main(["gate", str(save(good, tmp_path)), str(save(bad, tmp_path))]) == 1
    assert "quotes other words" in capsys.readouterr().out


def test_targets_are_held_against_the_right_end_of_an_interval():
    above, below = gate.Target("m", "all", ">=", 0.97, "low"), gate.Target("m", "all", "<=", 0.02)
    assert not above.met(Figure(1.0, 100, 0.963, 1.0))
    assert above.met(Figure(1.0, 150, 0.975, 1.0))
    assert below.met(Figure(0.02, 100, 0.0, 0.07))
    assert gate.Checked(above, Figure(1.0, 39, 0.91, 1.0)).verdict == "too few"
    assert gate.Checked(above, None).verdict == "not measured"


def test_failures_come_first():
    rows = result(miss_1=ANSWERED_MISS).rows
    assert [row.id for row in failures_first(rows)] == ["miss-1", "list-1", "fact-1", "line-1"]


class Checker(HTMLParser):
    """Notes what a page fetches or runs."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_is_whole_and_escapes_every_text():
    evil = "<script>alert('x')</script> & <img src=x>"
    one = result()
    first = replace(one.rows[0], question=evil, history=[evil], gold=[[evil]], missed=[evil], notices=[evil])
    rows = [first, *one.rows[1:]]
    written = page.page(replace(one, rows=rows, broken=[evil], notes=[evil]))
    checker = Checker()
    checker.feed(written)
    assert (checker.fetched, checker.scripts) == ([], 1)
    assert evil not in written
    assert "&lt;img src=x&gt;" in written
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", written)


def test_the_page_says_what_is_good_bad_and_next():
    written = page.page(result())
    assert all(words in written for words in ("In short", "Good:", "Bad:", "the kinds least often right: list (0"))
    assert written.count("<svg") == 4


def test_the_terminal_report_and_the_table():
    console = Console(record=True, width=160, file=io.StringIO())
    report.show(result(), console)
    text = console.export_text()
    assert "Gates hold" in text
    assert "near miss refused" in text
    table = report.markdown([result(), result("test", "test")])
    assert table.splitlines()[0].startswith("| measure | target | dev (n) | test (n) |")
    assert "| citation recall | ≥ 0.95 | 0.750 [" in table


def test_a_comparison_finds_flips_and_changes():
    old = result("old", miss_1=ANSWERED_MISS)
    new = result("new", fact_1=Outcome("not_in_source", (), ("a",), 0.3))
    new = replace(new, made=new.made | {"constants": {"extract.RELEVANT": 0.4}, "answers": "other"})
    found = compare(old, new)
    assert found.changes == ["answers: aaa → other", "constants.extract.RELEVANT: 0.3 → 0.4"]
    assert not found.same_answers
    assert found.flips == (1, 1)
    assert ([row.id for row in found.lost], [row.id for row in found.found]) == (["fact-1"], ["miss-1"])
    refused = next(pair for pair in found.pairs if pair.measure == "near miss refused")
    assert (refused.difference, refused.more, refused.less) == (1.0, 1, 0)


def test_results_of_test_are_compared_without_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    old = save(result("old", "test", miss_1=ANSWERED_MISS), tmp_path)
    new = save(result("new", "test"), tmp_path)
    assert main(["compare", str(old), str(new)]) == 0
    out = capsys.readouterr().out
    assert "0 questions were right and are not, 1 the reverse." in out
    assert not any(question.id in out for question in QUESTIONS)


def test_results_of_other_splits_are_not_compared():
    with pytest.raises(UsageError, match="expected the same split"):
        compare(result(), result("test", "test"))


def test_a_problem_is_named():
    wrong = result(miss_1=ANSWERED_MISS)
    assert problems(wrong.rows[2]) == ["expected not_in_source, replied answer"]
    assert problems(replace(wrong.rows[1], missed=["five"])) == [
        "1 of 2 parts of the answer missing",
        "leads with a passage beside the point",
    ]


def test_numbers():
    assert [number(value) for value in (0.12345, 12.345, 1234.5)] == ["0.123", "12.3", "1,234"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["gate", "none.json"],
        ["compare", "none.json"],
        ["run", "--split", "train"],
        ["run", "--kind", "riddle"],
        ["run", "--limit", "0"],
        ["run", "--split", "test", "--id", "x"],
        ["outside", "none.json"],
        ["nothing"],
    ],
)
def test_what_cannot_be_used_is_one_line_and_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("eval: ")


def test_a_squad_file_in_another_form_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"data": [{"title": "A", "paragraphs": [{"context": "abc", "qas": [{"id": 1}]}]}]}))
    assert main(["outside", str(path)]) == 2
    assert "expected SQuAD 2.0" in capsys.readouterr().err
