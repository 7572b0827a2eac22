# Made by tools/stubs.py from the table in the module beside it.
from prefect.tasks.core import collections as collections
from prefect.tasks.core import constants as constants
from prefect.tasks.core import function as function
from prefect.tasks.core import operators as operators
from prefect.tasks.core import resource_manager as resource_manager
