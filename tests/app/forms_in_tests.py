"""Fill the sign-in forms as a browser does: open the page, copy its token, send it back."""

import re

from tests.app.tiny_workspace import PASSWORD

STREAM = "ws://127.0.0.1:8501/_stcore/stream"
PAGE = {"accept": "text/html"}


def token_of(client, path="/auth/sign-in"):
    return re.findall(r'name="token" value="([^"]+)"', client.get(path).text)[0]


def sign_in(client, name="rita", password=PASSWORD, path="/auth/sign-in"):
    fields = {"token": token_of(client), "name": name, "password": password}
    return client.post(path, data=fields)
