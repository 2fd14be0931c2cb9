"""A token issuer of the tests: it answers at once with a discovery document, or as a test tells it."""

import contextlib
import http.server
import json
import threading
import time


class Issuer:
    """A server on a port of its own. document: what it answers. delay: after how many seconds."""

    def __init__(self, document=None, status=200, delay=0.0) -> None:
        self.status, self.delay, self.asked = status, delay, 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.document = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"} if document is None else document
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def handler(issuer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            time.sleep(issuer.delay)
            with contextlib.suppress(BrokenPipeError):  # who asked waits no more
                self.send_response(issuer.status)
                self.end_headers()
                self.wfile.write(json.dumps(issuer.document).encode())

        def log_message(self, *_arguments) -> None:
            """Nothing."""

    return Handler
