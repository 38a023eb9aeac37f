#include "live/transaction/without_stop.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.hpp"
#include "live/publish/mend.hpp"
#include "live/publish/publish.hpp"
#include "live/transaction/unwind_tables.hpp"

namespace stent::transaction {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// While breakpoints stand, each call costs some 20 us; so they do not stand for long at a time.
constexpr milliseconds shortest_attempt{250}, longest_attempt{2000}, pause_between{50};

Error needs_stop(const Record& record, const std::string& reason, const std::string& hint) {
  return {ErrorCode::refused,
          fmt::format("patch {} cannot come or go without a stop: {}", record.name, reason), hint};
}

}  // namespace

void refuse_without_stop(const Record& record, const process::Process& target,
                         std::span<const redirect::JumpWrite> writes) {
  const std::string without = "leave out --no-stop";
  if (record.consistency != patch::Consistency::entry)
    throw needs_stop(record, "its functions switch together (consistency all)",
                     without +
                         "; only the author of a patch can say that old and new code may run side by side: "
                         "stent create --consistency entry");
  if (record.state == RecordState::preparing && !record.replaces.empty())
    throw needs_stop(
        record, "it is to replace another patch in the same moment",
        without + ", or revert the other patch afterwards (with --no-stop) instead of --replace");
  for (const RecordedFunction& function : record.functions)
    if (unwind::is_coroutine_part(function.name))
      throw needs_stop(
          record, function.name + " is part of a coroutine, which may be suspended with its frame", without);
  publish::require_publishable(target, writes);
}

std::variant<Change, Busy> change_without_stop(stop::Session& session,
                                               const std::vector<FoundRecord>& records,
                                               std::span<const redirect::JumpWrite> writes, Deadline deadline,
                                               bool& new_code_ran) {
  Change change;
  if (writes.empty()) return change;
  const auto tables = unwind_tables(session.target(), session.target().modules(), records);
  for (milliseconds attempt = shortest_attempt;; attempt = std::min(attempt * 2, longest_attempt)) {
    session.serve({});  // whoever was borrowed is let go
    ++change.tries;
    const bool ran_before = std::exchange(new_code_ran, true);  // should the guardian be killed
    auto published = publish::publish_guarded(session.target(), writes, tables, Clock::now() + attempt);
    new_code_ran = ran_before || published.has_led_to_new;
    if (published.error) throw Error(*published.error);
    if (!published.intruder) {
      change.threads = published.threads;
      change.longest_pause = published.longest_pause;
      change.notes = std::move(published.notes);
      return change;
    }
    if (Clock::now() >= deadline) return Busy{std::move(*published.intruder), change.tries, {}};
    session.serve(pause_between);
  }
}

void mend_breakpoints(stop::Session& session, const std::vector<FoundRecord>& records) {
  std::map<RemoteAddress, std::vector<Bytes>> candidates;
  const auto is_under_way = [](const FoundRecord& found) {
    return found.record.state == RecordState::redirecting || found.record.state == RecordState::reverting;
  };
  if (std::ranges::none_of(records, is_under_way)) return;
  for (const FoundRecord& found : records)
    for (const RecordedFunction& function : found.record.functions)
      for (const Bytes& bytes : {function.before, function.written})
        candidates[function.entry].push_back(bytes);
  for (const auto& [entry, bytes] : candidates) publish::mend(session.memory(), entry, bytes);
}

}  // namespace stent::transaction
