#include "live/stop/await_report_or.hpp"

#include <poll.h>
#include <sys/signalfd.h>

#include <array>
#include <csignal>

#include "base/unique_fd.hpp"
#include "live/stop/tracee.hpp"

namespace stent::stop {

bool await_report_or(int descriptor, std::chrono::nanoseconds at_most) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const UniqueFd reports(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  std::array<pollfd, 2> watched{pollfd{descriptor, POLLIN, 0}, pollfd{reports.get(), POLLIN, 0}};
  const auto nanoseconds = at_most.count();
  const timespec timeout{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  ::ppoll(watched.data(), watched.size(), &timeout, nullptr);
  if (watched[1].revents != 0) await_report(std::chrono::nanoseconds(0));  // takes the signal
  return (watched[0].revents & POLLIN) != 0;
}

}  // namespace stent::stop
