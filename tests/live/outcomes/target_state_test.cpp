// Targets that are stopped, frozen, traced, shared, or run elsewhere than stent.
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>

#include "conditioned_target.hpp"
#include "live/process/process.hpp"

namespace stent {
namespace {

using test::ConditionedTarget;
using test::eventually;
using test::read_text;
using test::state_of;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::string proc(Pid pid, const std::string& file) {
  return "/proc/" + std::to_string(pid.value) + "/" + file;
}

bool all_threads_in(Pid pid, char state) {
  for (const auto& entry : fs::directory_iterator(proc(pid, "task")))
    if (state_of(pid, {std::stoi(entry.path().filename())}) != state) return false;
  return true;
}

class PatchableTarget : public testing::TestWithParam<const char*> {};

TEST_P(PatchableTarget, IsPatchedAndReverted) {
  ConditionedTarget target(GetParam());
  target.expect_patchable();
}

INSTANTIATE_TEST_SUITE_P(Conditions, PatchableTarget,
                         testing::Values("nothing", "threads", "many_mappings", "chroot", "leader_ended"),
                         [](const auto& chosen) { return std::string(chosen.param); });

TEST(TargetState, IoUringWorkersNeedNotBeStopped) {
  ConditionedTarget target("io_uring");
  const auto workers = [&] {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(proc(target.pid(), "task")))
      count += read_text(entry.path().string() + "/comm").starts_with("iou-wrk");
    return count;
  };
  ASSERT_TRUE(eventually([&] { return workers() > 0; }));
  target.expect_patchable();
  EXPECT_GT(workers(), 0);
}

TEST(TargetState, StoppedBySigstopIsPatchedAndStaysStopped) {
  ConditionedTarget target("threads");
  target.process().signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return all_threads_in(target.pid(), 'T'); }));
  ASSERT_NO_THROW(target.apply());
  EXPECT_TRUE(eventually([&] { return all_threads_in(target.pid(), 'T'); }));
  int status = 0;
  EXPECT_EQ(::waitpid(target.pid().value, &status, WNOHANG | WCONTINUED), 0)
      << status;  // nobody let it go on
  target.process().signal(SIGCONT);
  EXPECT_EQ(target.answer(), "43");
}

/// A cgroup with a freezer, removed on destruction.
class FreezerGroup {
 public:
  explicit FreezerGroup(bool second_version) : second_version_(second_version) {
    const auto roots = second_version ? std::vector{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}
                                      : std::vector{"/sys/fs/cgroup/freezer"};
    for (const std::string root : roots) {
      folder_ = root + "/stent-test-" + std::to_string(::getpid());
      if (::mkdir(folder_.c_str(), 0755) == 0 && fs::exists(control())) return;
      ::rmdir(folder_.c_str());
    }
    folder_.clear();
  }
  FreezerGroup(const FreezerGroup&) = delete;
  FreezerGroup& operator=(const FreezerGroup&) = delete;
  ~FreezerGroup() {
    if (!usable()) return;
    freeze(false);
    (void)eventually([&] { return ::rmdir(folder_.c_str()) == 0; });
  }
  [[nodiscard]] bool usable() const { return !folder_.empty(); }
  void take(Pid pid) const { std::ofstream(folder_ + "/cgroup.procs") << pid.value; }
  void freeze(bool frozen) const {
    std::ofstream(control()) << (second_version_ ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED"));
  }
  [[nodiscard]] bool is_frozen() const {
    return second_version_ ? read_text(folder_ + "/cgroup.events").find("frozen 1") != std::string::npos
                           : read_text(control()).starts_with("FROZEN");
  }

 private:
  [[nodiscard]] std::string control() const {
    return folder_ + (second_version_ ? "/cgroup.freeze" : "/freezer.state");
  }

  bool second_version_;
  std::string folder_;
};

class FrozenTarget : public testing::TestWithParam<bool> {};

TEST_P(FrozenTarget, IsLeftAloneAndNamed) {
  FreezerGroup group(GetParam());
  if (!group.usable()) GTEST_SKIP() << "no such cgroup can be made here";
  ConditionedTarget target("threads");
  group.take(target.pid());
  group.freeze(true);
  ASSERT_TRUE(eventually([&] { return group.is_frozen(); }));
  const Error error = target.failure();
  EXPECT_EQ(error.code(), ErrorCode::busy) << error.message();
  EXPECT_THAT(error.message(), HasSubstr("frozen"));
  EXPECT_TRUE(eventually([&] { return group.is_frozen(); }));
  group.freeze(false);
  target.expect_patchable();
  target.process().kill_and_reap();
}

INSTANTIATE_TEST_SUITE_P(Versions, FrozenTarget, testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "second" : "first"; });

TEST(TargetState, AMemorySharingProcessIsNamed) {
  ConditionedTarget target("shared_memory");
  const std::string children =
      read_text(proc(target.pid(), "task/" + std::to_string(target.pid().value) + "/children"));
  ASSERT_FALSE(children.empty());
  const Error error = target.refusal();
  EXPECT_EQ(error.code(), ErrorCode::busy);
  EXPECT_THAT(error.message(), HasSubstr("CLONE_VM"));
  EXPECT_THAT(error.message(), HasSubstr(std::to_string(std::stoi(children))));
}

/// A tool that traces `pid`, by the arguments it is started with.
class TracingTool {
 public:
  TracingTool(Pid pid, const std::vector<std::string>& command) : is_gdb_(command[0] == "gdb") {
    int input[2];
    if (::pipe2(input, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    tool_ = ::fork();
    if (tool_ == 0) {
      ::dup2(input[0], 0);
      const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
      ::dup2(nowhere, 1);
      ::dup2(nowhere, 2);
      std::vector<char*> argv;
      for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
      argv.push_back(nullptr);
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(input[0]);
    input_ = input[1];
    const std::string mark = "TracerPid:\t" + std::to_string(tool_) + "\n";
    attached_ = eventually([&] { return read_text(proc(pid, "status")).find(mark) != std::string::npos; });
    // Killed while it attaches, gdb would leave its SIGSTOP behind.
    if (is_gdb_ && attached_) attached_ = eventually([&] { return state_of(pid, {pid.value}) == 't'; });
  }
  TracingTool(const TracingTool&) = delete;
  TracingTool& operator=(const TracingTool&) = delete;
  ~TracingTool() {
    ::close(input_);  // for gdb, which reads its commands there, the end
    if (!is_gdb_) ::kill(tool_, SIGTERM);
    ::waitpid(tool_, nullptr, 0);
  }
  [[nodiscard]] bool attached() const { return attached_; }
  [[nodiscard]] pid_t pid() const { return tool_; }

 private:
  bool is_gdb_;
  pid_t tool_ = 0;
  int input_ = -1;
  bool attached_ = false;
};

class TracedTarget : public testing::TestWithParam<const char*> {};

TEST_P(TracedTarget, IsRefusedNamingTheTracer) {
  const std::string tool = GetParam();
  ConditionedTarget target;
  const std::string pid = std::to_string(target.pid().value);
  {
    const auto command = tool == "gdb" ? std::vector<std::string>{"gdb", "-nx", "-q", "-p", pid}
                                       : std::vector<std::string>{"strace", "-q", "-p", pid};
    const TracingTool tracer(target.pid(), command);
    if (!tracer.attached()) GTEST_SKIP() << tool << " is not here";
    const Error error = target.failure();
    EXPECT_EQ(error.code(), ErrorCode::traced);
    EXPECT_THAT(error.message(), HasSubstr(tool + " (pid " + std::to_string(tracer.pid()) + ")"));
  }
  target.expect_patchable();  // and nothing stayed behind
}

INSTANTIATE_TEST_SUITE_P(Tools, TracedTarget, testing::Values("gdb", "strace"),
                         [](const auto& chosen) { return std::string(chosen.param); });

TEST(TargetState, AnotherThreadsTracerIsNamedToo) {
  ConditionedTarget target("threads");
  const auto threads = process::Process::open(target.pid()).threads();
  const std::string tid = std::to_string(threads.back().tid.value);
  const TracingTool tracer({threads.back().tid.value}, {"strace", "-q", "-p", tid});
  if (!tracer.attached()) GTEST_SKIP() << "strace is not here";
  const Error error = target.failure();
  EXPECT_EQ(error.code(), ErrorCode::traced);
  EXPECT_THAT(error.message(), HasSubstr("strace (pid " + std::to_string(tracer.pid()) + ")"));
  EXPECT_EQ(target.answer(), "42");
}

}  // namespace
}  // namespace stent
