"""Scans of Soda SQL, which its maker has given up for Soda Core."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class SodaSQLScan(DeclaredTask, args="scan_def warehouse_def"):
    """Scans a table.

    Args:
        scan_def: path of a definition, or the definition as a mapping.
        warehouse_def: of the database: path or mapping.
    """

    packages: ClassVar[tuple[str, ...]] = ("sodasql.scan.scan_builder",)
    needs: ClassVar[dict[str, str]] = {
        "scan_def": "Scan definition cannot be None. Please provide either a path to a scan definition file or a scan "
        "definition dictionary",
        "warehouse_def": "Warehouse definition cannot be None. Please provide either a path to a warehouse definition "
        "file or a warehouse definition dictionary",
    }
    scan_def: str | Path | dict[str, Any] | None = None
    warehouse_def: str | Path | dict[str, Any] | None = None

    def work(self) -> Any:
        """Scan it, and give the results."""
        builder = self.module("sodasql.scan.scan_builder").ScanBuilder()
        for name, given in (("scan", self.scan_def), ("warehouse", self.warehouse_def)):
            if isinstance(given, dict):
                setattr(builder, f"{name}_yml_dict", given)
            else:
                setattr(builder, f"{name}_yml_file", str(given))
        return builder.build().execute()
