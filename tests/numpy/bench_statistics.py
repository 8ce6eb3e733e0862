"""The numbers that the tests of src/bench/statistics expect, made with numpy and scipy.

    python bench_statistics.py

The times are drawn with the generator of src/bench/random.rs (SplitMix64), so that both sides
have the same. Last run with numpy 2.4.6 and scipy 1.17.1.
"""

import math

import numpy as np
from scipy import stats

MASK = (1 << 64) - 1


class Random:
    def __init__(self, seed):
        self.state = seed

    def next_u64(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        bits = self.state
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
        return bits ^ (bits >> 31)

    def exponential(self, mean):
        return -mean * math.log(1.0 - (self.next_u64() >> 11) / (1 << 53))


random = Random(7)
times = np.array([5.0 + random.exponential(20.0) for _ in range(1001)])
print("mean", repr(float(times.mean())), "sd", repr(float(times.std(ddof=1))))
print("min", repr(float(times.min())), "max", repr(float(times.max())))
for p in (50, 75, 90, 95, 99):
    print(f"p{p}", repr(float(np.percentile(times, p))))
few = np.array([10.0, 1.0, 3.0, 2.0])
print("few", [float(np.percentile(few, p)) for p in (50, 90, 99)], float(few.std(ddof=1)))

random = Random(11)
first = np.array([10.0 + random.exponential(5.0) for _ in range(400)])
second = np.array([10.0 + random.exponential(6.0) for _ in range(400)])
result = stats.bootstrap(
    (first, second),
    lambda a, b, axis: b.mean(axis=axis) / a.mean(axis=axis) - 1,
    n_resamples=100_000,
    confidence_level=0.99,
    method="percentile",
    batch=1000,
    rng=np.random.default_rng(1),
)
print("relative", float(second.mean() / first.mean() - 1), result.confidence_interval)
