"""A small workspace of our own over HTTP: the few calls that are made, kept in memory, recorded."""

import base64
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

UC = "/api/2.1/unity-catalog"
METASTORE = "the-metastore"


class FakeWorkspace:
    """What is in the workspace, and the requests that changed something."""

    def __init__(self) -> None:
        self.credentials: dict[str, dict[str, dict[str, Any]]] = {
            "storage-credentials": {},
            "credentials": {},
        }
        self.grants: dict[str, dict[str, set[str]]] = {}
        self.scopes: dict[str, dict[str, str]] = {}
        self.changes: list[tuple[str, str, dict[str, Any]]] = []
        self.refuses = ""  # a message: every change is then denied
        self.host = ""

    def answer(self, method: str, path: str, query: dict[str, str], body: dict) -> tuple[int, dict]:
        if method != "GET" and not path.endswith("temporary-service-credentials"):
            self.changes.append((method, path, body))
            if self.refuses:
                return 403, {"error_code": "PERMISSION_DENIED", "message": self.refuses}
        kind, _, name = path.removeprefix(f"{UC}/").partition("/")
        if kind in self.credentials:
            return self._credential(method, kind, name or body.get("name", ""), body)
        if kind == "permissions":
            return self._permissions(method, name, query, body)
        if kind == "current-metastore-assignment":
            return 200, {"metastore_id": METASTORE, "workspace_id": 1}
        if kind == "temporary-service-credentials":
            if body["credential_name"] not in self.credentials["credentials"]:
                return _absent(body["credential_name"])
            keys = {"access_key_id": "id", "secret_access_key": "key", "session_token": "session"}
            return 200, {"aws_temp_credentials": keys}
        return self._secrets(path, query, body)

    def _credential(self, method: str, kind: str, name: str, body: dict) -> tuple[int, dict]:
        kept = self.credentials[kind]
        if method == "POST":
            role = body["aws_iam_role"] | {"external_id": f"external-id-of-{name}"}
            kept[name] = {"name": name, "aws_iam_role": role}
        if name not in kept:
            return _absent(name)
        if method == "PATCH":
            kept[name]["aws_iam_role"] |= body["aws_iam_role"]
        if method == "DELETE":
            del kept[name]
            return 200, {}
        return 200, kept[name]

    def _permissions(self, method: str, name: str, query: dict, body: dict) -> tuple[int, dict]:
        held = self.grants.setdefault(name, {})
        for change in body.get("changes", []):
            held.setdefault(change["principal"], set()).update(change["add"])
        shown = [
            {"principal": principal, "privileges": sorted(privileges)}
            for principal, privileges in held.items()
            if query.get("principal", principal) == principal
        ]
        return 200, {"privilege_assignments": shown}

    def _secrets(self, path: str, query: dict, body: dict) -> tuple[int, dict]:
        place = path.removeprefix("/api/2.0/secrets/")
        if place == "scopes/list":
            return 200, {"scopes": [{"name": name} for name in self.scopes]}
        scope = self.scopes.get(query.get("scope") or body.get("scope", ""))
        if scope is None:
            return _absent("scope")
        if place == "put":
            scope[body["key"]] = body["string_value"]
            return 200, {}
        if place == "list":
            return 200, {"secrets": [{"key": key} for key in scope]}
        if place == "get":
            value = base64.b64encode(scope[query["key"]].encode()).decode()
            return 200, {"key": query["key"], "value": value}
        return _absent(path)


def _absent(name: str) -> tuple[int, dict]:
    return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"{name} does not exist"}


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkspace]:
    """A workspace that the Databricks SDK finds by the environment."""
    fake = FakeWorkspace()

    class Handler(BaseHTTPRequestHandler):
        def handle_all(self) -> None:
            place = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            query = {name: values[0] for name, values in parse_qs(place.query).items()}
            code, content = fake.answer(self.command, unquote(place.path), query, body)
            text = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_all

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        fake.host = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("DATABRICKS_HOST", fake.host)
        monkeypatch.setenv("DATABRICKS_TOKEN", "a-token")
        yield fake
        server.shutdown()
        thread.join()


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes standard input hold a text, as through a pipe."""
    import io

    def pipe(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return pipe
