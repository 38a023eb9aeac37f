#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/transaction/departed.hpp"
#include "live/transaction/recover.hpp"
#include "live/transaction/take_out.hpp"
#include "live/transaction/when_free.hpp"

namespace stent::transaction {
namespace {

using Clock = std::chrono::steady_clock;

const FoundRecord& find_applied(const std::vector<FoundRecord>& records, const BuildId& id, Pid pid) {
  const auto found = std::ranges::find_if(records, [&](const FoundRecord& f) {
    return f.record.id == id && f.record.state == RecordState::applied;
  });
  if (found != records.end()) return *found;
  throw Error(ErrorCode::not_applied,
              fmt::format("patch {} is not applied to process {}", id.text(), pid.value),
              "`stent list` shows the patches that are");
}

Report revert_once(const BuildId& patch_id, Pid pid, const Options& options, Deadline deadline) {
  const auto began = Clock::now();
  const auto target = process::Process::open(pid);
  std::vector<FoundRecord> records = find_records(recover(target, options, deadline), target.memory());
  static_cast<void>(find_applied(records, patch_id, pid));
  Record reverted;
  std::variant<Change, Busy> outcome;
  {
    stop::Session session(target);
    records = find_marked_records(target, target.mappings());
    const FoundRecord& victim = find_applied(records, patch_id, pid);
    reverted = victim.record;
    outcome = take_out(session, records, victim, options, deadline);
  }
  if (const auto* busy = std::get_if<Busy>(&outcome)) throw busy_error(target, records, *busy);
  afterwards([&] { recover_afterwards(target, options, deadline); });
  const Change& change = std::get<Change>(outcome);
  return {pid,
          reverted.name,
          patch_id,
          report_functions(reverted),
          change.threads,
          change.tries,
          change.stop_window,
          change.longest_pause,
          Clock::now() - began,
          change.phases.all(),
          change.search,
          change.notes};
}

}  // namespace

Report revert(const BuildId& patch_id, Pid pid, const Options& options) {
  const Deadline deadline = Clock::now() + options.timeout;
  return when_free(pid, deadline, [&] { return revert_once(patch_id, pid, options, deadline); });
}

}  // namespace stent::transaction
