#!/usr/bin/env python3
"""Heals the stock, stripped unbound with four threads, under a load that verifies every answer.

    unbound_test.py STENT

Of the newer revision's fixes one needs a new member in a structure on the heap: the whole is refused, by its name. The
others become a patch. Exit status 77: the real data is not available (said loudly).
"""
import json
import re
import socket
import struct
import subprocess
import sys
import threading

from real_program import (DEADLINE_SECONDS, Failed, Load, create, free_port, main, must, must_pass_review, stent,
                          wait_until)

THREADS, CYCLES, ASKED = 4, 20, 12
NOERROR, SERVFAIL = 0, 2
ADDRESS = bytes([192, 0, 2, 7])
FIXED = {"processInitRequest", "scrub_message", "val_neg_getmsg"}
CONFIGURATION = """
server:
  interface: 127.0.0.1
  port: {port}
  num-threads: {threads}
  directory: "{work}"
  chroot: ""
  username: ""
  pidfile: ""
  logfile: "{work}/log"
  use-syslog: no
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow_snoop
  module-config: "iterator"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{forwarder}
"""


class Forwarder(threading.Thread):
    """Answers every question with one address."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            question = query[12:query.index(0, 12) + 5]
            answer = struct.pack("!HHHIH", 0xc00c, 1, 1, 3600, 4) + ADDRESS
            self.socket.sendto(query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + question + answer, client)


class Resolver:
    def __init__(self, program, work, forwarder):
        self.port, self.log, self.asked = free_port(), work / "log", 0
        configuration = work / "unbound.conf"
        configuration.write_text(CONFIGURATION.format(work=work, port=self.port, threads=THREADS, forwarder=forwarder.port))
        self.child = subprocess.Popen([program, "-d", "-c", configuration], stderr=subprocess.DEVNULL)
        wait_until(self.answers, "unbound does not start")

    def answers(self):
        try:
            return self.ask("first.example", recursion=True)[0] == NOERROR
        except (ConnectionRefusedError, socket.timeout):
            return False

    def ask(self, name, recursion):
        """(response code, whole answer) to a question for the address of `name`, from a port of its own, so that any
        thread may get it."""
        encoded = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(DEADLINE_SECONDS)
            client.connect(("127.0.0.1", self.port))
            client.send(struct.pack("!HHHHHH", 7, 0x100 if recursion else 0, 1, 0, 0, 0) + encoded + struct.pack("!HH", 1, 1))
            answer = client.recv(4096)
        return answer[3] & 15, answer

    def unknown_name(self):
        """What a question without RD for a name that is not cached gets; every time the same."""
        codes = set()
        for _ in range(ASKED):
            self.asked += 1
            codes.add(self.ask(f"n{self.asked}.unknown.example", recursion=False)[0])
        return codes


class NameLoad(Load):
    """Clients that ask for new names and known ones."""

    def __init__(self, resolver, clients):
        super().__init__(clients)
        self.resolver = resolver

    def run_client(self, number):
        while not self.stop.is_set():
            self.replies[number] += 1
            code, answer = self.resolver.ask(f"l{self.replies[number] // 2}.c{number}.example", recursion=True)
            if code != NOERROR or ADDRESS not in answer:
                raise Failed(f"code {code}: {answer.hex()}")


def refuse_new_member(program, target, cache, patch):
    """The fix that needs a new member of struct config_file, said by its name."""
    done = subprocess.run([program, "create", "--target", target, "--compile-commands", cache / "compile_commands.json",
                           "--source-root", cache / "source", "--patch", cache / "all.diff", "-o", patch],
                          capture_output=True, text=True, timeout=300)
    must(done.returncode == 11 and not patch.exists(), f"all fixes together are refused (status {done.returncode})")
    must(re.search(r"type-meaning:config_file: struct config_file: member iter_scrub_promiscuous is new", done.stderr),
         "the structure and its new member are named")
    must(re.search(r"new-field:config_create", done.stderr) and re.search(r"hunk:util/configparser.y", done.stderr)
         and re.search(r"hunk:util/configlexer.lex", done.stderr),
         "so are the function that sets it in new objects alone and the generated sources")


def heal(program, resolver, patch):
    def verb(name):
        stent(program, name, patch, "--pid", resolver.child.pid)

    with NameLoad(resolver, clients=4) as load:
        must(resolver.unknown_name() == {NOERROR}, "before: a question without RD is forwarded")
        verb("apply")
        must(resolver.unknown_name() == {SERVFAIL}, "applied: it is not, whichever thread is asked")
        verb("revert")
        must(resolver.unknown_name() == {NOERROR}, "reverted: it is again")
        for _ in range(CYCLES):
            verb("apply")
            verb("revert")
    load.check()
    must("interrupted" not in resolver.log.read_text().lower(), "no interrupted call in the log")


def carry_out(program, cache, work):
    target, patch = cache / "stock/usr/sbin/unbound", work / "fix.stent"
    refuse_new_member(program, target, cache, patch)
    create(program, cache, target, patch, acknowledged=False)
    must_pass_review(program, patch)
    shown = json.loads(stent(program, "show", "--json", patch))
    names = {f["name"] for image in shown["images"] for f in image["functions"]}
    must(names == FIXED, f"the fixes replace {sorted(names)}")
    forwarder = Forwarder()
    forwarder.start()
    resolver = Resolver(target, work, forwarder)
    try:
        heal(program, resolver, patch)
        resolver.child.terminate()
        must(resolver.child.wait(DEADLINE_SECONDS) == 0, "unbound ends as it does")
    finally:
        resolver.child.kill()


if __name__ == "__main__":
    sys.exit(main("unbound", carry_out))
