"""The commands of `smsgw`: thin, in typer and rich; they need the extra `cli`."""
