#include "server/ops/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

namespace gather::ops {
namespace {

void Add(prometheus::MetricFamily family, double value,
         MetricFamilies& families) {
  AddSample(family, {}, value);
  families.push_back(std::move(family));
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) / 1e6;
}

void AddCpu(MetricFamilies& families) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return;
  Add(CounterFamily("process_cpu_seconds_total",
                    "CPU time that the process has had, user and system."),
      Seconds(usage.ru_utime) + Seconds(usage.ru_stime), families);
}

void AddMemory(MetricFamilies& families) {
  int64_t size = 0;
  int64_t resident = 0;
  std::ifstream file("/proc/self/statm");
  if (!(file >> size >> resident)) return;
  const int64_t page = sysconf(_SC_PAGESIZE);
  Add(GaugeFamily("process_virtual_memory_bytes", "Addresses in use."),
      static_cast<double>(size * page), families);
  Add(GaugeFamily("process_resident_memory_bytes", "Memory in use."),
      static_cast<double>(resident * page), families);
}

void AddFiles(MetricFamilies& families) {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (!error) {
    // One of them is that of the directory itself.
    Add(GaugeFamily("process_open_fds", "File descriptors in use."),
        static_cast<double>(std::distance(begin(open), end(open)) - 1),
        families);
  }
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  Add(GaugeFamily("process_max_fds", "File descriptors that it may use."),
      static_cast<double>(files.rlim_cur), families);
}

// The value that follows `key` in a file of /proc.
double ValueOf(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  double value = 0;
  while (file >> word) {
    if (word == key) return file >> value ? value : 0;
  }
  return 0;
}

// In clock ticks, from when the system started.
int64_t StartTicks() {
  constexpr int kFieldsBefore = 19;  // between the name and starttime: proc(5)
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  // The name is in brackets, and may hold any.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBefore; ++i) fields >> skipped;
  int64_t ticks = 0;
  fields >> ticks;
  return ticks;
}

void AddStart(MetricFamilies& families) {
  const double booted = ValueOf("/proc/stat", "btime");
  const int64_t ticks = StartTicks();
  if (booted == 0 || ticks == 0) return;
  Add(GaugeFamily("process_start_time_seconds",
                  "When the process started, in Unix time."),
      booted + static_cast<double>(ticks) /
                   static_cast<double>(sysconf(_SC_CLK_TCK)),
      families);
}

}  // namespace

void AddProcessFamilies(MetricFamilies& families) {
  AddCpu(families);
  AddMemory(families);
  AddFiles(families);
  AddStart(families);
}

}  // namespace gather::ops
