"""The same failures through savvi (PyPI), an independent implementation of the multinomial test.

    python3 benchmarks/CanaryTable/peer.py FILE

FILE is what CanaryTable wrote. Prints, for each share of broken agents, how often the test stops and the median and
90th percentile of the answers until then, at alpha = 1 % and 5 %. Needs savvi and matplotlib from PyPI.
"""
import sys
from collections import defaultdict

import numpy as np
from savvi.multinomial import Multinomial

CANARIES, AGENTS = 1_000, 10_000
THETA = np.array([CANARIES / AGENTS, 1 - CANARIES / AGENTS])
EVENTS = {"u": np.array([1, 0]), "o": np.array([0, 1])}


def stops(events, k):
    """The answers until the odds reach 100 and 20."""
    test = Multinomial(0.01, THETA, k)
    found = {0.01: None, 0.05: None}
    for event in events:
        test.n += 1
        x = EVENTS[event[0]]
        test.counts += x
        test.odds = test.update_odds(x)
        for alpha in found:
            # The test has two sides; only more failures than expected are of interest.
            more = test.counts[0] / test.counts.sum() > THETA[0]
            if found[alpha] is None and test.odds >= 1 / alpha and more:
                found[alpha] = int(event[1:])
        if found[0.01] is not None:
            break
    return found


def main(path):
    runs = defaultdict(list)
    for line in open(path):
        share, *events = line.split()
        runs[float(share)].append(events)
    for k in (1, 10, 100):
        for share, list_of_events in runs.items():
            results = [stops(events, k) for events in list_of_events]
            for alpha in (0.01, 0.05):
                used = sorted(r[alpha] for r in results if r[alpha] is not None)
                half, high = len(results) // 2, len(results) * 9 // 10
                median = used[half] if half < len(used) else "-"
                ninth = used[high] if high < len(used) else "-"
                print(f"k={k} alpha={alpha} broken={share}: {100 * len(used) / len(results):.2f} %; {median}; {ninth}")


main(sys.argv[1])
