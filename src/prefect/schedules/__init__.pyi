# Made by tools/stubs.py from the table in the module beside it.
from prefect.schedules import adjustments as adjustments
from prefect.schedules import clocks as clocks
from prefect.schedules import filters as filters
from prefect.schedules import schedules as schedules
from prefect.schedules.schedules import CronSchedule as CronSchedule
from prefect.schedules.schedules import IntervalSchedule as IntervalSchedule
from prefect.schedules.schedules import RRuleSchedule as RRuleSchedule
from prefect.schedules.schedules import Schedule as Schedule
