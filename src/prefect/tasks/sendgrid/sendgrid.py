"""Mail through SendGrid, over its API for the web: no package is needed."""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import WebTask


class SendEmail(
    WebTask, args="from_email to_emails subject html_content category attachment_file_path sendgrid_api_key"
):
    """Sends a mail.

    Args:
        from_email: an address, or ``(address, name)``.
        to_emails: an address, or a list of them; everybody sees them.
        html_content: the text, as HTML.
        category: by which SendGrid counts mails; or a list of them.
        attachment_file_path: a file that goes along.
        sendgrid_api_key: else the secret ``SENDGRID_API_KEY``.
    """

    address: ClassVar[str] = "https://api.sendgrid.com/v3"
    from_email: str | tuple[str, str] = "notifications@prefect.io"
    to_emails: str | list[Any] | None = None
    subject: str | None = None
    html_content: str | None = None
    category: str | list[str] | None = None
    attachment_file_path: str | Path | None = None
    sendgrid_api_key: str | None = None
    needs: ClassVar[dict[str, str]] = {
        "to_emails": "An address to send the mail to must be provided.",
        "subject": "A subject must be provided.",
        "html_content": "The text of the mail must be provided.",
    }

    def work(self) -> SimpleNamespace:
        """Send the mail; give ``status_code``, ``body`` and ``headers`` of the answer.

        Raises:
            ValueError: there is no key.
        """
        key = self.sendgrid_api_key or self.optional_secret("SENDGRID_API_KEY")
        if not key:
            raise ValueError(self.complaint("A SendGrid API key must be provided.", "sendgrid_api_key"))
        everybody = self.to_emails if isinstance(self.to_emails, list) else [self.to_emails]
        mail: dict[str, Any] = {
            "from": _person(self.from_email),
            "personalizations": [{"to": [_person(one) for one in everybody]}],
            "subject": self.subject,
            "content": [{"type": "text/html", "value": self.html_content}],
        }
        if self.category:
            mail["categories"] = [self.category] if isinstance(self.category, str) else list(self.category)
        if self.attachment_file_path:
            mail["attachments"] = [_attached(Path(self.attachment_file_path))]
        answer = self.service(headers={"Authorization": f"Bearer {key}"}).request("POST", "mail/send", json=mail)
        return SimpleNamespace(status_code=answer.status_code, body=answer.content, headers=dict(answer.headers))


def _person(given: Any) -> dict[str, str]:
    return {"email": given} if isinstance(given, str) else {"email": given[0], "name": given[1]}


def _attached(path: Path) -> dict[str, str]:
    return {
        "content": base64.b64encode(path.read_bytes()).decode(),
        "type": mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        "filename": path.name,
        "disposition": "attachment",
    }
