# SPDX-License-Identifier: Apache-2.0
"""An NGSI-LD broker as far as upserts go, and what docs/api says of entities and measures."""
import functools
import http.server
import json
import pathlib
import threading

import jsonschema

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "docs/api"


@functools.cache
def _validator(name):
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))


def validate(name, thing):
    """As ngsi-ld.schema.json or iota-json.schema.json has it."""
    _validator(name).validate(thing)


class ContextBroker(http.server.ThreadingHTTPServer):
    """Takes upserts, and keeps each entity's attributes as a broker does: what came last. Refuses what `refuses` says."""

    def __init__(self):
        self.upserts, self.entities, self.heads, self.refuses, self.down = [], {}, [], lambda entity: False, False
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            self.answer(503 if self.server.down else 200)

        def do_POST(self):
            batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.server.down:
                return self.answer(503)
            bad = [e for e in batch if self.server.refuses(e)]
            taken = [e for e in batch if e not in bad]
            self.server.heads.append((self.path, dict(self.headers)))
            self.server.upserts.append(taken)
            for entity in taken:
                self.server.entities.setdefault(entity["id"], {}).update(entity)
            return self.answer(204 if not bad else 207 if taken else 400)
