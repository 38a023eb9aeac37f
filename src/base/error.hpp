// The one exception type of stent, and the codes that decide the exit status.
#pragma once

#include <exception>
#include <string>

namespace stent {

/// Kind of a failure. Each maps to the process exit status of the same number (0 is success).
enum class ErrorCode {
  internal = 1,         ///< stent is wrong, or the machine failed it (out of memory, disk full)
  usage = 2,            ///< the command line is wrong
  bad_input = 3,        ///< a file given to stent is not what it must be (not a patch, truncated, not ELF)
  gone = 4,             ///< no such process, or it ended before the work was done
  not_permitted = 5,    ///< the kernel or a policy forbids it
  unsupported = 6,      ///< this kind of target cannot be patched (kernel thread, 32-bit)
  mismatch = 7,         ///< the target does not hold what the patch was made for (build-id, pre-image)
  busy = 8,             ///< a thread stayed inside a function to replace until the deadline
  already_applied = 9,  ///< the patch is in the target already
  not_applied = 10,     ///< the patch is not in the target, so it cannot be reverted
  refused = 11,         ///< the change cannot be made into a patch, or a policy says no
  build_failed = 12,    ///< compiling the old or the new source failed
  traced = 13,          ///< another tracer (debugger, strace, another stent) holds the target
};

/// A failure: what happened, with names and numbers, and what to do about it.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::string hint = {});

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  /// What the user can do; empty only for `internal`.
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
  std::string hint_;
};

/// The stable, lower-case name of a code as `--json` prints it, e.g. "already-applied".
[[nodiscard]] std::string to_string(ErrorCode code);

/// The failure of a system call: `what` with errno's text appended; `code` defaults by errno
/// (ESRCH -> gone, EPERM/EACCES -> not_permitted, else internal).
[[nodiscard]] Error system_error(int error_number, const std::string& what, std::string hint = {});

}  // namespace stent
