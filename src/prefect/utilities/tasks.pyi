# Made by tools/stubs.py from the table in the module beside it.
from prefect.core.authoring import defaults_from_attrs as defaults_from_attrs
from prefect.core.authoring import pause_task as pause_task
from prefect.core.authoring import tags as tags
from prefect.core.conversion import as_task as as_task
from prefect.core.function import task as task
from prefect.core.subgraph import apply_map as apply_map
