#include "live/stop/strangers.hpp"

#include <algorithm>
#include <utility>

namespace stent::stop {

void Strangers::let_go(Tid child, const Adopt& adopt) {
  constexpr auto patience = std::chrono::milliseconds(1);
  Tracee stranger = Tracee::newborn({child.value}, child);
  stranger.interrupt();
  if (stranger.settle(std::chrono::steady_clock::now() + patience, adopt))
    stranger.leave();
  else if (stranger.state() != Tracee::State::ended)
    late_.push_back(std::move(stranger));
}

void Strangers::pump(const Adopt& adopt) {
  for (std::size_t i = 0; i < late_.size(); ++i)  // whom one bears comes behind it
    while (late_[i].state() == Tracee::State::running) {
      const auto event = late_[i].poll();
      if (!event) break;
      if (event->kind == StopEvent::Kind::clone) adopt(event->child);
      late_[i].let_go(*event);
    }
  std::erase_if(late_, [](const Tracee& stranger) { return stranger.state() == Tracee::State::ended; });
}

void Strangers::abandon() noexcept {
  for (Tracee& stranger : late_) stranger.abandon();
  late_.clear();
}

}  // namespace stent::stop
