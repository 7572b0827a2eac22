# Made by tools/stubs.py from the table in the module beside it.
from prefect.backend.notifications import callback_factory as callback_factory
from prefect.backend.notifications import email_message_formatter as email_message_formatter
from prefect.backend.notifications import gmail_notifier as gmail_notifier
from prefect.backend.notifications import jira_notifier as jira_notifier
from prefect.backend.notifications import slack_message_formatter as slack_message_formatter
from prefect.backend.notifications import slack_notifier as slack_notifier
from prefect.backend.notifications import snowflake_logger as snowflake_logger
from prefect.backend.notifications import snowflake_message_formatter as snowflake_message_formatter
