"""Datasets of Azure Machine Learning, with the first version of its package."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask

_ABOUT = "dataset_name datastore path dataset_description dataset_tags"
_TIMES = "fine_grain_timestamp coarse_grain_timestamp"


class DatasetTask(DeclaredTask):
    """Makes a dataset of paths in a datastore and registers it.

    Args:
        datastore: the datastore; path: a path in it, or a list of them.
        create_new_version: when there is a dataset of this name.
    """

    packages: ClassVar[tuple[str, ...]] = ("azureml.core",)
    empties: ClassVar[dict[str, type]] = {"dataset_tags": dict}
    needs: ClassVar[dict[str, str]] = {
        "dataset_name": "A dataset_name must be provided.",
        "datastore": "A datastore must be provided.",
        "path": "A path must be provided.",
    }
    dataset_name: str | None = None
    datastore: Any = None
    path: str | Path | list[Any] | None = None
    dataset_description: str = ""
    dataset_tags: dict[str, str] | None = None
    create_new_version: bool = False

    def places(self) -> list[tuple[Any, str]]:
        paths = self.path if isinstance(self.path, list) else [self.path]
        return [(self.datastore, str(path)) for path in paths]

    def registered(self, dataset: Any) -> Any:
        return dataset.register(
            workspace=self.datastore.workspace,
            name=self.dataset_name,
            description=self.dataset_description,
            tags=self.dataset_tags or {},
            create_new_version=self.create_new_version,
        )


class TabularTask(DatasetTask):
    """Makes a table of files.

    Args:
        include_path: add a column with the path of each row's file.
        set_column_types: name of a column -> type.
        fine_grain_timestamp, coarse_grain_timestamp: columns with times.
        partition_format: what the paths tell.
    """

    include_path: bool = False
    set_column_types: dict[str, Any] | None = None
    fine_grain_timestamp: str | None = None
    coarse_grain_timestamp: str | None = None
    partition_format: str | None = None

    def timed(self, dataset: Any) -> Any:
        if not self.fine_grain_timestamp:
            return dataset
        return dataset.with_timestamp_columns(
            fine_grain_timestamp=self.fine_grain_timestamp,
            coarse_grain_timestamp=self.coarse_grain_timestamp,
            validate=True,
        )

    def tables(self) -> Any:
        return self.module("azureml.core.dataset").Dataset.Tabular


class DatasetCreateFromDelimitedFiles(
    TabularTask,
    args=f"{_ABOUT} include_path infer_column_types set_column_types {_TIMES} separator header partition_format "
    "create_new_version",
):
    """Makes a dataset of files with a line for each row.

    Args:
        infer_column_types: read the types from the files.
        separator: between two columns.
        header: a ``PromoteHeadersBehavior``; absent means that all files have the same headers.
    """

    infer_column_types: bool = True
    separator: str = ","
    header: Any = "ALL_FILES_HAVE_SAME_HEADERS"

    def work(self) -> Any:
        """Make the dataset and give it."""
        tables = self.tables()
        header = self.header
        if isinstance(header, str):
            types = self.module("azureml.data.dataset_type_definitions")
            header = getattr(types.PromoteHeadersBehavior, header)
        dataset = tables.from_delimited_files(
            path=self.places(),
            include_path=self.include_path,
            infer_column_types=self.infer_column_types,
            set_column_types=self.set_column_types,
            separator=self.separator,
            header=header,
            partition_format=self.partition_format,
        )
        return self.registered(self.timed(dataset))


class DatasetCreateFromParquetFiles(
    TabularTask,
    args=f"{_ABOUT} include_path set_column_types {_TIMES} partition_format create_new_version",
):
    """Makes a dataset of Parquet files."""

    def work(self) -> Any:
        """Make the dataset and give it."""
        dataset = self.tables().from_parquet_files(
            path=self.places(),
            include_path=self.include_path,
            set_column_types=self.set_column_types,
            partition_format=self.partition_format,
        )
        return self.registered(self.timed(dataset))


class DatasetCreateFromFiles(DatasetTask, args=f"{_ABOUT} create_new_version"):
    """Makes a dataset of files of any form."""

    def work(self) -> Any:
        """Make the dataset and give it."""
        dataset = self.module("azureml.core.dataset").Dataset.File.from_files(path=self.places())
        return self.registered(dataset)
