"""Jobs of Databricks by their names."""

from __future__ import annotations

from prefect.tasks.databricks.databricks_hook import DatabricksTask


class DatabricksGetJobID(
    DatabricksTask,
    init="databricks_conn_secret search_limit polling_period_seconds databricks_retry_limit databricks_retry_delay",
    run="job_name databricks_conn_secret search_limit polling_period_seconds databricks_retry_limit "
    "databricks_retry_delay",
):
    """Finds the id of a job.

    Args:
        job_name: its whole name.
        search_limit: jobs in one answer of Databricks, at most 25.
    """

    job_name: str
    search_limit: int = 25

    def work(self) -> int:
        """Find the job and give its id.

        Raises:
            ValueError: no job has this name, or several have.
        """
        self.logger.info("Searching for job_ids with name: %s", self.job_name)
        found: list[int] = []
        offset, more = 0, True
        while more:
            asked = {"limit": self.search_limit, "offset": offset}
            page = self.ask("GET", "2.1/jobs/list", has="jobs?[].job_id jobs?[].settings.name", params=asked)
            jobs = page.get("jobs") or []
            found += [job["job_id"] for job in jobs if job["settings"]["name"] == self.job_name]
            offset += self.search_limit
            more = bool(page.get("has_more") and jobs)
        if not found:
            raise ValueError(self.complaint(f"Job with name '{self.job_name}' not found", "job_name"))
        if len(found) > 1:
            raise ValueError(
                self.complaint(
                    f"Job with name '{self.job_name}' is duplicated. Please make sure job names are unique in "
                    "Databricks.",
                    "job_name",
                )
            )
        return found[0]
