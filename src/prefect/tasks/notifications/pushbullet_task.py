"""Notes through Pushbullet."""

from __future__ import annotations

from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task
from prefect.tasks.authoring.declared import secret_for

URL = "https://api.pushbullet.com/v2/pushes"
TITLE = "Flow Notification"


class PushbulletTask(Task):
    """Pushes a note to all devices of an account; the secret ``PUSHBULLET_TOKEN`` holds its token."""

    def __init__(self, msg: str | None = None, **kwargs: Any) -> None:
        self.msg = msg
        super().__init__(**kwargs)

    @defaults_from_attrs("msg")
    def run(self, msg: str = None, access_token: str = None) -> None:  # type: ignore[assignment]  # noqa: RUF013
        """Push the note.

        Args:
            access_token: in place of the secret.

        Raises:
            DeliveryFailed: Pushbullet did not take it.
        """
        from prefect.tasks.notifications.posting import post_json

        token = str(access_token or secret_for(self, "PUSHBULLET_TOKEN", "access_token")).strip()
        post_json(URL, {"type": "note", "title": TITLE, "body": msg}, {"Access-Token": token})
