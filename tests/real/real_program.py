"""What the tests of real programs share: the cache, running stent, checks that are said aloud, and the frame around them."""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE_SECONDS = 60


class Failed(Exception):
    pass


def cache_of(name):
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "stent/real" / name


def must(condition, text):
    print(("ok   " if condition else "FAIL ") + text, flush=True)
    if not condition:
        raise Failed(text)


def stent(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Failed(f"stent {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def create(program, cache, target, patch, acknowledged=True, change="fix.diff"):
    """Makes `patch` from what a prepare script left in `cache`."""
    word = ["--ack", "*=checked by hand"] if acknowledged else []
    print(stent(program, "create", *word, "--target", target, "--compile-commands", cache / "compile_commands.json",
                "--source-root", cache / "source", "--patch", cache / change, "-o", patch), end="")


def must_pass_review(program, patch):
    """The fix is labelled safe by hand (docs/review.md), so it was made without a word for it, and stores notes at most."""
    stored = json.loads(stent(program, "review", "--json", patch))
    asking = [f"{finding['level']} {finding['id']}" for finding in stored if finding["level"] != "note"]
    must(not asking, f"{patch.stem} is labelled safe, and passes the review {asking or ''}")


def wait_until(condition, text):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(text)
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status_of(port, path):
    """The status a new connection gets for `path`; 0: nobody answers."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status
    except ConnectionRefusedError:
        return 0


class Load:
    """Clients that ask again and again and verify what they get, until the block ends. A subclass says what one client
    does from its begin to its end: `run_client` asks until `self.stop` is set, and counts in `self.replies[number]`."""

    def __init__(self, clients):
        self.stop, self.replies, self.failures = threading.Event(), [0] * clients, []
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(clients)]

    def run(self, number):
        try:
            self.run_client(number)
        except (Failed, OSError, http.client.HTTPException) as failure:
            self.failures.append(repr(failure))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(DEADLINE_SECONDS)

    def check(self):
        must(not self.failures and min(self.replies) > 0, f"load: {self.replies} verified replies {self.failures[:3]}")


class PageLoad(Load):
    """Clients that fetch one page and compare it."""

    def __init__(self, port, page, clients, keep_alive):
        super().__init__(clients)
        self.port, self.page, self.keep_alive = port, page, keep_alive

    def run_client(self, number):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)
        while not self.stop.is_set():
            connection.request("GET", "/page")
            reply = connection.getresponse()
            if reply.status != 200 or reply.read() != self.page:
                raise Failed("a wrong reply")
            if not self.keep_alive:
                connection.close()
            self.replies[number] += 1


class SpokenTo:
    """A program that says "ready" and then answers each line with one line."""

    def __init__(self, *command):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        must(self.child.stdout.readline() == "ready\n", "the process works")

    def say(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return self.child.stdout.readline().strip()


def main(name, carry_out):
    """Prepares the data of `name`, then runs carry_out(stent, cache, scratch directory)."""
    cache = cache_of(name)
    prepared = subprocess.run([HERE / f"prepare_{name}.sh", cache])
    if prepared.returncode != 0:
        return prepared.returncode
    with tempfile.TemporaryDirectory(prefix=f"stent-{name}-") as work:
        try:
            carry_out(sys.argv[1], cache, pathlib.Path(work))
        except Failed as failure:
            print(failure, file=sys.stderr)
            return 1
    return 0
