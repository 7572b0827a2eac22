"""A collection of tasks of one's own: arguments declared once, a service asked over the web, a job waited for."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from prefect import Flow, context
from prefect.tasks.authoring import Progress, RemoteJob, RemoteJobFailed, WebTask


class BakeryTask(WebTask):
    """A task for one bakery; ``token`` is a value, else the secret BAKERY_TOKEN."""

    needs = {"url": "The address of the bakery must be provided."}
    url: str | None = None
    token: str | None = None

    def bakery(self):
        token = self.given_or_secret("token", "BAKERY_TOKEN")
        return self.service(self.url, headers={"Authorization": f"Bearer {token}"})


class Prices(BakeryTask):
    """Gives what there is, and what it costs."""

    def work(self):
        return self.bakery().ask("GET", "prices")


class Bake(BakeryTask):
    """Orders something and waits until it is baked."""

    needs = {**BakeryTask.needs, "what": "What is to be baked must be said."}
    what: str | None = None
    number: int = 1
    most_seconds: float = 60

    def work(self):
        bakery = self.bakery()

        def look(order):
            said = bakery.ask("GET", "orders/{}", order)
            if said["state"] == "burnt":
                raise RemoteJobFailed(f"The order {order} is burnt.")
            return Progress(said["state"] == "baked", said["state"], said)

        return RemoteJob(
            self,
            start=lambda token: bakery.ask(
                "POST", "orders", repeats=True, json={"id": token, "what": self.what, "number": self.number}
            )["id"],
            look=look,
            cancel=lambda order: bakery.ask("DELETE", "orders/{}", order),
            poll_seconds=0.1,
            limit_seconds=self.most_seconds,
            what="order",
        ).run()


class Bakery(BaseHTTPRequestHandler):
    """The service, so that this file runs by itself."""

    states = ["waiting", "in the oven", "baked"]

    def do_GET(self):
        if self.path == "/prices":
            self.answer({"roll": 0.4, "pretzel": 0.9})
        else:
            self.answer({"state": self.states.pop(0) if len(self.states) > 1 else self.states[0]})

    def do_POST(self):
        self.answer({"id": json.loads(self.rfile.read(int(self.headers["Content-Length"])))["id"]})

    def answer(self, content):
        text = json.dumps(content).encode()
        self.send_response(200 if self.headers["Authorization"] == "Bearer flour" else 401)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Bakery)
threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"

with Flow("breakfast") as flow:
    prices = Prices(url=url)()
    rolls = Bake(url=url)(what="roll", number=6)

with context(secrets={"BAKERY_TOKEN": "flour"}):
    state = flow.run()

print("prices:", state.result[prices].result)
print("rolls:", state.result[rolls].result["state"])

try:
    Bake(url=url, token="flour").run()
except ValueError as error:
    print(error)
server.shutdown()
server.server_close()
