#include "live/process/process.hpp"

#include <elf.h>
#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.hpp"
#include "live/process/proc_file.hpp"

namespace stent::process {
namespace {

std::string named(Pid pid, const std::string& name) {
  return "process " + std::to_string(pid.value) + " (" + name + ")";
}

Error no_such_process(Pid pid) {
  return {ErrorCode::gone, "there is no process " + std::to_string(pid.value),
          "look the pid up with ps or pgrep"};
}

ThreadStat leader_of(Pid pid) {
  if (pid.value <= 0) throw no_such_process(pid);
  const auto text = read_proc_file(proc_path(pid, "/stat"));
  if (!text || text->empty()) throw no_such_process(pid);
  return parse_thread_stat(*text);
}

/// The text after "KEY:\t" in /proc/PID/status; empty when there is none, or the thread is gone.
std::string status_field(Pid pid, const std::string& key) {
  const auto text = read_proc_file(proc_path(pid, "/status"));
  if (!text) return {};
  const std::string mark = "\n" + key + ":\t";
  const std::size_t at = text->find(mark);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + mark.size();
  return text->substr(begin, text->find('\n', begin) - begin);
}

pid_t status_number(Pid pid, const std::string& key) {
  const std::string text = status_field(pid, key);
  pid_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// /proc/PID also answers for the id of a thread that is not a leader.
void refuse_thread_id(Pid pid) {
  const pid_t leader = status_number(pid, "Tgid");
  if (leader != 0 && leader != pid.value)
    throw Error(
        ErrorCode::unsupported,
        std::to_string(pid.value) + " is a thread of process " + std::to_string(leader) + ", not a process",
        "give the process: --pid " + std::to_string(leader));
}

/// Asked of one thread; the others' tracers are met when they are seized. A thread that has ended keeps its
/// tracer until an exec takes it away.
void refuse_traced(Pid pid, Tid alive, const std::string& name) {
  const pid_t tracer = status_number({alive.value}, "TracerPid");
  if (tracer == 0) return;
  if (const auto stat = read_thread_stat(pid, alive); !stat || stat->is_ending()) return;
  const std::string tracer_name = name_of({tracer});
  throw Error(ErrorCode::traced,
              named(pid, name) + " is traced by " + tracer_name + " (pid " + std::to_string(tracer) + ")",
              "end or detach " + tracer_name + " first, then try again");
}

/// A thread that still has the process's memory: the leader, or a sibling when the leader has ended.
Tid living_thread(Pid pid, const ThreadStat& leader) {
  if (!leader.is_ending()) return leader.tid;
  for (const Tid tid : list_threads(pid))
    if (const auto stat = read_thread_stat(pid, tid); stat && !stat->is_ending()) return tid;
  throw Error(ErrorCode::gone, named(pid, leader.comm) + " has ended and waits for its parent (zombie)",
              "there is nothing left to patch; look for the pid it runs under now");
}

/// By a thread that still has it; one that ends just now may have lost it since it was looked at.
std::pair<Tid, std::unique_ptr<ProcessMemory>> open_memory(Pid pid, const ThreadStat& leader) {
  constexpr int most_tries = 5;
  Tid alive = living_thread(pid, leader);
  for (int tries = 1;; ++tries) try {
      return {alive, std::make_unique<ProcessMemory>(alive)};
    } catch (const Error& error) {
      if (error.code() != ErrorCode::gone || tries == most_tries) throw;
      alive = living_thread(pid, leader_of(pid));
    }
}

/// AT_PHDR of a 64-bit process; throws `unsupported` for a 32-bit one.
RemoteAddress program_headers_of(Pid pid, Tid alive, const std::string& name) {
  const auto text = read_proc_file(proc_path({alive.value}, "/auxv"));
  if (!text || text->empty()) throw no_such_process(pid);
  const ByteView vector = as_bytes(*text);
  // A 32-bit vector has entries of half the size, so its first 64-bit "type" has a value in its upper half.
  for (std::uint64_t at = 0; vector.size() - at >= sizeof(Elf64_auxv_t); at += sizeof(Elf64_auxv_t)) {
    const auto entry = load<Elf64_auxv_t>(vector, at);
    if (entry.a_type > UINT32_MAX)
      throw Error(ErrorCode::unsupported, named(pid, name) + " is a 32-bit program",
                  "stent patches 64-bit x86 processes only");
    if (entry.a_type == AT_PHDR) return {entry.a_un.a_val};
    if (entry.a_type == AT_NULL) break;
  }
  return {};
}

}  // namespace

Process Process::open(Pid pid) {
  const ThreadStat leader = leader_of(pid);
  if (leader.is_kernel_worker() || pid.value == 2)
    throw Error(ErrorCode::unsupported, named(pid, leader.comm) + " is a thread of the kernel",
                "stent patches programs, not the kernel; give the pid of a program");
  refuse_thread_id(pid);
  auto [alive, memory] = open_memory(pid, leader);
  refuse_traced(pid, alive, leader.comm);
  Process process;
  process.pid_ = pid;
  process.name_ = leader.comm;
  process.memory_ = std::move(memory);
  process.modules_ =
      std::make_unique<KnownModules>(*process.memory_, program_headers_of(pid, alive, leader.comm));
  return process;
}

Pid Process::memory_owner() const { return {living_thread(pid_, leader_of(pid_)).value}; }

std::vector<ThreadStat> Process::threads() const {
  std::vector<ThreadStat> threads;
  for (const Tid tid : list_threads(pid_))
    if (const auto stat = read_thread_stat(pid_, tid); stat && !stat->is_dead() && !stat->is_kernel_worker())
      threads.push_back(*stat);
  return threads;
}

}  // namespace stent::process
