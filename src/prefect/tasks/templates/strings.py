"""Templates of ``str.format``."""

from __future__ import annotations

from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task
from prefect.utilities.context import context


class StringFormatter(Task):
    """Fills a template for ``str.format`` from the context and the task's inputs; inputs win."""

    def __init__(self, template: str | None = None, **kwargs: Any) -> None:
        self.template = template or ""
        super().__init__(**kwargs)

    @defaults_from_attrs("template")
    def run(self, template: str = None, **format_kwargs: Any) -> str:  # type: ignore[assignment]  # noqa: RUF013
        """Fill the template.

        Raises:
            KeyError: it names something that neither the context nor the inputs have.
        """
        return template.format(**{**context.to_dict(), **format_kwargs})
