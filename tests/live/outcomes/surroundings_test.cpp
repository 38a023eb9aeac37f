// Targets whose surroundings differ: another user, other namespaces, a terminal, files that changed.
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <sys/mount.h>
#include <termios.h>

#include <filesystem>

#include "conditioned_target.hpp"

namespace stent {
namespace {

using test::ConditionedTarget;
using test::eventually;
using test::state_of;
using test::TargetProcess;
using testing::HasSubstr;
namespace fs = std::filesystem;

const transaction::Options patient{std::chrono::seconds(10), std::nullopt};
constexpr uid_t nobody = 65534;

std::string program_path() { return std::string(STENT_TARGETS_DIR) + "/target_under_conditions_gcc"; }

patch::Patch patch_of(const std::string& path) {
  return test::replacing(model::load_image(path), "answer", test::returning(43), "surroundings");
}

/// `work` in a process of its own: "" when it succeeded, else the words of its error.
template <class Work>
std::string in_another_process(const Work& work) {
  int words[2];
  if (::pipe2(words, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  const pid_t pid = ::fork();
  if (pid == 0) {
    try {
      work();
    } catch (const Error& error) {
      const std::string text = error.message() + "\n" + error.hint();
      (void)!::write(words[1], text.data(), text.size());
    }
    ::_exit(0);
  }
  ::close(words[1]);
  std::string text(4096, '\0');
  const ssize_t size = ::read(words[0], text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  ::close(words[0]);
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status == 0 ? text : "died with status " + std::to_string(status);
}

/// A copy of the target program in a folder of its own, where every user reaches it.
class CopiedProgram {
 public:
  CopiedProgram() {
    std::string folder = testing::TempDir() + "stent-copy-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = folder;
    fs::permissions(folder_, fs::perms(0755));
    fs::copy_file(program_path(), path());
  }
  CopiedProgram(const CopiedProgram&) = delete;
  CopiedProgram& operator=(const CopiedProgram&) = delete;
  ~CopiedProgram() { fs::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return folder_ / "program"; }

 private:
  fs::path folder_;
};

void expect_patchable(TargetProcess& target, Pid pid, const patch::Patch& patch) {
  EXPECT_EQ(target.ask("answer"), "42");
  ASSERT_NO_THROW(transaction::apply(patch, pid, patient));
  EXPECT_EQ(target.ask("answer"), "43");
  ASSERT_NO_THROW(transaction::revert(patch.id, pid, patient));
  EXPECT_EQ(target.ask("answer"), "42");
}

TEST(Surroundings, ADeletedExecutableIsPatched) {
  CopiedProgram program;
  const auto patch = patch_of(program.path());
  TargetProcess target = TargetProcess::at(program.path(), {"nothing"});
  fs::remove(program.path());
  expect_patchable(target, target.pid(), patch);
}

TEST(Surroundings, AnExecutableReplacedByAnotherBuildIsPatchedAsItRuns) {
  CopiedProgram program;
  const auto patch = patch_of(program.path());
  TargetProcess target = TargetProcess::at(program.path(), {"nothing"});
  fs::remove(program.path());
  fs::copy_file(std::string(STENT_TARGETS_DIR) + "/target_answers_gcc", program.path());
  expect_patchable(target, target.pid(), patch);
}

TEST(Surroundings, AUsersOwnProcessNeedsNoRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  CopiedProgram program;
  const auto patch = patch_of(program.path());
  EXPECT_EQ(in_another_process([&] {
              if (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0)
                ::_exit(2);
              TargetProcess target = TargetProcess::at(program.path(), {"nothing"});
              transaction::apply(patch, target.pid(), patient);
              if (target.ask("answer") != "43") ::_exit(3);
              transaction::revert(patch.id, target.pid(), patient);
              if (target.ask("answer") != "42") ::_exit(4);
            }),
            "");
}

TEST(Surroundings, FiltersThatMayNotBeReadMeanNo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  CopiedProgram program;
  const auto patch = patch_of(program.path());
  EXPECT_THAT(in_another_process([&] {
                if (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0)
                  ::_exit(2);
                TargetProcess target = TargetProcess::at(program.path(), {"deny_write_execute"});
                transaction::apply(patch, target.pid(), patient);
              }),
              testing::AllOf(HasSubstr("seccomp"), HasSubstr("CAP_SYS_ADMIN")));
}

TEST(Surroundings, AnotherUsersProcessIsNotPermitted) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  ConditionedTarget target;
  EXPECT_THAT(in_another_process([&] {
                if (::setresuid(nobody, nobody, nobody) != 0) ::_exit(2);
                target.apply();
              }),
              testing::AllOf(HasSubstr("ermission"), HasSubstr("root")));
  EXPECT_EQ(target.answer(), "42");
}

// Where /proc may not be written to, every write goes through PTRACE_POKEDATA.
TEST(Surroundings, AReadOnlyProcIsEnough) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount";
  for (const char* condition : {"threads", "no_memfd"}) {
    ConditionedTarget target(condition);
    const auto with_read_only_proc = [&](const auto& work) {
      return in_another_process([&] {
        if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("none", "/proc", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0)
          ::_exit(2);
        const std::string memory = "/proc/" + std::to_string(target.pid().value) + "/mem";
        if (::open(memory.c_str(), O_RDWR | O_CLOEXEC) >= 0) ::_exit(3);  // the condition does not hold
        work();
      });
    };
    EXPECT_EQ(with_read_only_proc([&] { target.apply(); }), "");
    EXPECT_EQ(target.answer(), "43");
    EXPECT_EQ(with_read_only_proc([&] { target.revert(); }), "");
    EXPECT_EQ(target.answer(), "42");
    EXPECT_TRUE(transaction::list(target.pid()).empty());
  }
}

// The target sees another /proc, other process ids, and no file of stent's: nothing is opened in it by name.
TEST(Surroundings, OtherMountAndPidNamespacesDoNotMatter) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make namespaces";
  const auto patch = patch_of(program_path());
  TargetProcess target = TargetProcess::at(
      "/usr/bin/unshare",
      {"--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", program_path(), "threads"});
  const std::string outer = std::to_string(target.pid().value);
  const std::string inner = test::read_text("/proc/" + outer + "/task/" + outer + "/children");
  ASSERT_FALSE(inner.empty());
  expect_patchable(target, {std::stoi(inner)}, patch);
}

/// A session on a terminal of its own: a shell's part, and the target as its foreground job.
class TerminalSession {
 public:
  TerminalSession() {
    int reports[2];
    if (::pipe2(reports, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    shell_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (shell_ == 0) run_shell(reports[1]);
    ::close(reports[1]);
    reports_ = reports[0];
    from_ = ::fdopen(::dup(terminal_), "r");
    (void)!::read(reports_, &job_, sizeof job_);
  }
  TerminalSession(const TerminalSession&) = delete;
  TerminalSession& operator=(const TerminalSession&) = delete;
  ~TerminalSession() {
    ::kill(job_, SIGKILL);
    ::kill(shell_, SIGKILL);
    ::waitpid(shell_, nullptr, 0);
    std::fclose(from_);
    ::close(terminal_);
    ::close(reports_);
  }

  [[nodiscard]] Pid job() const { return {job_}; }
  void type(const std::string& text) const { (void)!::write(terminal_, text.data(), text.size()); }
  std::string line() {
    char text[256];
    if (std::fgets(text, sizeof text, from_) == nullptr) return {};
    std::string result = text;
    while (result.ends_with('\n') || result.ends_with('\r')) result.pop_back();
    return result;
  }
  /// The next status that the shell's waitpid(2) got of its job.
  [[nodiscard]] int report() const {
    int status = -1;
    (void)!::read(reports_, &status, sizeof status);
    return status;
  }
  [[nodiscard]] bool has_report() const {
    pollfd one{reports_, POLLIN, 0};
    return ::poll(&one, 1, 0) > 0;
  }

 private:
  [[noreturn]] static void run_shell(int reports) {
    termios settings{};
    ::tcgetattr(0, &settings);
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(0, TCSANOW, &settings);
    ::signal(SIGTTOU, SIG_IGN);
    const pid_t job = ::fork();
    ::setpgid(job, job);
    if (job == 0) {
      ::tcsetpgrp(0, ::getpid());
      ::signal(SIGTTOU, SIG_DFL);
      const std::string path = program_path();
      ::execl(path.c_str(), path.c_str(), "threads", nullptr);
      ::_exit(127);
    }
    (void)!::write(reports, &job, sizeof job);
    for (int status = 0; ::waitpid(job, &status, WUNTRACED | WCONTINUED) == job;)
      (void)!::write(reports, &status, sizeof status);
    ::_exit(0);
  }

  pid_t shell_ = 0;
  pid_t job_ = 0;
  int terminal_ = -1;
  int reports_ = -1;
  FILE* from_ = nullptr;
};

TEST(Surroundings, AJobStoppedAtItsTerminalIsPatchedAndStaysStopped) {
  const auto patch = patch_of(program_path());
  TerminalSession session;
  ASSERT_EQ(session.line(), "ready");
  session.type("answer\n");
  EXPECT_EQ(session.line(), "42");
  session.type("\x1a");  // Ctrl-Z
  const int stopped = session.report();
  ASSERT_TRUE(WIFSTOPPED(stopped));
  EXPECT_EQ(WSTOPSIG(stopped), SIGTSTP);
  const Pid job = session.job();
  ASSERT_TRUE(eventually([&] { return state_of(job, {job.value}) == 'T'; }));
  ASSERT_NO_THROW(transaction::apply(patch, job, patient));
  EXPECT_TRUE(eventually([&] { return state_of(job, {job.value}) == 'T'; }));
  EXPECT_FALSE(session.has_report());  // the shell was told nothing new
  ::kill(job.value, SIGCONT);
  EXPECT_TRUE(WIFCONTINUED(session.report()));
  session.type("answer\n");
  EXPECT_EQ(session.line(), "43");
  EXPECT_FALSE(session.has_report());
}

}  // namespace
}  // namespace stent
