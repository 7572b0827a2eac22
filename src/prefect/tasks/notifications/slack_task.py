"""Messages to Slack."""

from __future__ import annotations

from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task
from prefect.tasks.authoring.declared import secret_for


class SlackTask(Task):
    """Posts a message to an incoming webhook of Slack.

    Args:
        message: a text, or a mapping in Slack's own format.
        webhook_secret: name of the secret that holds the webhook's URL.
    """

    def __init__(
        self,
        message: str | dict[str, Any] | None = None,
        webhook_secret: str = "SLACK_WEBHOOK_URL",  # noqa: S107 - the name of a secret
        **kwargs: Any,
    ) -> None:
        self.message = message
        self.webhook_secret = webhook_secret
        super().__init__(**kwargs)

    @defaults_from_attrs("message", "webhook_secret")
    def run(self, message: Any = None, webhook_secret: str = None, webhook_url: str = None) -> None:  # type: ignore[assignment]  # noqa: RUF013
        """Post the message.

        Args:
            webhook_url: in place of the secret.

        Raises:
            DeliveryFailed: Slack did not take it.
        """
        from prefect.tasks.notifications.posting import post_json

        url = webhook_url or secret_for(self, webhook_secret, "webhook_secret")
        post_json(url, message if isinstance(message, dict) else {"text": message})
