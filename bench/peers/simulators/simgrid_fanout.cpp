// List scheduling in SimGrid's S4U: workers that become ready and take tasks in
// order.
//
// usage: simgrid_fanout FORM TIMES DELAYS WORKERS TASKS
//
// FORM is one of
//   sleep       an actor a worker, that sleeps for each task
//   exec        an actor a worker, that executes each task on a host of its own
//   activities  no actors: the end of an activity starts the next on its host
//
// It prints the nanoseconds from before the actors or activities are made to
// the end of the simulation, the makespan in seconds, and the version. Reading
// files and making hosts are not in the time.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <simgrid/s4u.hpp>
#include <simgrid/version.h>

namespace sg4 = simgrid::s4u;

static std::vector<double> times, delays;
static std::vector<sg4::Host*> hosts;
static size_t next_task  = 0;
static double last       = 0;

static std::vector<double> read(const char* name, size_t most)
{
  std::ifstream in(name);
  std::vector<double> values;
  double v;
  while (values.size() < most && in >> v)
    values.push_back(v);
  return values;
}

static void sleeper(double delay)
{
  sg4::this_actor::sleep_for(delay);
  while (next_task < times.size())
    sg4::this_actor::sleep_for(times[next_task++]);
  last = std::max(last, sg4::Engine::get_clock());
}

static void executor(double delay)
{
  sg4::this_actor::sleep_for(delay);
  while (next_task < times.size())
    sg4::this_actor::execute(times[next_task++]);
  last = std::max(last, sg4::Engine::get_clock());
}

static std::vector<sg4::ExecPtr> current; // of each host, which keeps it alive

static void begin(size_t host, double flops)
{
  sg4::ExecPtr e = sg4::Exec::init();
  e->set_flops_amount(flops);
  e->set_host(hosts[host]);
  e->set_data(reinterpret_cast<void*>(host));
  e->start();
  current[host] = e;
}

int main(int argc, char** argv)
{
  sg4::Engine e(&argc, argv);
  if (argc != 6)
    return 2;
  const std::string form = argv[1];
  const size_t workers   = std::strtoul(argv[4], nullptr, 10);
  times                  = read(argv[2], std::strtoul(argv[5], nullptr, 10));
  delays                 = read(argv[3], workers);

  auto* zone = sg4::create_full_zone("platform");
  for (size_t i = 0; i < workers; i++)
    hosts.push_back(zone->create_host("h" + std::to_string(i), 1.0)); // 1 flop a second
  zone->seal();

  const auto start = std::chrono::steady_clock::now();
  if (form == "activities") {
    sg4::Exec::on_completion_cb([](sg4::Activity const& a) {
      last = sg4::Engine::get_clock();
      if (next_task < times.size())
        begin(reinterpret_cast<size_t>(a.get_data<void>()), times[next_task++]);
    });
    current.resize(workers);
    for (size_t i = 0; i < workers; i++)
      begin(i, delays[i]);
  } else {
    for (size_t i = 0; i < workers; i++)
      sg4::Actor::create("w", hosts[i], form == "sleep" ? sleeper : executor, delays[i]);
  }
  e.run();
  const auto took = std::chrono::steady_clock::now() - start;

  std::printf("%lld %.17g SimGrid %d.%d\n",
              static_cast<long long>(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count()), last,
              SIMGRID_VERSION_MAJOR, SIMGRID_VERSION_MINOR);
  return 0;
}
