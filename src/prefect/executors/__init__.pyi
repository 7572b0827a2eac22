# Made by tools/stubs.py from the table in the module beside it.
from prefect.executors import base as base
from prefect.executors import dask as dask
from prefect.executors import local as local
from prefect.executors import local_dask as local_dask
from prefect.executors.base import Executor as Executor
from prefect.executors.dask import DaskExecutor as DaskExecutor
from prefect.executors.local import LocalExecutor as LocalExecutor
from prefect.executors.local_dask import LocalDaskExecutor as LocalDaskExecutor
