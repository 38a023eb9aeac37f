#!/usr/bin/env python3
"""Heals the stock, stripped redis-server under a load that verifies every reply; needs the real package.

    redis_test.py STENT [CYCLES]

Exit status 77: the real data is not available (said loudly).
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

from real_program import Failed, must, must_pass_review

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "stent/real/redis"
ZIPMAP = bytes.fromhex("091101fe040000000100ff00040076616c31ff0900f9d5a4f77d003f1b")
DEADLINE_SECONDS = 30
FIVE = ("CVE-2026-23631", "CVE-2026-25243", "CVE-2026-66373", "CVE-2026-81934", "CVE-2026-92925")
SIX = {"clusterProcessPacket", "rdbLoadObject", "readSyncBulkPayload", "_sdsnewlen", "tlsProcessPendingData",
       "zipmapValidateIntegrity"}


class Client:
    """A connection that speaks RESP."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS)
        self.stream = self.socket.makefile("rb")

    def command(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.reply()

    def reply(self):
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise Failed("the connection was dropped")
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]
        return line[:-2]


class Load(threading.Thread):
    """One client that sets and reads back until told to stop."""

    def __init__(self, port, number, stop):
        super().__init__(daemon=True)
        self.port, self.number, self.stop = port, number, stop
        self.requests, self.failure = 0, ""

    def run(self):
        try:
            client = Client(self.port)
            while not self.stop.is_set():
                key, value = f"load:{self.number}:{self.requests % 50}", b"%d" % self.requests * 20
                if client.command("SET", key, value) != b"+OK" or client.command("GET", key) != value:
                    raise Failed(f"a wrong reply for {key}")
                self.requests += 2
        except (Failed, OSError) as failure:
            self.failure = repr(failure)


class Server:
    """The stock server with four I/O threads, in a directory of its own."""

    def __init__(self, work):
        daemon = work / "redis-server"  # chosen by name
        daemon.symlink_to(CACHE / "stock/usr/bin/redis-check-rdb")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = work / "redis.log"
        self.child = subprocess.Popen([
            daemon, "--port", str(self.port), "--bind", "127.0.0.1", "--io-threads", "4", "--io-threads-do-reads",
            "yes", "--save", "", "--enable-debug-command", "local", "--dir", str(work), "--logfile", str(self.log)])
        self.pid = self.child.pid
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                self.client = Client(self.port)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise Failed("the server does not answer: " + self.log.read_text())
                time.sleep(0.05)
        must(self.client.command("DEBUG", "set-skip-checksum-validation", "1") == b"+OK", "the server answers")

    def restore(self, payload):
        self.client.command("DEL", "crafted")
        return self.client.command("RESTORE", "crafted", "0", payload)

    def end(self):
        self.child.kill()
        self.child.wait()


def stent(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise Failed(f"stent {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def create(program, name, work, diff=None):
    patch = work / f"{name}.stent"
    print(stent(program, "create", "--target", CACHE / "stock/usr/bin/redis-check-rdb", "--same-build",
                CACHE / "source/debian/redis-tools/usr/bin/redis-check-rdb", "--debug-root", CACHE / "debug",
                "--compile-commands", CACHE / "compile_commands.json", "--source-root", CACHE / "source",
                "--patch", diff or CACHE / f"fixes/{name}.patch", "-o", patch), end="")
    return patch


def cumulative_diffs(work):
    """The fixes one after another: what the first one, the first two, ... change of the stock source."""
    sources = ("rdb.c", "sds.c", "zipmap.c", "tls.c", "cluster.c", "replication.c")
    for side in ("a", "b"):
        (work / side / "src").mkdir(parents=True)
        for name in sources:
            (work / side / "src" / name).write_bytes((CACHE / "source/src" / name).read_bytes())
    for number, cve in enumerate(FIVE, 1):
        fix = (CACHE / f"fixes/{cve}.patch").read_text()
        code = "".join(part for part in re.split(r"(?m)^(?=diff --git |Index: )", fix) if "\n+++ b/src/" in part)
        (work / "one.diff").write_text(code or fix)
        subprocess.run(["patch", "-s", "-p1", "-d", work / "b", "-i", work / "one.diff"], check=True)
        diff = subprocess.run(["diff", "-ru", "a", "b"], cwd=work, capture_output=True, text=True).stdout
        (work / f"first{number}.diff").write_text(diff)
        yield number, work / f"first{number}.diff"


def all_five(program, server, work):
    """All fixes in one patch, and as five patches, each with the fixes before it, on top of each other."""
    patches = [create(program, f"first{number}", work, diff) for number, diff in cumulative_diffs(work / "trees")]
    shown = json.loads(stent(program, "show", "--json", patches[-1]))
    names = {function["name"] for image in shown["images"] for function in image["functions"]}
    must(names == SIX, f"all five fixes replace {sorted(names)}")
    for sequence in (patches[-1:], patches):
        for patch in sequence:
            stent(program, "apply", patch, "--pid", server.pid)
        must(b"Bad data format" in server.restore(ZIPMAP), f"{len(sequence)} patches: the crafted RESTORE is refused")
        for patch in reversed(sequence):
            stent(program, "revert", patch, "--pid", server.pid)
        must(server.restore(ZIPMAP) == b"+OK", f"{len(sequence)} patches reverted: accepted again")


def heal(program, server, patch, payload, cycles):
    def verb(name):
        stent(program, name, patch, "--pid", server.pid)

    must(server.restore(payload) == b"+OK", f"{patch.stem}: the crafted RESTORE is accepted before")
    verb("apply")
    must(b"Bad data format" in server.restore(payload), f"{patch.stem}: 'Bad data format' after")
    verb("revert")
    must(server.restore(payload) == b"+OK", f"{patch.stem}: reverted, accepted again")
    for _ in range(cycles):
        verb("apply")
        verb("revert")
    must(server.child.poll() is None, f"{patch.stem}: alive after {cycles} cycles")


def carry_out(program, cycles, work):
    nack = bytes.fromhex((CACHE / "archive/shared-nack.hex").read_text().strip())
    singles = {cve: create(program, cve, work) for cve in FIVE}
    for patch in singles.values():
        must_pass_review(program, patch)
    fixes = [(singles["CVE-2026-66373"], nack), (singles["CVE-2026-25243"], ZIPMAP)]
    server = Server(work)
    stop = threading.Event()
    loads = [Load(server.port, number, stop) for number in range(8)]
    try:
        for load in loads:
            load.start()
        for patch, payload in fixes:
            heal(program, server, patch, payload, cycles)
        all_five(program, server, work)
        stop.set()
        for load in loads:
            load.join(DEADLINE_SECONDS)
            must(not load.failure and load.requests > 0, f"load: {load.requests} verified replies {load.failure}")
        must("Interrupted system call" not in server.log.read_text(), "no EINTR in the server's log")
    finally:
        stop.set()
        server.end()


def main():
    prepared = subprocess.run([HERE / "prepare_redis.sh", CACHE])
    if prepared.returncode != 0:
        return prepared.returncode
    cycles = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory(prefix="stent-redis-") as work:
        try:
            carry_out(sys.argv[1], cycles, pathlib.Path(work))
        except Failed as failure:
            print(failure, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
