"""List scheduling in SimPy 3: workers that become ready and take tasks in order.

usage: simpy_fanout.py TIMES DELAYS WORKERS

A line "ready ..." says what runs it. Then each line of input is a number of
tasks, and is answered by a line with the nanoseconds that their simulation
took and the makespan in seconds. A worker is a process that waits for its
start, and then for each task that it takes: the least that SimPy can do.
"""

import platform
import sys
import time

import simpy


def read(name):
    with open(name) as lines:
        return [float(line) for line in lines]


def worker(env, delay, tasks):
    yield env.timeout(delay)
    for service in tasks:
        yield env.timeout(service)


def simulate(times, delays):
    env = simpy.Environment()
    tasks = iter(times)
    for delay in delays:
        env.process(worker(env, delay, tasks))
    env.run()
    return env.now


def main():
    times, delays = read(sys.argv[1]), read(sys.argv[2])[: int(sys.argv[3])]
    print("ready SimPy", simpy.__version__ + ", Python", platform.python_version(), flush=True)
    for line in sys.stdin:
        n = int(line)
        begin = time.perf_counter_ns()
        makespan = simulate(times[:n], delays)
        print(time.perf_counter_ns() - begin, repr(makespan), flush=True)


main()
