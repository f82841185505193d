"""The wheel carries the corpus and works where it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.conftest import CORPUS, ROOT


def test_the_wheel_carries_the_corpus_and_works_elsewhere(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("rct_assistant-*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
    assert (installed / "rct_assistant" / "_corpus" / "rct.txt").read_bytes() == (CORPUS / "rct.txt").read_bytes()
    assert (installed / "rct_assistant" / "rules.toml").exists()
    variables = {name: value for name, value in os.environ.items() if not name.startswith("RCT_ASSISTANT_")}
    done = subprocess.run(
        [sys.executable, "-c", "from rct_assistant.cli import main; main()", "corpus", "check"],
        env={**variables, "PYTHONPATH": str(installed)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "rct.txt: 75 passages" in done.stdout
    code = "import rct_assistant; print(rct_assistant.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", code],
        env={**variables, "PYTHONPATH": str(installed)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(installed) in where.stdout
