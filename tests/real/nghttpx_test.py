#!/usr/bin/env python3
"""Patches the stock, stripped nghttpx (a proxy in C++) and its two worker threads, under a load that verifies every reply.

    nghttpx_test.py STENT

The change is ours: a redirection says 301 instead of 308. Exit status 77: the real data is not available (said loudly).
"""
import http.server
import os
import pathlib
import signal
import subprocess
import sys
import threading

from real_program import DEADLINE_SECONDS, PageLoad, create, free_port, main, must, status_of, stent, wait_until

WORKERS, CYCLES, ASKED = 2, 20, 10
PAGE = b"a page that must come whole\n" * 200


class Page(http.server.BaseHTTPRequestHandler):
    """What the proxy fetches."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


class Server:
    def __init__(self, program, work):
        self.behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=self.behind.serve_forever, daemon=True).start()
        self.port, self.log = free_port(), work / "error.log"
        configuration = work / "nghttpx.conf"
        configuration.write_text(f"frontend=127.0.0.1,{self.port};no-tls\n"
                                 f"backend=127.0.0.1,{self.behind.server_port};/page\n"
                                 f"backend=127.0.0.1,{self.behind.server_port};/;redirect-if-not-tls\n"
                                 f"workers={WORKERS}\nerrorlog-file={self.log}\naccesslog-file=/dev/null\nno-ocsp=yes\n")
        self.child = subprocess.Popen([program, f"--conf={configuration}"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
        wait_until(lambda: status_of(self.port, "/page") == 200, "nghttpx does not start")

    def worker(self):
        """The process that serves."""
        children = pathlib.Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children")
        only, = map(int, children.read_text().split())
        return only

    def all_say(self, status):
        """Whichever thread a connection reaches."""
        return {status_of(self.port, "/elsewhere") for _ in range(ASKED)} == {status}

    def end(self):
        self.child.send_signal(signal.SIGQUIT)
        return self.child.wait(DEADLINE_SECONDS)


def carry_out(program, cache, work):
    target, patch = cache / "stock/usr/sbin/nghttpx", work / "status.stent"
    create(program, cache, target, patch)
    server = Server(target, work)
    try:
        worker = server.worker()
        must(len(os.listdir(f"/proc/{worker}/task")) > WORKERS, f"{WORKERS} threads serve")
        with PageLoad(server.port, PAGE, clients=4, keep_alive=True) as load:
            must(server.all_say(308), "before: redirected with 308")
            for _ in range(CYCLES):
                stent(program, "apply", patch, "--pid", worker)
                if not server.all_say(301):
                    must(False, "applied: redirected with 301")
                stent(program, "revert", patch, "--pid", worker)
                if not server.all_say(308):
                    must(False, "reverted: 308 again")
            must(True, f"{CYCLES} times applied and reverted, and the status follows in every thread")
        load.check()
        must("ERROR" not in server.log.read_text(), "no error in the log")
        must(server.end() == 0, "the server ends as told")
    finally:
        server.behind.shutdown()
        if server.child.poll() is None:
            server.child.send_signal(signal.SIGTERM)  # with its worker
            server.child.wait(DEADLINE_SECONDS)


if __name__ == "__main__":
    sys.exit(main("nghttpx", carry_out))
