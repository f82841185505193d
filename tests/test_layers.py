"""What the package must not contain, and which module may know which."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rct_assistant.document import Document
from tests.conftest import ROOT

PACKAGE = ROOT / "rct_assistant"
MODULES = sorted(PACKAGE.rglob("*.py"))
FILES = sorted(path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".toml", ".css", ".js"})

# Each module may import those above it, and none below.
ORDER = [
    "errors", "document", "marks", "reader", "bank", "corpus", "response", "citations", "render", "messages", "verify",
    "settings", "query", "rules", "spelling", "hashes", "adapter", "embeddings", "store", "kernel", "fit", "train", "index",
    "retrieve", "search", "filters", "extract", "parts", "policy", "notices", "conversation", "decision", "assistant", "terminal",
    "web", "cli",
]  # fmt: skip


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def test_no_heading_and_no_five_words_of_the_document_stand_in_the_package(rct: Document) -> None:
    own = words(rct.text)
    runs = {tuple(own[i : i + 5]) for i in range(len(own) - 4)}
    headings = [section.title.lower() for section in rct.sections if len(section.title.split()) > 1]
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        found = words(text)
        assert not runs & {tuple(found[i : i + 5]) for i in range(len(found) - 4)}, path
        assert not [heading for heading in headings if heading in text.lower()], path


def imported(path: Path) -> set[str]:
    """Return the package's own modules that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rct_assistant."):
            names.add(node.module.split(".")[1])
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
    return names


@pytest.mark.parametrize("path", [p for p in MODULES if p.stem not in ("__init__", "__main__")], ids=lambda p: p.stem)
def test_a_module_imports_only_those_above_it(path: Path) -> None:
    own = "web" if path.parent.name == "web" else path.stem
    assert own in ORDER, f"{own} has no place in the order of modules"
    below = set(ORDER[ORDER.index(own) + 1 :])
    assert not imported(path) & below


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name != "web"], ids=lambda p: p.stem)
def test_heavy_libraries_are_imported_late_and_in_their_place(path: Path) -> None:
    allowed = {
        "embeddings": {"torch", "langchain", "langchain_core", "transformers"},
        "index": {"chromadb", "langchain_chroma", "langchain_core"},
        "retrieve": {"langchain_core", "bm25s"},
        "fit": {"sklearn", "scipy"},
        "kernel": {"sklearn", "scipy", "torch"},
        "train": {"torch"},
    }
    heavy = {"torch", "transformers", "langchain", "langchain_core", "langchain_chroma", "langchain_huggingface",
             "sentence_transformers", "chromadb", "gradio", "sklearn", "scipy", "bm25s"}  # fmt: skip
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    assert found & heavy <= allowed.get(path.stem, set())


def test_the_package_never_imports_the_evaluation() -> None:
    assert not [
        path for path in MODULES if re.search(r"^\s*(?:from|import) eval\b", path.read_text(encoding="utf-8"), re.M)
    ]


def test_only_settings_and_the_model_loader_read_the_environment() -> None:
    readers = [path.stem for path in MODULES if "os.environ" in path.read_text(encoding="utf-8")]
    assert set(readers) <= {"embeddings", "app", "server", "__init__"}


def test_files_and_functions_stay_short() -> None:
    sizes = []
    for path in [*MODULES, *sorted((ROOT / "eval").rglob("*.py"))]:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 300, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                size = node.end_lineno - node.lineno + 1
                assert size <= 50, f"{path}: {node.name} has {size} lines"
                sizes.append(size)
    assert sorted(sizes)[int(0.9 * len(sizes))] <= 30
