"""Queries and loads of BigQuery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask

BOTH = "Both dataset_id and table must be provided."


def _ended(job: Any) -> Any:
    """Wait for the end of a job and give its result; what stops the task cancels the job."""
    try:
        return job.result()
    except Exception:
        raise
    except BaseException:
        job.cancel()
        raise


class BigQueryBase(DeclaredTask):
    """A task for one project.

    Args:
        project: absent means that of the credentials.
        location: where the data lies.
        credentials: the fields of a service account; else the local secret ``GCP_CREDENTIALS``; else Google's own
            search.
    """

    known_as: ClassVar[dict[str, str]] = {"google.cloud.bigquery": "bigquery"}
    packages: ClassVar[tuple[str, ...]] = ("google.cloud.bigquery",)
    project: str | None = None
    location: str = "US"
    credentials: dict[str, Any] | None = None

    def bigquery(self) -> Any:
        """Give a client."""
        from prefect.utilities.gcp import get_bigquery_client

        self.module("google.cloud.bigquery")
        return (self.carried("get_bigquery_client") or get_bigquery_client)(self.credentials, self.project)

    def types(self) -> Any:
        """Give the module with the classes of jobs, tables and parameters."""
        return self.module("google.cloud.bigquery")


class BigQueryTask(
    BigQueryBase,
    init="query query_params project location dry_run_max_bytes dataset_dest table_dest to_dataframe job_config",
    run="query query_params project location dry_run_max_bytes credentials dataset_dest table_dest to_dataframe "
    "job_config",
):
    """Runs a query and gives its rows, or writes them into a table.

    Args:
        query_params: ``(name, type, value)`` for each ``@name`` in the query.
        dry_run_max_bytes: refuse a query that would read more.
        dataset_dest, table_dest: the table for the rows; both or none.
        to_dataframe: give a frame of pandas.
        job_config: fields of ``QueryJobConfig``.
    """

    empties: ClassVar[dict[str, type]] = {"job_config": dict}
    needs: ClassVar[dict[str, str]] = {"query": "No query provided."}
    query: str | None = None
    query_params: list[tuple[Any, ...]] | None = None
    dry_run_max_bytes: int | None = None
    dataset_dest: str | None = None
    table_dest: str | None = None
    to_dataframe: bool = False
    job_config: dict[str, Any] | None = None

    def work(self) -> Any:
        """Run the query.

        Returns:
            A list of rows; a frame with ``to_dataframe``.

        Raises:
            ValueError: it would read too much, or half a destination.
        """
        if bool(self.dataset_dest) != bool(self.table_dest):
            raise ValueError(
                self.complaint(
                    "Both `dataset_dest` and `table_dest` must be provided if writing to a destination table.",
                    "table_dest" if self.dataset_dest else "dataset_dest",
                )
            )
        types, client = self.types(), self.bigquery()
        config = types.QueryJobConfig(**(self.job_config or {}))
        if self.query_params:
            config.query_parameters = [types.ScalarQueryParameter(*parameter) for parameter in self.query_params]
        if self.dry_run_max_bytes is not None:
            self._check_size(client, config)
        if self.dataset_dest:
            config.destination = client.dataset(self.dataset_dest).table(self.table_dest)
        rows = _ended(client.query(self.query, location=self.location, job_config=config))
        return rows.to_dataframe() if self.to_dataframe else list(rows)

    def _check_size(self, client: Any, config: Any) -> None:
        config.dry_run, config.use_query_cache = True, False
        size = client.query(self.query, location=self.location, job_config=config).total_bytes_processed
        if size > self.dry_run_max_bytes:
            raise ValueError(
                self.complaint(
                    f"Query will process {size} bytes which is above the set maximum of {self.dry_run_max_bytes} for "
                    "this task.",
                    "dry_run_max_bytes",
                )
            )
        config.dry_run, config.use_query_cache = False, True


class BigQueryStreamingInsert(
    BigQueryBase,
    init="dataset_id table project location",
    run="records dataset_id table project location credentials",
):
    """Adds rows to a table.

    Args:
        records: a list of mappings.
        **kwargs: handed to ``insert_rows_json``.
    """

    keeps_further: ClassVar[bool] = True
    needs: ClassVar[dict[str, str]] = {"dataset_id": BOTH, "table": BOTH}
    records: list[dict[str, Any]]
    dataset_id: str | None = None
    table: str | None = None

    def work(self) -> list[Any]:
        """Add the rows; give the answer of BigQuery, an empty list.

        Raises:
            ValueError: rows were refused; says why.
        """
        client = self.bigquery()
        table = client.dataset(self.dataset_id).table(self.table)
        answer: list[Any] = client.insert_rows_json(table=table, json_rows=self.records, **self.further)
        faults = [row["errors"] for row in answer if row.get("errors")]
        if faults:
            raise ValueError(faults)
        return answer


class _Load(BigQueryBase):
    """Loads data into a table.

    Args:
        schema: a list of ``SchemaField``; absent means that BigQuery guesses.
        **kwargs: fields of ``LoadJobConfig``.
    """

    keeps_further: ClassVar[bool] = True
    needs: ClassVar[dict[str, str]] = {"dataset_id": BOTH, "table": BOTH}
    dataset_id: str | None = None
    table: str | None = None
    schema: list[Any] | None = None

    def destination(self, client: Any) -> tuple[Any, Any]:
        """Give the table and how it is loaded."""
        how = {"autodetect": self.further.get("autodetect", True)} if not self.schema else {}
        config = self.types().LoadJobConfig(**{**how, **self.further})
        if self.schema:
            config.schema = self.schema
        return client.dataset(self.dataset_id).table(self.table), config


class BigQueryLoadGoogleCloudStorage(_Load, args="uri dataset_id table project schema location", run="+ credentials"):
    """Loads objects of Cloud Storage into a table, and waits for the end of that.

    Args:
        uri: ``gs://bucket/object``, or a list of them; ``*`` stands for any text.
        schema: a list of ``SchemaField``; absent means that BigQuery guesses.
        **kwargs: fields of ``LoadJobConfig``.
    """

    uri: str | list[str] | None = None

    def work(self) -> Any:
        """Load them, and give the job."""
        client = self.bigquery()
        table, config = self.destination(client)
        job = client.load_table_from_uri(self.uri, table, location=self.location, job_config=config)
        _ended(job)
        return job


class BigQueryLoadFile(
    _Load, args="file rewind size num_retries dataset_id table project schema location", run="+ credentials"
):
    """Loads a file into a table, and waits for the end of that.

    Args:
        file: its path.
        rewind: begin at its start.
        size: bytes of it to load; absent means all.
        num_retries: of the upload.
        schema: a list of ``SchemaField``; absent means that BigQuery guesses.
        **kwargs: fields of ``LoadJobConfig``.
    """

    needs: ClassVar[dict[str, str]] = {**_Load.needs, "file": "A string or path-like object must be provided."}
    file: str | Path | None = None
    rewind: bool = False
    size: int | None = None
    num_retries: int = 6

    def work(self) -> Any:
        """Load it, and give the job.

        Raises:
            ValueError: there is no such file.
        """
        path = Path(str(self.file))
        if not path.is_file():
            raise ValueError(self.complaint(f"File {path} does not exist.", "file"))
        client = self.bigquery()
        table, config = self.destination(client)
        with path.open("rb") as file:
            job = client.load_table_from_file(
                file, table, self.rewind, self.size, self.num_retries, location=self.location, job_config=config
            )
        _ended(job)
        return job


class CreateBigQueryTable(
    BigQueryBase,
    init="project dataset table schema clustering_fields time_partitioning",
    run="project credentials dataset table schema",
):
    """Makes a table, and its dataset if there is none.

    Args:
        schema: a list of ``SchemaField``.
        time_partitioning: a ``TimePartitioning``.
    """

    dataset: str | None = None
    table: str | None = None
    schema: list[Any] | None = None
    clustering_fields: list[str] | None = None
    time_partitioning: Any = None
    needs: ClassVar[dict[str, str]] = {
        "dataset": "A dataset must be provided.",
        "table": "A table must be provided.",
    }

    def work(self) -> None:
        """Make the table.

        Raises:
            SUCCESS: it is there already.
        """
        from prefect.engine.signals import SUCCESS

        missing = self.module("google.cloud.exceptions").NotFound
        client, types = self.bigquery(), self.types()
        try:
            dataset = client.get_dataset(self.dataset)
        except missing:
            self.logger.debug("Dataset %s not found, creating...", self.dataset)
            dataset = client.create_dataset(self.dataset)
        place = dataset.table(self.table)
        try:
            client.get_table(place)
        except missing:
            self.logger.debug("Table %s not found, creating...", self.table)
            table = types.Table(place, schema=self.schema)
            if self.time_partitioning:
                table.time_partitioning = self.time_partitioning
            if self.clustering_fields:
                table.clustering_fields = self.clustering_fields
            client.create_table(table)
            return
        raise SUCCESS(message=f"{self.dataset}.{self.table} already exists.")


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "bigquery": "google.cloud.bigquery:",
            "get_bigquery_client": "prefect.utilities.gcp",
        },
    )
