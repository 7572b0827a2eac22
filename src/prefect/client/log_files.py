"""The log of a flow run as a file, as the server writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prefect.client.connection import Connection

__all__ = ["LogFiles"]


class LogFiles(Connection):
    """Asks for logs as files."""

    def download_flow_run_logs(
        self,
        flow_run_id: str,
        file_format: str = "txt",
        *,
        levels: Iterable[str] = (),
        text: str | None = None,
        task_run_id: str | None = None,
    ) -> Iterator[bytes]:
        """Give the log of a flow run in parts, oldest line first, however long it is.

        Args:
            file_format: ``txt``, ``jsonl`` (a JSON object a line) or ``csv``.
            levels: only lines of these; none means all.
            text: only lines with this in their message, in any case.
            task_run_id: only lines of this task run.

        Raises:
            ClientError: there is no such run, a filter is wrong, the server is older than 1.5, or, while parts are
                taken, the connection broke.
        """
        filters = {"level": ",".join(levels), "q": text or "", "task_run_id": task_run_id or ""}
        given = {name: value for name, value in filters.items() if value}
        return self.download(f"flow-run/{flow_run_id}/logs.{file_format}", given)
