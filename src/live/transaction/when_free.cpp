#include "live/transaction/when_free.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>

#include "live/process/proc_file.hpp"
#include "live/process/thread_stat.hpp"

namespace stent::transaction {
namespace {

constexpr const char* mark = "\nTracerPid:\t";

pid_t tracer_of(Tid tid) {
  const auto status = process::read_proc_file(process::proc_path({tid.value}, "/status"));
  const std::size_t at = status ? status->find(mark) : std::string::npos;
  return at == std::string::npos ? 0 : std::atoi(status->c_str() + at + std::string(mark).size());
}

/// A stent, or what is ending just now: it has no program any more when it lets its tracees go.
bool is_stent_or_ends(pid_t pid) {
  std::error_code failed;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", failed);
  const auto other = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", failed);
  if (failed) return failed == std::errc::no_such_file_or_directory || failed == std::errc::no_such_process;
  return own == other || other.filename() == "stent" || other.filename() == "stent (deleted)";
}

}  // namespace

bool held_by_stent(Pid pid) {
  for (const Tid tid : process::list_threads(pid))
    if (const pid_t tracer = tracer_of(tid); tracer != 0) return is_stent_or_ends(tracer);
  return true;
}

bool pause_until(std::chrono::steady_clock::time_point deadline) {
  using namespace std::chrono;
  const auto left = deadline - steady_clock::now();
  if (left <= left.zero()) return false;
  // Uneven, so that two that wait for each other do not go on meeting.
  const auto moment = steady_clock::now().time_since_epoch().count() % 4000;
  std::this_thread::sleep_for(std::min<nanoseconds>(left, microseconds(500 + moment)));
  return true;
}

}  // namespace stent::transaction
