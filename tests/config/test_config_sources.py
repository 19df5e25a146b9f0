"""sources.py: files and the environment."""

from pathlib import Path

import pytest

from smsgw.config import (
    load,
    load_env,
)
from tests.config.loading import CANARY, refused


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"[providers.main]\npassword = {CANARY}\n", "is not valid TOML at line 2, column"),
        (f'[providers.main]\npassword = "{CANARY}\n', "is not valid TOML at line 2, column"),
        (f'[providers.main]\npassword = "{CANARY}', "is not valid TOML at end of document"),
        (f'password = "{CANARY}"\npassword = "{CANARY}"\n', "is not valid TOML at line 2, column"),
        (f'"{CANARY}"', "is not valid TOML at end of document"),
        (f"x = {'9' * 5000}\ny = '{CANARY}'", "is not valid TOML: a text"),
        (f"# {CANARY}\npassword = '\udcff{CANARY}'", "line 2 is not UTF-8; save the file as UTF-8"),
        ("", "providers: is missing"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_by_its_line(tmp_path: Path, content: str, says: str) -> None:
    """The path and the line are named, nothing of what stands there."""
    path = tmp_path / "smsgw.toml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    error = refused(lambda: load(path))
    assert says in error
    assert error.startswith(str(path)) or not content


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and a folder are refused by their path and the system's reason."""
    missing = tmp_path / "app@prod" / "smsgw.toml"
    assert refused(lambda: load(missing)) == f"{missing}: cannot be read: No such file or directory"
    assert refused(lambda: load(str(tmp_path))) == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.parametrize(
    "source",
    [
        f"iba://user:{CANARY}@gate.example/",
        f'[providers.iba]\npassword = "{CANARY}"',
        f"providers={{iba={{password='{CANARY}'}}}}",
        f'iba.password="{CANARY}"',
    ],
)
def test_what_is_no_path_is_not_repeated_as_one(source: str) -> None:
    """A DSN, or TOML itself, given for a path does not come back in the error."""
    assert "not shown" in refused(lambda: load(source))
    assert "not shown" in refused(lambda: load_env({"SMSGW_CONFIG": source}))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; write the password there"),
        (f"\n{CANARY}".encode(), "is empty; write the password there"),
        (f"{CANARY}\xff".encode("latin-1"), "is not UTF-8 text"),
    ],
)
def test_a_password_file_without_a_password_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """An empty first line, or one that is no text, is refused by the file's name."""
    (tmp_path / "pass.txt").write_bytes(content)
    path = tmp_path / "smsgw.toml"
    path.write_text("[providers.main]\ndriver = 'iba'\nlogin = 'u'\npassword_file = 'pass.txt'\n")
    error = refused(lambda: load(path))
    assert error.startswith("providers.main.password_file: ")
    assert str(tmp_path / "pass.txt") in error
    assert says in error


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "set SMSGW_CONFIG to the path of a TOML file, or SMSGW_DSN"),
        (
            {"SMSGW_CONFIG": "", "SMSGW_DSN": "  "},
            "set SMSGW_CONFIG to the path of a TOML file, or SMSGW_DSN",
        ),
        (
            {"SMSGW_CONFIG": "a.toml", "SMSGW_DSN": f"iba://u:{CANARY}@"},
            "SMSGW_CONFIG and SMSGW_DSN are both set",
        ),
        ({"SMSGW_CONFIG": "no.toml"}, "no.toml: cannot be read"),
        ({"SMSGW_DSN": f"iba://u:{CANARY}"}, "DSN 1: write driver://login:password@host"),
        (
            {"SMSGW_DSN": f"targetsms://u:p@ iba://u:cut {CANARY}@h"},
            "DSN 2: write driver://login:password@host",
        ),
    ],
)
def test_the_environment_names_one_source(environ: dict[str, str], says: str) -> None:
    """Neither variable, both, or one that leads nowhere is an error; an empty one is not set."""
    assert refused(lambda: load_env(environ)).startswith(says)


def test_the_environments_file_finds_its_passwords_in_the_same_environment(tmp_path: Path) -> None:
    """`environ` is where SMSGW_CONFIG and the file's `password_env` are both looked up."""
    path = tmp_path / "smsgw.toml"
    path.write_text("[providers.targetsms]\nlogin = 'u'\npassword_env = 'P'\n")
    settings = load_env({"SMSGW_CONFIG": str(path), "P": "secret", "SMSGW_DSN": ""})
    assert settings.providers["targetsms"].password == "secret"
