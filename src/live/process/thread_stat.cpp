#include "live/process/thread_stat.hpp"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "base/error.hpp"
#include "live/process/proc_file.hpp"

namespace stent::process {
namespace {

// include/linux/sched.h
constexpr std::uint64_t pf_io_worker = 0x10;
constexpr std::uint64_t pf_user_worker = 0x4000;
constexpr std::uint64_t pf_kthread = 0x200000;

template <class Number>
Number to_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{})
    throw Error(ErrorCode::bad_input, "not a number in a stat file: '" + std::string(text) + "'",
                "this kernel prints /proc/PID/stat in a way stent does not know; report it");
  return value;
}

/// Blank-separated field `index` of `text`, from 0; empty when there are fewer.
std::string_view field(std::string_view text, unsigned index) {
  for (; index > 0; --index) text.remove_prefix(std::min(text.find(' '), text.size() - 1) + 1);
  return text.substr(0, text.find(' '));
}

}  // namespace

bool ThreadStat::is_kernel_worker() const {
  return (flags & (pf_kthread | pf_io_worker | pf_user_worker)) != 0;
}

ThreadStat parse_thread_stat(std::string_view line) {
  const std::size_t open = line.find('(');
  const std::size_t close = line.rfind(')');  // the name itself may contain ')'
  if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
      close + 3 > line.size())
    throw Error(ErrorCode::bad_input, "not a stat line: '" + std::string(line) + "'",
                "this kernel prints /proc/PID/stat in a way stent does not know; report it");
  ThreadStat stat;
  stat.tid = {to_number<pid_t>(line)};
  stat.comm = line.substr(open + 1, close - open - 1);
  const std::string_view rest = line.substr(close + 2);  // from the third field of proc(5) on
  stat.state = rest.front();
  stat.flags = to_number<std::uint64_t>(field(rest, 6));
  stat.started = to_number<std::uint64_t>(field(rest, 19));
  return stat;
}

std::optional<ThreadStat> read_thread_stat(Pid pid, Tid tid) {
  const auto text = read_proc_file(proc_path(pid, "/task/" + std::to_string(tid.value) + "/stat"));
  if (!text || text->empty()) return std::nullopt;
  return parse_thread_stat(*text);
}

std::vector<Tid> list_threads(Pid pid) {
  const std::string path = proc_path(pid, "/task");
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (!folder)
    throw system_error(errno == ENOENT ? ESRCH : errno, "process " + std::to_string(pid.value) + " is gone",
                       "look for the pid it runs under now");
  std::vector<Tid> tids;
  while (const dirent* entry = ::readdir(folder.get()))
    if (entry->d_name[0] != '.') tids.push_back({to_number<pid_t>(entry->d_name)});
  std::sort(tids.begin(), tids.end());
  return tids;
}

}  // namespace stent::process
