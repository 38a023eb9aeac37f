#include "live/transaction/calls_under_way.hpp"

#include "live/stop/thread_group_stop.hpp"
#include "live/transaction/begun_calls.hpp"
#include "live/transaction/wait_for_intruder.hpp"

namespace stent::transaction {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds between_looks{2};

/// Whom to wait for.
std::optional<unwind::Intruder> look(stop::Session& session, const BegunCalls& calls,
                                     const Options& options) {
  const std::chrono::nanoseconds max_pause =
      options.max_pause ? *options.max_pause : stop::default_max_pause(session.thread_count());
  stop::ThreadGroupStop stop(session, max_pause);
  auto failure = stop.stop_blocked();
  if (!failure) failure = stop.stop_running();
  if (failure) return intruder_of(*failure);
  if (auto intruder = calls.find(stop.blocked())) return intruder;
  return calls.find(stop.running());
}

}  // namespace

std::optional<Busy> wait_for_calls_under_way(stop::Session& session, const Options& options,
                                             Deadline deadline) {
  const process::Process& target = session.target();
  const BegunCalls calls(target, inject::find_borrowed_code(target, target.mappings()));
  for (unsigned tries = 1;; ++tries) {
    auto intruder = look(session, calls, options);
    if (!intruder) return std::nullopt;
    if (std::chrono::steady_clock::now() >= deadline) return Busy{std::move(*intruder), tries, {}};
    session.serve(between_looks);
  }
}

}  // namespace stent::transaction
