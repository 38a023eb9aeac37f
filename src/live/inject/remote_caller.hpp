// RemoteCaller: one borrowed thread of the target that makes system calls for stent while the others run.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "live/inject/arch_x86_64_call.hpp"
#include "live/inject/arch_x86_64_function.hpp"
#include "live/inject/seccomp_filter.hpp"
#include "live/stop/session.hpp"

namespace stent::inject {

/// Holds the borrowed thread from construction to destruction, so it should live briefly. Should stent be
/// killed meanwhile, the thread finishes the call and returns by itself to where it was
/// (`make_return_frame`).
class RemoteCaller {
 public:
  static constexpr std::chrono::milliseconds default_patience{500};

  /// Borrows a suitable thread of `session`. Throws `busy` when none is suitable within `patience`, `gone`,
  /// `unsupported` when the target has no system call instruction to use or something forbids using it,
  /// `not_permitted` when a filter (seccomp) forbids the return from a signal frame.
  explicit RemoteCaller(stop::Session& session, std::chrono::nanoseconds patience = default_patience);
  /// The same, with the target's mappings as they were just read.
  RemoteCaller(stop::Session& session, const std::vector<process::Mapping>& mappings,
               std::chrono::nanoseconds patience = default_patience,
               const stop::Session::Accept& accept = {});
  /// Uses a thread borrowed already, which must have room on its own stack (`choose_thread`).
  RemoteCaller(const BorrowedCode& code, stop::StoppedTracee thread);
  /// The same, with a thread that `accept` agrees to.
  RemoteCaller(stop::Session& session, std::chrono::nanoseconds patience,
               const stop::Session::Accept& accept);
  RemoteCaller(const RemoteCaller&) = delete;
  RemoteCaller& operator=(const RemoteCaller&) = delete;
  /// The thread goes on exactly as it was.
  ~RemoteCaller();

  /// Makes system call `number`; returns what the kernel returned (-errno on failure). Throws `gone`, `busy`,
  /// and, with nothing done, as `require`.
  [[nodiscard]] std::int64_t syscall(long number, const std::array<std::uint64_t, 6>& arguments);

  /// Throws `not_permitted`, naming the call, when a system call filter of the thread forbids it.
  void require(long number, const std::array<std::uint64_t, 6>& arguments) const;
  /// Calls `function` of the target with integer `arguments` on the stack of `site`, every signal but those
  /// of faults blocked; returns what it left in rax. Afterwards everything is as before. Throws `mismatch`
  /// when the function faulted (the fault is not delivered), `busy` when it did not return within `patience`:
  /// the thread then goes on, returns by itself to where it was, and this object must not be used again;
  /// `site` must stay. So it is when stent is killed.
  std::uint64_t call(const CallSite& site, RemoteAddress function,
                     const std::array<std::uint64_t, 4>& arguments, std::chrono::nanoseconds patience);

  [[nodiscard]] process::RemoteMemory& memory() { return thread_.memory(); }
  /// Below this address the borrowed thread's stack is free for arguments of calls (some KiB).
  [[nodiscard]] RemoteAddress free_stack() const { return frame_ - stop::red_zone_size; }
  /// What the thread makes its calls with.
  [[nodiscard]] const BorrowedCode& code() const { return code_; }
  [[nodiscard]] const stop::StoppedThread& thread() const { return thread_.state(); }

 private:
  RemoteCaller(stop::Session& session, const BorrowedCode& code,
               const std::vector<process::Mapping>& mappings, std::chrono::nanoseconds patience,
               const stop::Session::Accept& accept);

  BorrowedCode code_;
  stop::StoppedTracee thread_;
  SeccompFilter filter_;
  RemoteAddress frame_;
};

}  // namespace stent::inject
