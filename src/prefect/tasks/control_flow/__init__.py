"""Branches and filters in a flow."""

from prefect.tasks.control_flow.case import case
from prefect.tasks.control_flow.conditional import CompareValue, Merge, ifelse, merge, switch
from prefect.tasks.control_flow.filter import FilterTask

__all__ = ["CompareValue", "FilterTask", "Merge", "case", "ifelse", "merge", "switch"]
