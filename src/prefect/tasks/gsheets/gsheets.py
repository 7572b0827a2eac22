"""Rows of Google Sheets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask

_SHEET = "credentials_filename sheet_key worksheet_name"


class SheetTask(DeclaredTask):
    """A task for one sheet.

    Args:
        credentials_filename: path of the file of a service account.
        sheet_key: id of the document; worksheet_name: of the sheet in it.
    """

    known_as: ClassVar[dict[str, str]] = {"gspread": "gspread"}
    packages: ClassVar[tuple[str, ...]] = ("gspread",)
    needs: ClassVar[dict[str, str]] = {
        "credentials_filename": "The file of a service account must be provided.",
        "sheet_key": "A sheet key must be provided.",
        "worksheet_name": "A worksheet name must be provided.",
    }
    credentials_filename: str | Path | None = None
    sheet_key: str | None = None
    worksheet_name: str | None = None

    def sheet(self) -> Any:
        account = self.module("gspread").service_account(filename=self.credentials_filename)
        return account.open_by_key(self.sheet_key).worksheet(self.worksheet_name)


class WriteGsheetRow(SheetTask, init=_SHEET, run=f"data {_SHEET}"):
    """Adds a row.

    Args:
        data: its values.
    """

    data: list[Any]

    def work(self) -> dict[str, Any]:
        """Add the row and give the answer of Google."""
        answer: dict[str, Any] = self.sheet().append_row(self.data)
        return answer


class ReadGsheetRow(SheetTask, init=_SHEET, run=f"row {_SHEET}"):
    """Gives a row.

    Args:
        row: its number, from 1.
    """

    row: int

    def work(self) -> list[Any]:
        """Read the values of the row."""
        values: list[Any] = self.sheet().row_values(self.row)
        return values


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "gspread": "gspread:",
        },
    )
