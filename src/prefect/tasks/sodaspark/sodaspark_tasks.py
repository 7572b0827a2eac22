"""Scans of Soda Spark, which its maker has given up for Soda Core."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class SodaSparkScan(DeclaredTask, args="scan_def df"):
    """Scans a frame of Spark.

    Args:
        scan_def: path of a definition, or its text (YAML).
        df: the frame.
    """

    packages: ClassVar[tuple[str, ...]] = ("sodaspark.scan",)
    needs: ClassVar[dict[str, str]] = {"scan_def": "scan_def cannot be None", "df": "df cannot be None"}
    scan_def: str | None = None
    df: Any = None

    def work(self) -> Any:
        """Scan it, and give the results."""
        return self.module("sodaspark.scan").execute(scan_definition=self.scan_def, df=self.df)
