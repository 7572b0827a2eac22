"""Templates of Jinja."""

from __future__ import annotations

from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task
from prefect.utilities.context import context


class JinjaTemplate(Task):
    """Fills a Jinja template from the context and the task's inputs; inputs win."""

    def __init__(self, template: str | None = None, **kwargs: Any) -> None:
        self.template = template or ""
        super().__init__(**kwargs)

    @defaults_from_attrs("template")
    def run(self, template: str = None, **format_kwargs: Any) -> str:  # type: ignore[assignment]  # noqa: RUF013
        """Fill the template.

        Raises:
            ImportError: Jinja is not installed.
        """
        from prefect.utilities.importtools import import_needed

        jinja = import_needed("jinja2", by="The task JinjaTemplate")
        return str(jinja.Template(template).render(**{**context.to_dict(), **format_kwargs}))
