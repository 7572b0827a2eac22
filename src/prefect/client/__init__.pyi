# Made by tools/stubs.py from the table in the module beside it.
from prefect.client import client as client
from prefect.client import secrets as secrets
from prefect.client.client import Client as Client
from prefect.client.secrets import Secret as Secret
