// Engagement: a placed patch made known to the target's unwinders, and its hooks.
#pragma once

#include <string>
#include <vector>

#include "live/stop/session.hpp"
#include "live/transaction/inventory.hpp"
#include "live/transaction/placement.hpp"

namespace stent::transaction {

/// Calls the hooks of one kind in the order of the patch, on a borrowed thread, while the target runs.
/// `records` are those whose code may be on a stack. Throws `refused` naming the first that returned
/// non-zero, and `mismatch` for one that faulted, `busy` for one that did not return in time.
void run_hooks(stop::Session& session, const std::vector<FoundRecord>& records, const Record& record,
               patch::HookKind kind, std::chrono::nanoseconds patience);

/// The same for hooks that come too late to object: what they end in is added to `notes`.
void run_late_hooks(stop::Session& session, const std::vector<FoundRecord>& records, const Record& record,
                    patch::HookKind kind, std::chrono::nanoseconds patience, std::vector<std::string>& notes);

/// Takes the patch's call frames back from the unwinders. Nothing happens when they do not know them.
void disengage(stop::Session& session, const std::vector<FoundRecord>& records, const Record& record);

/// What unwinders that were loaded since `record` was applied do not know of it.
[[nodiscard]] std::vector<call::FrameTable> untold(const process::Process& target, const Record& record);

/// Tells them. Throws `busy` when no thread is suitable.
void tell_later_unwinders(stop::Session& session, const std::vector<FoundRecord>& records);

/// From placement to the switch: tells the unwinders, then asks the pre_apply hooks. Undone on destruction
/// unless `keep` is called, so it goes before the placement.
class Engagement {
 public:
  /// Keeps `placement` mapped when a hook is still running there after `patience`. Throws as `run_hooks`.
  Engagement(stop::Session& session, const std::vector<FoundRecord>& records, const Record& record,
             Placement& placement, std::chrono::nanoseconds patience);
  Engagement(const Engagement&) = delete;
  Engagement& operator=(const Engagement&) = delete;
  ~Engagement();

  void keep() { kept_ = true; }

 private:
  stop::Session* session_;
  const std::vector<FoundRecord>* records_;
  const Record* record_;
  bool kept_ = false;
};

}  // namespace stent::transaction
