#!/usr/bin/env python3
"""Load for the key-value server that checks every reply.

    load.py PORT CONNECTIONS

Runs until its standard input ends; then prints {"requests": N, "failures": N} and exits with 1 if any failed.
"""
import json
import socket
import sys
import threading


class Connection(threading.Thread):
    """One client: sets values and reads them back, whole and in part."""

    def __init__(self, port, number, stop):
        super().__init__()
        self.port, self.number, self.stop = port, number, stop
        self.requests = self.failures = 0
        self.first_failure = ""

    def expect(self, request, reply):
        self.stream.write(request)
        self.stream.flush()
        got = self.stream.read(len(reply))
        self.requests += 1
        if got != reply:
            self.failures += 1
            self.first_failure = self.first_failure or f"{request!r} answered {got!r}, not {reply!r}"

    def run(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                self.stream = connection.makefile("rwb")
                turn = 0
                while not self.stop.is_set():
                    self.turn(turn)
                    turn += 1
        except OSError as error:
            self.failures += 1
            self.first_failure = self.first_failure or repr(error)

    def turn(self, turn):
        key = b"k%d.%d" % (self.number, turn % 8)
        value = b"value-%d-%d" % (self.number, turn)
        size = b"%d\n" % len(value)
        self.expect(b"SET %s %d\n%s\n" % (key, len(value), value), b"OK\n")
        self.expect(b"GET %s\n" % key, size + value + b"\n")
        self.expect(b"RANGE %s 2 4\n" % key, b"4\n" + value[2:6] + b"\n")
        self.expect(b"PING\n", b"PONG\n")


def main():
    stop = threading.Event()
    connections = [Connection(int(sys.argv[1]), i, stop) for i in range(int(sys.argv[2]))]
    for connection in connections:
        connection.start()
    sys.stdin.read()
    stop.set()
    for connection in connections:
        connection.join()
    result = {"requests": sum(c.requests for c in connections), "failures": sum(c.failures for c in connections)}
    result["first_failure"] = next((c.first_failure for c in connections if c.first_failure), "")
    print(json.dumps(result))
    return 1 if result["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
