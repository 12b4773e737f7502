"""A warm pool of processes that runs jobs for the driver.

usage: pool.py pool|executor|bytes WORKERS CHUNK

CHUNK 0 is the library's own choice. First a line "ready ..." says what was
measured. Then each line of input is a number of tasks, and is answered by a
line with the nanoseconds that they took, or by "error" and a reason.
"""

import concurrent.futures
import multiprocessing
import os
import platform
import sys
import time

BLOCK = 1 << 20


def noop(i):
    return i + 1


def echo(block):
    return block


def who(_):
    time.sleep(0.02)
    return os.getpid()


def warm(run, workers):
    """Have every process of the pool run something."""
    seen = set()
    while len(seen) < workers:
        seen.update(run(who, range(2 * workers), 1))


def make(kind, workers):
    """Return run(function, inputs, chunk) -> list, on a new pool."""
    if kind == "executor":
        executor = concurrent.futures.ProcessPoolExecutor(workers)

        def run(function, inputs, chunk):
            # Chunks as large as those of multiprocessing, 4 a worker.
            chunk = chunk or max(1, -(-len(inputs) // (4 * workers)))
            return list(executor.map(function, inputs, chunksize=chunk))

        return run
    pool = multiprocessing.Pool(workers)
    return lambda function, inputs, chunk: pool.map(function, inputs, chunk or None)


def job(run, kind, tasks, chunk):
    """Run a job, check its results, and return its wall time in ns."""
    if kind == "bytes":
        function, inputs = echo, [bytes([i % 256]) * BLOCK for i in range(tasks)]
        want = inputs
    else:
        function, inputs = noop, list(range(tasks))
        want = list(range(1, tasks + 1))
    start = time.perf_counter_ns()
    out = run(function, inputs, chunk)
    took = time.perf_counter_ns() - start
    if out != want:
        raise ValueError("results are wrong")
    return took


def main():
    kind, workers, chunk = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    run = make(kind, workers)
    warm(run, workers)
    print("ready", "Python", platform.python_version() + ",", multiprocessing.get_start_method(), flush=True)
    for line in sys.stdin:
        try:
            print(job(run, kind, int(line), chunk), flush=True)
        except Exception as e:  # told to the driver, which reports it
            print("error", repr(e).replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
