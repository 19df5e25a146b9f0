"""Files to be read."""

from collections.abc import Callable
from pathlib import Path

import pytest

Written = Callable[[str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """`written("phone\\n…")`: a file with this content."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "people.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
