"""Python's http.server over a folder, on a free port of the loopback: plain, or with ranges. Prints the port, then serves until its
input ends.

    file_server.py plain|ranges FOLDER [BREAK_AFTER [CERTIFICATES]]

BREAK_AFTER: the first response to each path ends after so many bytes of its body. CERTIFICATES: a folder with server.pem, server.key and
ca.pem: TLS is spoken, and every client has to show a certificate of that authority.
"""

import functools
import http.server
import os
import re
import ssl
import sys
import threading


class Plain(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    break_after = None
    broken = set()

    def log_message(self, *words):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass

    def copyfile(self, source, target):
        if self.break_after is not None and self.path not in Plain.broken:
            Plain.broken.add(self.path)
            target.write(source.read(self.break_after))
            target.flush()
            self.close_connection = True
            self.connection.shutdown(2)
            return
        super().copyfile(source, target)


class Ranges(Plain):
    def send_head(self):
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        path = self.translate_path(self.path)
        if not match or not os.path.isfile(path):
            return super().send_head()
        size = os.path.getsize(path)
        start = int(match.group(1))
        changed = self.date_time_string(os.path.getmtime(path))
        if self.headers.get("If-Range", changed) != changed:
            return super().send_head()
        if start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        source = open(path, "rb")
        source.seek(start)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.send_header("Last-Modified", changed)
        self.end_headers()
        return source


def main():
    kind, folder = sys.argv[1:3]
    handler = {"plain": Plain, "ranges": Ranges}[kind]
    if len(sys.argv) > 3:
        Plain.break_after = int(sys.argv[3])
    # The end of the input is the end of the server, whoever stands in between.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=folder))
    if len(sys.argv) > 4:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(sys.argv[4], "server.pem"), os.path.join(sys.argv[4], "server.key"))
        context.load_verify_locations(os.path.join(sys.argv[4], "ca.pem"))
        context.verify_mode = ssl.CERT_REQUIRED
        # The handshake is each connection's own business, in its own thread.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
