"""A model hub that serves one directory under one name, as much of one as a download needs."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextlib.contextmanager
def small_hub(name: str, directory: Path) -> Iterator[str]:
    """Serve the files of `directory` as the model `name`; gives the address for HF_ENDPOINT."""
    files = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    tree = [{"type": "file", "path": n, "size": len(d), "oid": hashlib.sha1(d).hexdigest()} for n, d in files.items()]
    tree.append({"type": "file", "path": "onnx/config.json", "size": 1, "oid": "0" * 40})  # not for us
    pages = {
        f"/api/models/{name}": {"id": name, "sha": COMMIT, "siblings": [{"rfilename": n} for n in files]},
        f"/api/models/{name}/revision/main": {"id": name, "sha": COMMIT},
        f"/api/models/{name}/tree/{COMMIT}": tree,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path in pages:
                self.answer(200, json.dumps(pages[path]).encode())
            elif path.startswith(f"/{name}/resolve/") and path.rsplit("/", 1)[-1] in files:
                data = files[path.rsplit("/", 1)[-1]]
                self.answer(200, data, {"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X-Repo-Commit": COMMIT})
            else:
                self.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})

        do_HEAD = do_GET

        def answer(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Not on the test's screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
