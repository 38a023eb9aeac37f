// A target program run as a child of the test, talked to over pipes.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/pid.hpp"

namespace stent::test {

/// Starts STENT_TARGETS_DIR/target_NAME_COMPILER and waits for its first line, "ready"; kills it on
/// destruction.
class TargetProcess {
 public:
  explicit TargetProcess(const std::string& name, const std::vector<std::string>& arguments = {},
                         const std::string& compiler = "gcc")
      : TargetProcess(Path{std::string(STENT_TARGETS_DIR) + "/target_" + name + "_" + compiler}, arguments) {}
  /// The program at `path`, which must talk as the targets do.
  [[nodiscard]] static TargetProcess at(const std::string& path, const std::vector<std::string>& arguments) {
    return TargetProcess(Path{path}, arguments);
  }
  TargetProcess(const TargetProcess&) = delete;
  TargetProcess& operator=(const TargetProcess&) = delete;
  ~TargetProcess() {
    kill_and_reap();
    if (to_ != nullptr) std::fclose(to_);
    if (from_ != nullptr) std::fclose(from_);
  }

  [[nodiscard]] Pid pid() const { return {pid_}; }
  void signal(int number) const { ::kill(pid_, number); }
  void kill_and_reap() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  /// Lets it end by itself, at the end of its input.
  void end() {
    std::fclose(std::exchange(to_, nullptr));
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }

  /// Next line it prints, without the newline; empty when it ended.
  std::string line() {
    char text[512];
    if (std::fgets(text, sizeof text, from_) == nullptr) return {};
    std::string result = text;
    if (result.ends_with('\n')) result.pop_back();
    return result;
  }
  /// Sends a line and returns the answer.
  std::string ask(const std::string& text = "") {
    tell(text);
    return line();
  }
  void tell(const std::string& text = "") {
    std::fprintf(to_, "%s\n", text.c_str());
    std::fflush(to_);
  }
  /// The number after `word` in the answer to an empty line.
  long number(const std::string& word) {
    std::istringstream answer(ask());
    std::string key;
    for (long value = 0; answer >> key >> value;)
      if (key == word) return value;
    ADD_FAILURE() << "no " << word;
    return -1;
  }

 private:
  struct Path {
    std::string text;
  };
  TargetProcess(const Path& path, const std::vector<std::string>& arguments) {
    int to[2];
    int from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      std::vector<char*> argv{const_cast<char*>(path.text.c_str())};
      for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
      argv.push_back(nullptr);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    to_ = ::fdopen(to[1], "w");
    from_ = ::fdopen(from[0], "r");
    EXPECT_EQ(line(), "ready");
  }

  pid_t pid_ = 0;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
};

/// State letter of a thread as /proc shows it; '?' when it is gone.
inline char state_of(Pid pid, Tid tid) {
  std::ifstream file("/proc/" + std::to_string(pid.value) + "/task/" + std::to_string(tid.value) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t close = text.rfind(')');
  return close == std::string::npos || close + 2 >= text.size() ? '?' : text[close + 2];
}

/// Polls `condition` for at most ten seconds.
template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    ::usleep(1000);
  }
  return false;
}

}  // namespace stent::test
