#!/usr/bin/env python3
"""Heals a running server while it serves: the bug, the patch, the fix, and back again.

    demo.py STENT SERVER SOURCE_DIRECTORY FIX_DIFF LOAD WORK

WORK holds compile_commands.json of the server. Exit status 1 when anything is not as it says.
"""
import json
import pathlib
import socket
import subprocess
import sys

GREEN, RED, BOLD, PLAIN = ("\033[32m", "\033[31m", "\033[1m", "\033[0m") if sys.stdout.isatty() else ("",) * 4
SECRET = b"SECRET-TOKEN"


class Failed(Exception):
    pass


def say(text, good=True):
    print(f"{GREEN if good else RED}{'ok ' if good else 'BAD'}{PLAIN} {text}", flush=True)


def must(condition, text):
    say(text, condition)
    if not condition:
        raise Failed(text)


def stent(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise Failed(f"stent {arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def ask(port, request):
    """One request on a connection of its own; everything that comes back until the server has no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def leaks(port):
    """Asks for more bytes than the value has: does the neighbour's secret come along?"""
    return SECRET in ask(port, b"RANGE greeting 0 180\n")


def start_load(load, port):
    return subprocess.Popen([sys.executable, load, str(port), "8"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)



def heal(arguments, server):
    program, _, _, diff, load, work = arguments
    pid, port = server.pid, int(server.stdout.readline())
    must(ask(port, b"SET greeting 5\nhello\n") == b"OK\n", f"server {pid} answers on port {port}")
    must(leaks(port), "the bug: RANGE beyond the value's end hands out the owner's token")
    patch = pathlib.Path(work) / "fix.stent"
    made = stent(program, "create", "--target", f"/proc/{pid}/exe", "--compile-commands",
                 pathlib.Path(work) / "compile_commands.json", "--patch", diff, "-o", patch)
    say(made.strip().splitlines()[0].rsplit("/", 1)[-1])
    print("   " + " ".join(line.strip() for line in made.splitlines()[1:]))
    stent(program, "check", patch, "--pid", pid)
    loading = start_load(load, port)
    try:
        report = json.loads(stent(program, "apply", patch, "--pid", pid, "--json"))
        say(f"applied under load: {report['threads']} threads, stop window {report['stop_window_us']:.0f} us, "
            f"{report['tries']} tries")
        must(not leaks(port), "the fix: the same request gives nothing away now")
        must("applied" in stent(program, "list", "--pid", pid), "list shows the patch")
        window = json.loads(stent(program, "revert", patch, "--pid", pid, "--json"))["stop_window_us"]
        must(leaks(port), f"reverted ({window:.0f} us): the bug is back")
    finally:
        out, _ = loading.communicate(timeout=60)
    result = json.loads(out)
    must(result["failures"] == 0 and result["requests"] > 0,
         f"load: {result['requests']} requests, {result['failures']} failed {result['first_failure']}")
    must(server.poll() is None, "the server still runs")
    return report, result


def main():
    arguments = sys.argv[1:]
    server = subprocess.Popen([arguments[1]], stdout=subprocess.PIPE, text=True)
    try:
        report, result = heal(arguments, server)
    except Failed as failure:
        print(f"{RED}the demo failed:{PLAIN} {failure}", file=sys.stderr)
        return 1
    finally:
        server.kill()
        server.wait()
    print(f"{BOLD}Healed while serving: {GREEN}stop window {report['stop_window_us']:.0f} us, "
          f"{result['requests']} requests, 0 failed.{PLAIN}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
