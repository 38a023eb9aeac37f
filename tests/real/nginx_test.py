#!/usr/bin/env python3
"""Patches the stock, stripped nginx, master and workers, and its dlopened stream module, under a load that verifies every reply.

    nginx_test.py STENT

The changes are ours: a page that the old code does not know, and another answer of the module. Exit status 77: the real data is not available (said loudly).
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys

from real_program import DEADLINE_SECONDS, PageLoad, create, free_port, main, must, status_of, stent, wait_until

WORKERS, CYCLES, ASKED = 2, 20, 20
PAGE = b"a page that must come whole\n" * 200
CONFIGURATION = """
load_module {module};
user root;
daemon off;
worker_processes {workers};
error_log {work}/error.log info;
pid {work}/nginx.pid;
events {{ worker_connections 64; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  server {{ listen 127.0.0.1:{port}; root {work}/pages; }}
}}
stream {{ server {{ listen 127.0.0.1:{stream_port}; return old; }} }}
"""


class Server:
    def __init__(self, program, module, work):
        self.port, self.stream_port, self.log = free_port(), free_port(), work / "error.log"
        (work / "pages").mkdir()
        (work / "pages/page").write_bytes(PAGE)
        configuration = work / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(work=work, module=module, port=self.port, stream_port=self.stream_port,
                                                      workers=WORKERS))
        self.child = subprocess.Popen([program, "-p", work, "-c", configuration], stderr=subprocess.DEVNULL)
        wait_until(self.is_complete, "nginx does not start")

    def processes(self):
        """Master first."""
        children = pathlib.Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children")
        return [self.child.pid, *map(int, children.read_text().split())]

    def is_complete(self):
        return len(self.processes()) == WORKERS + 1 and status_of(self.port, "/page") == 200

    def all_say(self, status):
        """Whichever worker a connection reaches."""
        return {status_of(self.port, "/healed") for _ in range(ASKED)} == {status}

    def module_says(self, text):
        return {self.text_of_module() for _ in range(ASKED)} == {text}

    def text_of_module(self):
        with socket.create_connection(("127.0.0.1", self.stream_port), DEADLINE_SECONDS) as connection:
            return connection.makefile("rb").read()

    def kill_a_worker(self):
        worker = self.processes()[1]
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: worker not in self.processes() and self.is_complete(), "no new worker was started")

    def end(self):
        self.child.send_signal(signal.SIGQUIT)
        return self.child.wait(DEADLINE_SECONDS)


def each(program, verb, server, patch):
    for pid in server.processes():
        stent(program, verb, patch, "--pid", pid)


def heal(program, server, patch):
    must(server.all_say(404), "before: /healed is not found")
    each(program, "apply", server, patch)
    must(server.all_say(204), "applied to master and workers: every worker knows /healed")
    each(program, "revert", server, patch)
    must(server.all_say(404), "reverted: not found again")
    for _ in range(CYCLES):
        each(program, "apply", server, patch)
        each(program, "revert", server, patch)


def born_patched(program, server, patch):
    each(program, "apply", server, patch)
    server.kill_a_worker()
    must(server.all_say(204), "a worker that the patched master starts knows /healed as well")
    each(program, "revert", server, patch)
    must(server.all_say(404), "reverted, also in the worker that was born patched")


def heal_module(program, server, patch):
    must(server.module_says(b"old"), "before: the module says old")
    each(program, "apply", server, patch)
    must(server.module_says(b"new"), "applied to the dlopened module: every worker says new")
    each(program, "revert", server, patch)
    must(server.module_says(b"old"), "reverted: old again")


def carry_out(program, cache, work):
    target, patch = cache / "stock/usr/sbin/nginx", work / "page.stent"
    module, module_patch = cache / "stock/usr/lib/nginx/modules/ngx_stream_module.so", work / "module.stent"
    create(program, cache, target, patch)
    create(program, cache, module, module_patch, change="module.diff")
    server = Server(target, module, work)
    try:
        with PageLoad(server.port, PAGE, clients=4, keep_alive=True) as load:
            heal(program, server, patch)
            heal_module(program, server, module_patch)
        load.check()
        born_patched(program, server, patch)
        must("Interrupted system call" not in server.log.read_text(), "no EINTR in the log")
        must(server.end() == 0, "the server ends as told")
    finally:
        if server.child.poll() is None:
            server.child.kill()


if __name__ == "__main__":
    sys.exit(main("nginx", carry_out))
