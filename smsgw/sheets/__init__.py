"""CSV files of recipients, read a row at a time, and the texts that their columns fill."""

from smsgw.sheets.faults import SheetError
from smsgw.sheets.formulas import as_text, as_written
from smsgw.sheets.header import PHONE
from smsgw.sheets.sheet import Sheet, SheetRow
from smsgw.sheets.template import Template

__all__ = ["PHONE", "Sheet", "SheetError", "SheetRow", "Template", "as_text", "as_written"]
