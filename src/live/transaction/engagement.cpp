#include "live/transaction/engagement.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/call/function_caller.hpp"
#include "live/transaction/unwind_tables.hpp"

namespace stent::transaction {
namespace {

constexpr std::chrono::seconds thread_patience{5};

[[nodiscard]] call::FunctionCaller caller_for(stop::Session& session, std::vector<FoundRecord> records,
                                              const Record& record) {
  records.push_back({{}, record});
  const process::Process& target = session.target();
  return call::FunctionCaller(session, unwind_tables(target, target.modules(), records), thread_patience);
}

const char* text(patch::HookKind kind) {
  switch (kind) {
    case patch::HookKind::pre_apply: return "pre_apply";
    case patch::HookKind::post_apply: return "post_apply";
    case patch::HookKind::pre_revert: return "pre_revert";
    default: return "post_revert";
  }
}

void run(call::FunctionCaller& caller, const RecordedHook& hook, std::chrono::nanoseconds patience) {
  std::int32_t answer = 0;
  try {
    answer = static_cast<std::int32_t>(caller.call(hook.address, {}, patience));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::mismatch && error.code() != ErrorCode::busy) throw;
    throw Error(error.code(), fmt::format("hook {}: {}", hook.name, error.message()), error.hint());
  }
  if (answer == 0) return;
  throw Error(ErrorCode::refused,
              fmt::format("the {} hook {} returned {}", text(hook.kind), hook.name, answer),
              "its author says that the patch may not be applied or reverted now; see what it checks");
}

void add_tables(call::FunctionCaller& caller, const RecordedRuntime& runtime,
                const process::RemoteMemory& memory) {
  call::add_frame_tables(caller, runtime.frame_tables);
  const auto planned = std::ranges::count_if(runtime.frame_tables, &call::FrameTable::is_planned);
  if (!runtime.must_unwind || std::ssize(call::known_frame_tables(memory, runtime.frame_tables)) == planned)
    return;
  throw Error(
      ErrorCode::refused,
      "exceptions may pass through the new code, and an unwinder of the target does not take its tables",
      "it is not one of gcc's; restart the program with the fixed version");
}

void run_all(call::FunctionCaller& caller, const Record& record, patch::HookKind kind,
             std::chrono::nanoseconds patience) {
  for (const RecordedHook& hook : record.runtime.hooks)
    if (hook.kind == kind) run(caller, hook, patience);
}

}  // namespace

void run_hooks(stop::Session& session, const std::vector<FoundRecord>& records, const Record& record,
               patch::HookKind kind, std::chrono::nanoseconds patience) {
  if (!record.runtime.has_hooks(kind)) return;
  auto caller = caller_for(session, records, record);
  run_all(caller, record, kind, patience);
}

void run_late_hooks(stop::Session& session, const std::vector<FoundRecord>& records, const Record& record,
                    patch::HookKind kind, std::chrono::nanoseconds patience,
                    std::vector<std::string>& notes) {
  try {
    run_hooks(session, records, record, kind, patience);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::gone) throw;
    notes.push_back(error.message());
  }
}

void disengage(stop::Session& session, const std::vector<FoundRecord>& records, const Record& record) {
  const process::Process& target = session.target();
  const auto known = call::known_frame_tables(target.memory(), record.runtime.frame_tables);
  if (known.empty()) return;
  auto caller = caller_for(session, records, record);
  const bool own_left = std::ranges::any_of(record.functions, &RecordedFunction::departed);
  call::remove_frame_tables(caller, known, target.memory(), target.modules(), own_left);
}

std::vector<call::FrameTable> untold(const process::Process& target, const Record& record) {
  if (record.state != RecordState::applied || record.runtime.frame_tables.empty()) return {};
  return call::untold_frame_tables(target.memory(), target.modules(), record.runtime.frame_tables);
}

void tell_later_unwinders(stop::Session& session, const std::vector<FoundRecord>& records) {
  for (const FoundRecord& found : records) {
    const auto tables = untold(session.target(), found.record);
    if (tables.empty()) continue;
    auto caller = caller_for(session, records, found.record);
    call::add_frame_tables(caller, tables);
  }
}

Engagement::Engagement(stop::Session& session, const std::vector<FoundRecord>& records, const Record& record,
                       Placement& placement, std::chrono::nanoseconds patience)
    : session_(&session), records_(&records), record_(&record) {
  const bool asks = record.runtime.has_hooks(patch::HookKind::pre_apply);
  if (std::ranges::none_of(record.runtime.frame_tables, &call::FrameTable::is_planned) && !asks) return;
  bool is_left_running = false, has_thread = false;
  try {
    auto caller = caller_for(session, records, record);
    has_thread = true;
    try {
      add_tables(caller, record.runtime, session.target().memory());
      run_all(caller, record, patch::HookKind::pre_apply, patience);
    } catch (const Error&) {
      is_left_running = caller.lost();
      throw;
    }
  } catch (const Error& error) {
    const bool can_do_without = !has_thread && error.code() == ErrorCode::busy && !asks;
    if (can_do_without && !record.runtime.must_unwind) return;
    if (is_left_running)
      placement.keep();
    else
      disengage(session, records, record);
    throw;
  }
}

Engagement::~Engagement() {
  if (kept_) return;
  try {
    disengage(*session_, *records_, *record_);
  } catch (const Error&) {
    // The record says "preparing"; the next command of stent that changes this target cleans up.
  }
}

}  // namespace stent::transaction
