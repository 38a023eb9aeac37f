#include "live/publish/guardian.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace stent::publish {
namespace {

class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2,
                             SIGTSTP, SIGTTIN, SIGTTOU, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF})
      sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

/// Keeps the calling thread, and a child that it makes, on the processor it is on.
class OneProcessor {
 public:
  OneProcessor() {
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &here);
    changed_ = ::sched_getaffinity(0, sizeof before_, &before_) == 0 &&
               ::sched_setaffinity(0, sizeof here, &here) == 0;
  }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;
  ~OneProcessor() {
    if (changed_) ::sched_setaffinity(0, sizeof before_, &before_);
  }

 private:
  cpu_set_t before_{};
  bool changed_ = false;
};

void be_spared_when_memory_runs_out() {
  const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view never = "-1000";
  if (file.valid()) (void)!::write(file.get(), never.data(), never.size());  // needs CAP_SYS_RESOURCE
}

std::string outcome_of(const std::function<std::string()>& work) try {
  return nlohmann::json{{"done", work()}}.dump();
} catch (const Error& error) {
  return nlohmann::json{
      {"code", static_cast<int>(error.code())}, {"message", error.message()}, {"hint", error.hint()}}
      .dump();
} catch (const std::exception& error) {
  return nlohmann::json{
      {"code", static_cast<int>(ErrorCode::internal)}, {"message", error.what()}, {"hint", ""}}
      .dump();
}

[[noreturn]] void be_guardian(int to, const std::function<std::string()>& work) {
  ::setsid();
  be_spared_when_memory_runs_out();
  // A thread traces, so that its end lets everything go: that of a process takes a while, in which nobody
  // would answer.
  std::string text;
  std::thread([&] { text = outcome_of(work); }).join();
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t put = ::write(to, text.data() + done, text.size() - done);
    if (put < 0 && errno != EINTR) break;  // nobody listens any more
    if (put > 0) done += static_cast<std::size_t>(put);
  }
  ::_exit(0);
}

std::string read_to_end(int from) {
  std::string text;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t got = ::read(from, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

std::optional<std::string> run_guarded(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error(errno, "making a pipe");
  UniqueFd from(ends[0]), to(ends[1]);
  const BlockedSignals blocked;
  // The child takes over this processor when this process has fallen asleep. Free to choose, it would take
  // one from a thread of the target as often as not, by its priority, until the scheduler has balanced its
  // load.
  const OneProcessor one;
  const pid_t child = ::fork();
  if (child < 0) throw system_error(errno, "starting the process that publishes");
  if (child == 0) {
    from = UniqueFd();
    be_guardian(to.get(), work);
  }
  to = UniqueFd();
  const std::string text = read_to_end(from.get());
  while (::waitpid(child, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  if (text.empty()) return std::nullopt;
  const auto outcome = nlohmann::json::parse(text, nullptr, false);
  if (outcome.is_discarded()) return std::nullopt;  // killed while it wrote
  if (outcome.contains("done")) return outcome.at("done").get<std::string>();
  throw Error(static_cast<ErrorCode>(outcome.at("code").get<int>()), outcome.at("message").get<std::string>(),
              outcome.at("hint").get<std::string>());
}

}  // namespace stent::publish
