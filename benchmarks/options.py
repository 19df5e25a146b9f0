"""What the scripts' command lines share: their help is the script's docstring, and a bad argument gets one line."""

import argparse

__all__ = ["parser", "positive"]


def positive(text: str) -> int:
    """A count: 1 or more, with or without underscores."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return value


def parser(
    description: str | None, *, recipients: int | None = None, pairs: int | None = None
) -> argparse.ArgumentParser:
    """With `--recipients` and `--pairs` where they have a default."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if recipients is not None:
        made.add_argument(
            "--recipients", type=positive, default=recipients, help=f"in each turn (default {recipients})"
        )
    if pairs is not None:
        made.add_argument("--pairs", type=positive, default=pairs, help=f"turns of each (default {pairs})")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON instead of tables")
    form.add_argument("--markdown", action="store_true", help="print Markdown instead of tables")
    return made
