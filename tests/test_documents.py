"""What the documents name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
_PATH = re.compile(r"`((?:tests|smsgw|examples|benchmarks|docs)/[\w./*-]+)`")
_SESSION = re.compile(r"nox -s ([\w-]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_a_document_names_exist(document: Path) -> None:
    """A promise whose test has moved would be a promise without one."""
    for named in _PATH.findall(document.read_text(encoding="utf-8")):
        assert list(ROOT.glob(named)), f"{document.name} names {named}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_sessions_that_a_document_names_exist(document: Path) -> None:
    """Its commands can be typed as they stand."""
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    for session in _SESSION.findall(document.read_text(encoding="utf-8")):
        assert re.search(rf'def {session}\(|name="{session}"', noxfile), f"{document.name} names {session}"
