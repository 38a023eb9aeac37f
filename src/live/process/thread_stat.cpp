#include "live/process/thread_stat.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
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

/// Where a freezer of the first version is mounted as it always is.
bool is_frozen_by_first_version(Pid pid) {
  const auto groups = read_proc_file(proc_path(pid, "/cgroup"));
  const std::string mark = ":freezer:";
  const std::size_t at = groups ? groups->find(mark) : std::string::npos;
  if (at == std::string::npos) return false;
  const std::size_t begin = at + mark.size();
  const auto state = read_proc_file(
      "/sys/fs/cgroup/freezer" + groups->substr(begin, groups->find('\n', begin) - begin) + "/freezer.state");
  return state && state->starts_with("FR");  // FROZEN, FREEZING
}

}  // namespace

bool ThreadStat::is_ending() const {
  constexpr std::uint64_t pf_exiting = 0x4;
  return is_dead() || (flags & pf_exiting) != 0;
}

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
  if (const auto processor = field(rest, 36); !processor.empty()) stat.processor = to_number<int>(processor);
  return stat;
}

std::optional<ThreadStat> read_thread_stat(Pid pid, Tid tid) {
  const std::string path = proc_path(pid, "/task/" + std::to_string(tid.value) + "/stat");
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 2048> line;  // one line of at most 52 numbers and a short name
  const ssize_t size = file.valid() ? ::read(file.get(), line.data(), line.size()) : -1;
  if (size == 0 || (size < 0 && (errno == ENOENT || errno == ESRCH))) return std::nullopt;
  if (size < 0)
    throw system_error(errno, "reading " + path, "run stent as the user of the process or as root");
  return parse_thread_stat({line.data(), static_cast<std::size_t>(size)});
}

std::string name_of(Pid pid) {
  const auto comm = read_proc_file(proc_path(pid, "/comm"));
  return comm && !comm->empty() ? comm->substr(0, comm->find('\n')) : "?";
}

bool is_frozen(Pid pid, Tid tid) {
  const auto stat = read_thread_stat(pid, tid);
  if (!stat) return false;
  if (stat->state == 'D') return is_frozen_by_first_version(pid);
  // The second version holds a thread on its way out of the kernel, as a signal that stops it would (state
  // T).
  const auto place = read_proc_file(proc_path(pid, "/task/" + std::to_string(tid.value) + "/wchan"));
  return stat->state == 'S' && place && (*place == "get_signal" || *place == "do_freezer_trap");
}

bool is_socket(Tid tid, int fd) {
  std::array<char, 64> name{};
  const std::string path = proc_path({tid.value}, "/fd/" + std::to_string(fd));
  return ::readlink(path.c_str(), name.data(), name.size() - 1) > 0 &&
         std::string_view(name.data()).starts_with("socket:");
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
