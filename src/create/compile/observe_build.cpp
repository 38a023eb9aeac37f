#include "create/compile/observe_build.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "create/compile/read_text.hpp"
#include "create/compile/shell_words.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// What gcc ("Environment Variables Affecting GCC") and clang read, and PATH, which finds them.
constexpr std::array<std::string_view, 8> kCompilerVariables{
    "PATH",          "CPATH",           "C_INCLUDE_PATH",       "CPLUS_INCLUDE_PATH",
    "COMPILER_PATH", "GCC_EXEC_PREFIX", "CCC_OVERRIDE_OPTIONS", "SOURCE_DATE_EPOCH"};

fs::path proc(pid_t pid, const char* name) { return fs::path("/proc") / std::to_string(pid) / name; }

/// A file of NUL-ended strings; empty when the process is gone.
Words strings_of(const fs::path& path) {
  try {
    std::istringstream text(read_text(path));
    Words words;
    for (std::string word; std::getline(text, word, '\0');) words.push_back(word);
    return words;
  } catch (const Error&) {
    return {};
  }
}

/// A number of /proc/PID/status; 0 when the process is gone.
pid_t status_number(pid_t pid, std::string_view name) {
  try {
    const std::string text = read_text(proc(pid, "status"));
    const auto at = text.find(fmt::format("\n{}:\t", name));
    return at == std::string::npos ? 0 : std::stoi(text.substr(at + name.size() + 3));
  } catch (const Error&) {
    return 0;
  }
}

/// Sorted; a variable that is not set stands there as its bare name.
Words compiler_environment(pid_t pid) {
  std::set<std::string> unset(kCompilerVariables.begin(), kCompilerVariables.end());
  Words kept;
  for (const auto& variable : strings_of(proc(pid, "environ")))
    if (unset.erase(variable.substr(0, variable.find('='))) != 0) kept.push_back(variable);
  kept.insert(kept.end(), unset.begin(), unset.end());
  std::sort(kept.begin(), kept.end());
  return kept;
}

class Observer {
 public:
  explicit Observer(pid_t root) : root_(root) { traced_.insert(root); }

  /// Follows the build until its first process has ended, and lets go of what it left behind.
  int follow() {
    while (!status_) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, __WALL);
      if (pid < 0 && errno == EINTR) continue;
      if (pid < 0) throw system_error(errno, "cannot follow the build");
      handle(pid, status);
    }
    release();
    return *status_;
  }

  std::vector<ObservedCommand> take() { return std::move(commands_); }

 private:
  static void resume(pid_t pid, int signal) { ptrace(PTRACE_CONT, pid, nullptr, signal); }

  void handle(pid_t pid, int status) {
    if (!WIFSTOPPED(status)) {
      traced_.erase(pid);
      inside_.erase(pid);
      if (pid == root_) status_ = status;
      return;
    }
    const int event = status >> 16;
    const int signal = WSTOPSIG(status);
    if (traced_.insert(pid).second) inherit(pid);
    if (event == PTRACE_EVENT_EXEC) note(pid);
    if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
      ptrace(PTRACE_LISTEN, pid, nullptr, 0);  // a group stop goes on until SIGCONT
      return;
    }
    resume(pid, event == 0 ? signal : 0);
  }

  /// What a compiler starts belongs to it.
  void inherit(pid_t pid) {
    if (status_number(pid, "Tgid") == pid && inside_.contains(status_number(pid, "PPid")))
      inside_.insert(pid);
  }

  void note(pid_t pid) {
    if (inside_.contains(pid)) return;
    auto words = strings_of(proc(pid, "cmdline"));
    if (words.size() < 2 || !is_compiler_name(fs::path(words[0]).filename()) || words[1] == "-cc1" ||
        words[1] == "-cc1as")
      return;
    inside_.insert(pid);
    std::error_code gone;
    const auto directory = fs::read_symlink(proc(pid, "cwd"), gone);
    if (!gone)
      commands_.push_back({directory, expand_response_files(words, directory), compiler_environment(pid)});
  }

  void release() {
    for (const pid_t pid : traced_) ptrace(PTRACE_INTERRUPT, pid, nullptr, 0);
    while (!traced_.empty()) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, __WALL);
      if (pid < 0 && errno == EINTR) continue;
      if (pid < 0) return;
      traced_.erase(pid);
      const bool is_signal = WIFSTOPPED(status) && status >> 16 == 0;
      if (WIFSTOPPED(status)) ptrace(PTRACE_DETACH, pid, nullptr, is_signal ? WSTOPSIG(status) : 0);
    }
  }

  pid_t root_;
  std::optional<int> status_;
  std::set<pid_t> traced_;
  std::set<pid_t> inside_;  ///< processes that are a compiler, or were started by one
  std::vector<ObservedCommand> commands_;
};

[[noreturn]] void run_root(const Words& command, const fs::path& directory, int may_start, int failed) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  char byte = 0;
  if (read(may_start, &byte, 1) != 1) _exit(127);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  if (chdir(directory.c_str()) == 0) execvp(words[0], words.data());
  const int why = errno;
  (void)!write(failed, &why, sizeof why);
  _exit(127);
}

std::pair<UniqueFd, UniqueFd> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error(errno, "cannot make a pipe");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

constexpr auto kInstead = "give --compile-commands, as `bear -- make` or CMake writes it, instead";

pid_t start(const Words& command, const fs::path& directory, int& failed) {
  auto [wait_here, go] = make_pipe();
  auto [read_failure, report_failure] = make_pipe();
  const pid_t pid = fork();
  if (pid < 0) throw system_error(errno, "cannot start the build");
  if (pid == 0) run_root(command, directory, wait_here.get(), report_failure.get());
  const auto options =
      PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
  if (ptrace(PTRACE_SEIZE, pid, nullptr, options) != 0) {
    const int why = errno;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    throw system_error(why, "the build cannot be watched", kInstead);
  }
  (void)!write(go.get(), "", 1);
  failed = read_failure.release();
  return pid;
}

}  // namespace

bool is_compiler_name(const std::string& name) {
  static const std::regex pattern(
      R"((.*-)?(cc|c\+\+|gcc|g\+\+|clang|clang\+\+|c89|c99|c11)(-[0-9.]+)?|ccache|distcc|sccache|icecc|gomacc|buildcache)");
  return std::regex_match(name, pattern);
}

std::vector<ObservedCommand> observe_build(const Words& command, const fs::path& directory) {
  int failed = -1;
  const pid_t root = start(command, directory, failed);
  const UniqueFd failure(failed);
  Observer observer(root);
  const int status = observer.follow();
  int why = 0;
  if (read(failure.get(), &why, sizeof why) == sizeof why)
    throw Error(ErrorCode::bad_input, fmt::format("cannot run {}: {}", command.front(), strerrordesc_np(why)),
                "give the command that builds the program behind `--`");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error(ErrorCode::build_failed,
                fmt::format("the build `{}` failed ({})", fmt::join(command, " "),
                            WIFEXITED(status) ? fmt::format("exit status {}", WEXITSTATUS(status))
                                              : fmt::format("signal {}", WTERMSIG(status))),
                "its output is above; it must succeed by itself first");
  return observer.take();
}

}  // namespace stent::compile
