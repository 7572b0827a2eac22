# Made by tools/stubs.py from the table in the module beside it.
from prefect.core.annotations import EdgeAnnotation as EdgeAnnotation
from prefect.core.annotations import flatten as flatten
from prefect.core.annotations import mapped as mapped
from prefect.core.annotations import unmapped as unmapped
