"""Asks the extension module in the folder argv[1] from several threads, and answers commands on its standard input."""
import sys
import threading

THREADS = 4
sys.path.insert(0, sys.argv[1])
import shop  # noqa: E402

stop, rounds, wrong = threading.Event(), [0] * THREADS, []


def work(number):
    while not stop.is_set():
        count = rounds[number] % 1000 + 1
        try:
            if shop.quote("bread", count) != 250 * count:
                wrong.append(count)
            shop.quote("dragon", 1)
            wrong.append("dragon")
        except KeyError:
            rounds[number] += 1


def many():
    """What five billion loaves cost: more than an int counts to."""
    try:
        return str(shop.quote("bread", 5_000_000_000))
    except ValueError as refused:
        return str(refused)
    except KeyError:
        return "not sold"


threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
for thread in threads:
    thread.start()
print("ready", flush=True)
for line in sys.stdin:
    if line == "many\n":
        print(many(), flush=True)
    if line == "tenth\n":
        print(repr(0.1), flush=True)
    if line == "end\n":
        break
stop.set()
for thread in threads:
    thread.join()
print(min(rounds) if not wrong and shop.questions() >= sum(rounds) else f"wrong: {wrong[:5]}", flush=True)
