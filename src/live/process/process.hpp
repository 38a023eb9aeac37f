// A target: a running process that stent may look at and is able to patch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/pid.hpp"
#include "live/process/known_modules.hpp"
#include "live/process/mapping.hpp"
#include "live/process/process_memory.hpp"
#include "live/process/thread_stat.hpp"

namespace stent::process {

class Process {
 public:
  /// Looks at process `pid` without disturbing it. Throws
  /// `gone` (no such process, or a zombie), `unsupported` (kernel thread, 32-bit), `traced` (names the
  /// tracer), `not_permitted`.
  [[nodiscard]] static Process open(Pid pid);

  [[nodiscard]] Pid pid() const { return pid_; }
  /// The process's own name (comm of its leader).
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const RemoteMemory& memory() const { return *memory_; }

  /// The id whose folder in /proc shows the memory: the process's own, or a thread's when the leader has
  /// ended.
  [[nodiscard]] Pid memory_owner() const;

  /// False once the process has ended or replaced itself by exec.
  [[nodiscard]] bool is_current() const { return memory_->exists(); }

  /// Read anew at each call; throws `gone`.
  [[nodiscard]] std::vector<Mapping> mappings() const { return read_mappings(pid_); }
  /// Of the mappings as they are now; throws `gone`.
  [[nodiscard]] std::vector<Module> modules() const { return modules(mappings()); }
  /// Of `mappings`, which were just read.
  [[nodiscard]] std::vector<Module> modules(const std::vector<Mapping>& mappings) const {
    return modules_->among(mappings);
  }
  /// What stands in those modules, each page read once until one goes: for what does not change
  /// while a module stays where it is, as its symbols do not.
  [[nodiscard]] const RemoteMemory& module_memory() const { return modules_->memory(); }
  /// Living threads that run the process's code; throws `gone`.
  [[nodiscard]] std::vector<ThreadStat> threads() const;

  /// A writer for whoever holds the target stopped or writes where no thread can reach; `stop::Session` and
  /// `stop::ThreadGroupStop` are the ones to call it.
  [[nodiscard]] RemoteMemory& writable_memory() const { return *memory_; }

 private:
  Process() = default;

  Pid pid_;
  std::string name_;
  std::unique_ptr<ProcessMemory> memory_;
  std::unique_ptr<KnownModules> modules_;
};

}  // namespace stent::process
