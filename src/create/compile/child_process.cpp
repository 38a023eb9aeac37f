#include "create/compile/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

/// Everything the child needs, made before fork: it allocates nothing.
struct Prepared {
  explicit Prepared(const ChildCommand& command) : source(command) {
    for (const auto& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    uid_map = std::to_string(geteuid()) + " " + std::to_string(geteuid()) + " 1";
    gid_map = std::to_string(getegid()) + " " + std::to_string(getegid()) + " 1";
  }
  const ChildCommand& source;
  std::vector<char*> words;
  std::string uid_map, gid_map;
};

[[noreturn]] void give_up(int status, const char* what, const char* name) {
  dprintf(STDERR_FILENO, "cannot %s %s: %s\n", what, name, strerrordesc_np(errno));
  _exit(status);
}

void write_map(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text.data(), text.size()) < 0) give_up(126, "write", path);
  close(fd);
}

/// mount_namespaces(7), user_namespaces(7): without privilege a user namespace of one's own allows the
/// mounts.
void enter_namespace(const Prepared& child) {
  if (unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) give_up(126, "make", "a private mount namespace");
    write_map("/proc/self/setgroups", "deny");
    write_map("/proc/self/uid_map", child.uid_map);
    write_map("/proc/self/gid_map", child.gid_map);
  }
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    give_up(126, "make private", "all mounts");
  for (const auto& [from, to] : *child.source.mounts)
    if (mount(from.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
      give_up(126, "show the changed", to.c_str());
}

void redirect(const char* path, int flags, int to) {
  const int fd = open(path, flags | O_CLOEXEC, 0644);
  if (fd < 0 || dup2(fd, to) < 0) give_up(126, "open", path);
}

[[noreturn]] void run_child(const Prepared& child) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  redirect(child.source.errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  redirect(child.source.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  redirect("/dev/null", O_RDONLY, STDIN_FILENO);
  if (child.source.mounts != nullptr) enter_namespace(child);
  if (chdir(child.source.directory.c_str()) != 0) give_up(126, "enter", child.source.directory.c_str());
  setenv("PWD", child.source.directory.c_str(), 1);
  setenv("LC_ALL", "C", 1);
  setenv("CCACHE_DISABLE", "1", 1);
  setenv("SOURCE_DATE_EPOCH", "0", 0);  // __DATE__ and __TIME__ must not differ between old and new
  for (const auto& variable : child.source.environment)
    if (putenv(const_cast<char*>(variable.c_str())) != 0) give_up(126, "set", variable.c_str());
  for (const char* name : {"DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES"}) unsetenv(name);
  execvp(child.words[0], child.words.data());
  give_up(127, "run", child.words[0]);
}

/// The running children; those left are killed and reaped.
class Children {
 public:
  Children() = default;
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;
  ~Children() {
    for (auto& [pid, child] : running_) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }

  [[nodiscard]] std::size_t count() const { return running_.size(); }

  void start(std::size_t index, const ChildCommand& command) {
    const Prepared prepared(command);
    const pid_t pid = fork();
    if (pid < 0) throw system_error(errno, "cannot start a compiler");
    if (pid == 0) run_child(prepared);
    auto& child = running_[pid];
    child.index = index;
    child.fd = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!child.fd.valid()) throw system_error(errno, "cannot watch a compiler");
  }

  /// Waits for at least one to end and takes the statuses of those that did.
  void collect(std::vector<int>& statuses) {
    std::vector<pollfd> fds;
    for (auto& [pid, child] : running_) fds.push_back({child.fd.get(), POLLIN, 0});
    if (poll(fds.data(), fds.size(), -1) < 0) {
      if (errno == EINTR) return;
      throw system_error(errno, "cannot wait for the compilers");
    }
    for (auto at = running_.begin(); at != running_.end();) {
      int status = 0;
      if (waitpid(at->first, &status, WNOHANG) != at->first) {
        ++at;
        continue;
      }
      statuses[at->second.index] = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      at = running_.erase(at);
    }
  }

 private:
  struct Child {
    std::size_t index = 0;
    UniqueFd fd;
  };
  std::map<pid_t, Child> running_;
};

}  // namespace

std::vector<int> run_all(const std::vector<ChildCommand>& commands, unsigned jobs) {
  std::vector<int> statuses(commands.size(), -1);
  Children children;
  for (std::size_t next = 0; next < commands.size() || children.count() != 0;) {
    if (next < commands.size() && children.count() < std::max(jobs, 1U)) {
      children.start(next, commands[next]);
      ++next;
    } else {
      children.collect(statuses);
    }
  }
  return statuses;
}

bool can_mount(const std::filesystem::path& work_directory) {
  const auto probe = work_directory / "probe";
  write_text(probe / "from", "changed\n");
  write_text(probe / "to", "");
  const Mounts mounts{{probe / "from", probe / "to"}};
  const ChildCommand command{{"cat", probe / "to"}, probe, probe / "output", probe / "errors", &mounts};
  return run_all({command}, 1).front() == 0 && read_text(command.output) == "changed\n";
}

}  // namespace stent::compile
