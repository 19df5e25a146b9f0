"""Texts that cells fill."""

import pytest

from smsgw.sheets import SheetError, Template

COLUMNS = ("phone", "Name", "first name", "")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hi {name}", "Hi Anna"),
        ("Hi { NAME }!", "Hi Anna!"),
        ("{First Name}{phone}", "A. M.79031234567"),
        ("{{{name}}} {name}{{}}", "{Anna} Anna{}"),
        ("100 % off, %s %(x)s %d%%, {name}", "100 % off, %s %(x)s %d%%, Anna"),
        ("{name}\n{name}\r\n", "Anna\nAnna\r\n"),
    ],
)
def test_it_fills(text: str, filled: str) -> None:
    """Cells stand where their columns are named, without regard to case and outer space; all else is as it was."""
    template = Template(text, COLUMNS)
    assert template.fill(["79031234567", "Anna", "A. M.", "x"]) == filled
    assert not template.is_constant


@pytest.mark.parametrize("cell", ["{phone}", "%s", "{{", "%(name)s", "\\1", ""])
def test_it_fills_plainly(cell: str) -> None:
    """What a cell holds is never read as a placeholder."""
    assert Template("<{name}> {phone}", COLUMNS).fill(["1", cell, "", ""]) == f"<{cell}> 1"
    assert Template("{name}", COLUMNS).fill(["1", cell, "", ""]) == cell


@pytest.mark.parametrize(("text", "filled"), [("Hi 5%", "Hi 5%"), ("{{a}} %s", "{a} %s"), ("", "")])
def test_a_constant(text: str, filled: str) -> None:
    """A text without placeholders is the same object for every row."""
    template = Template(text, COLUMNS)
    assert template.is_constant
    assert template.fill([]) == filled
    assert template.fill([]) is template.fill(["1", "2", "3", "4"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hi {nmae}", "no column nmae; did you mean Name?"),
        ("Hi {name.__class__}", 'no column "name.__class__"; known: '),
        ("Hi {name[0]}", 'no column "…"; known: '),
        ("Hi {name!r}", 'no column "…"; known: phone, Name, "first name"'),
        ("Hi {name:>9}", "no column"),
        ("Hi {}", "no column"),
        ("Hi {0}", "no column 0; known: "),
        ("Hi {name", "a single brace: write {{ or }} for a brace itself"),
        ("Hi name}", "a single brace"),
        ("Hi {{name}", "a single brace"),
    ],
)
def test_a_placeholder_that_is_none(text: str, said: str) -> None:
    """Nothing but {column} is a placeholder; all else in braces is one line that says what is wrong."""
    with pytest.raises(SheetError) as caught:
        Template(text, COLUMNS)
    assert str(caught.value).startswith(f"--text: {said}")
    with pytest.raises(SheetError, match=r"^--text-file: "):
        Template(text, COLUMNS, "--text-file")


def test_it_names_no_text() -> None:
    """A long piece of text in braces is not repeated in the error, nor is a column that may be a person's data."""
    with pytest.raises(SheetError) as caught:
        Template("Dear {Anna! Your password is CANARY}", ["phone", "79031234567"])
    assert "CANARY" not in str(caught.value)
    assert "7903" not in str(caught.value)
