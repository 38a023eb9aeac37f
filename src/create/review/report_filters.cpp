#include <fmt/format.h>

#include <algorithm>

#include "create/review/code_rules.hpp"
#include "create/review/names.hpp"

namespace stent::review {
namespace {

/// The process may make only the system calls that it named.
bool installs_filter(const Call& call) {
  constexpr std::int64_t set_seccomp = 22, sys_seccomp = 317;  // linux/prctl.h, asm/unistd_64.h
  const std::string plain = plain_name(call.name);
  static const std::set<std::string> names = {"seccomp", "seccomp_load", "pledge", "landlock_restrict_self"};
  return names.contains(plain) || (plain == "prctl" && call.arguments[0].is_constant(set_seccomp)) ||
         (plain == "syscall" && call.arguments[0].is_constant(sys_seccomp));
}

bool installs_filter(const FunctionFacts& facts) {
  return std::ranges::any_of(facts.calls, [](const Call& call) { return installs_filter(call); });
}

/// Calls of the C library that are as harmless as any where there is no filter, and end the process where
/// a filter does not know them.
bool enters_kernel(const std::string& plain) {
  static const std::set<std::string> names = {"nanosleep",   "clock_nanosleep",
                                              "usleep",      "sleep",
                                              "select",      "pselect",
                                              "ppoll",       "poll",
                                              "epoll_wait",  "epoll_create",
                                              "eventfd",     "pipe",
                                              "pipe2",       "dup",
                                              "dup2",        "dup3",
                                              "fcntl",       "ioctl",
                                              "fsync",       "fdatasync",
                                              "lseek",       "pread",
                                              "pwrite",      "readv",
                                              "writev",      "stat",
                                              "fstat",       "lstat",
                                              "statx",       "access",
                                              "getcwd",      "readlink",
                                              "sendto",      "recvfrom",
                                              "send",        "recv",
                                              "shutdown",    "setsockopt",
                                              "getpid",      "gettid",
                                              "getppid",     "kill",
                                              "tgkill",      "getuid",
                                              "geteuid",     "uname",
                                              "sysinfo",     "getrusage",
                                              "times",       "close",
                                              "closefrom",   "wait4",
                                              "waitpid",     "shm_open",
                                              "inotify_init"};
  return names.contains(plain) || may_be_forbidden(plain);
}

std::set<std::string> called(const Side& side) {
  std::set<std::string> all;
  for (const auto& [name, facts] : side.facts)
    for (const Call& call : facts.calls) all.insert(plain_name(call.name));
  return all;
}

}  // namespace

/// The filter is in place, as the old code made it; where it is made in the unit, every new call counts.
void report_filters(const ReviewedUnit& unit, Findings& findings) {
  if (std::ranges::none_of(unit.before.facts, [](const auto& one) { return installs_filter(one.second); }))
    return;
  for (const FunctionPair& pair : unit.changed)
    if (installs_filter(*pair.before)) {
      Finding finding = about(pair, Level::review, "ran-already");
      finding.message = pair.name() + ": it puts a filter of system calls in place, and changed";
      finding.why = "the filter of the old code is in place, and a process cannot take it back";
      finding.remedy = "do with the system calls that the old filter lets through";
      findings.add(pair.name(), std::move(finding));
    }
  const std::set<std::string> known = called(unit.before);
  for (const FunctionPair& pair : unit.changed)
    for (const Call& call : pair.after->calls)
      if (const std::string plain = plain_name(call.name); enters_kernel(plain) && !known.contains(plain)) {
        Finding finding = about(pair, Level::review, "new-effect");
        finding.message =
            fmt::format("{} calls {} newly, behind a filter of system calls", pair.name(), plain);
        finding.why = "the filter of the old code is in place, and may end the process";
        finding.remedy = "do without it, or show that the old filter lets it through";
        findings.add(plain, std::move(finding));
      }
}

}  // namespace stent::review
