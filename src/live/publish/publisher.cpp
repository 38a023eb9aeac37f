#include "live/publish/publisher.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::publish {
namespace {

using redirect::JumpWrite;
using Clock = Watch::Clock;

/// Whether a thread was in the kernel once: the interrupt that brings a running one there ends in an iret,
/// which serialises what its processor has fetched; one that sleeps, or waits for a processor, fetches anew.
class WasInKernel : public Judge {
 public:
  bool glance(const unwind::ThreadState&) override { return true; }
};

/// The same, with no breakpoint executed and its signal still on the way.
class HasNoTrap : public Judge {
 public:
  explicit HasNoTrap(const std::vector<Site>& sites) : sites_(&sites) {}
  bool glance(const unwind::ThreadState& thread) override {
    return std::ranges::none_of(*sites_,
                                [&](const Site& site) { return site.after_breakpoint() == thread.pc(); });
  }

 private:
  const std::vector<Site>* sites_;
};

}  // namespace

Publisher::Publisher(const process::Process& target, std::vector<Site> sites,
                     std::vector<unwind::UnwindTable> tables)
    : target_(&target),
      sites_(std::move(sites)),
      forbidden_(first_bytes_of(sites_)),
      unwinder_(target.memory(), std::move(tables)),
      watch_(target, {[this](RemoteAddress at) { return route_of(at); },
                      [this](Pid child) { correct_copy(child); }}) {}

/// How the protocol keeps a processor from putting old and new bytes together (as the kernel's own
/// text_poke_bp does, with interrupts of ptrace in place of its IPIs): between any two of the three writes
/// each thread is seen in the kernel, so that no processor holds bytes of before the first write when the
/// second is made.
Published Publisher::publish(Clock::time_point deadline) {
  Published result;
  try {
    IsOutside outside(*target_, unwinder_, forbidden_);
    if (const auto reason = watch_.begin(deadline)) result.intruder = nobody_known(*target_, *reason);
    // Who is parked inside keeps even the breakpoints from being written.
    outside.refresh();
    if (!result.intruder && !watch_.pass(outside, deadline)) result.intruder = outside.last();
    outside.look_at_all();
    if (!result.intruder) make(result, outside, deadline);
    HasNoTrap has_no_trap(sites_);
    watch_.finish(has_no_trap);
  } catch (const Error& error) {
    result.error = error;
  }
  result.threads = watch_.thread_count();
  result.longest_pause = watch_.longest_pause();
  result.notes = notes_;
  return result;
}

void Publisher::make(Published& result, IsOutside& outside, Clock::time_point deadline) {
  try {
    require_bytes(false);
    result.has_led_to_new = std::ranges::any_of(sites_, &Site::leads_to_new);
    write_breakpoints();
    if (!watch_.pass(outside, deadline)) {
      result.intruder = outside.last();
    } else {
      require_bytes(true);
      write_tails();
      WasInKernel was_in_kernel;
      (void)watch_.pass(was_in_kernel, Clock::time_point::max());
    }
    take_breakpoints();
  } catch (...) {
    try_to_take_breakpoints();
    throw;
  }
}

void Publisher::require_bytes(bool with_breakpoints) const {
  for (const Site& site : sites_) {
    Bytes wanted = site.write.before;
    if (with_breakpoints) wanted[0] = breakpoint;
    if (target_->memory().read(site.write.entry, wanted.size()) != wanted)
      throw Error(ErrorCode::mismatch,
                  fmt::format("{} at {:#x} changed in memory while stent waited", site.write.function,
                              site.write.entry.value),
                  "something else writes into this process's code; nothing was changed by stent");
  }
}

void Publisher::write_breakpoints() {
  // The copy-on-write happens now, and whoever forbids writing says so now.
  for (const Site& site : sites_)
    target_->writable_memory().write(site.write.entry, ByteView(site.write.before).first(1));
  for (; standing_ < sites_.size(); ++standing_)
    target_->writable_memory().write(sites_[standing_].write.entry, ByteView(&breakpoint, 1));
}

void Publisher::write_tails() {
  has_new_tails_ = true;  // nobody is inside: a copy of the memory may have either
  for (const Site& site : sites_)
    target_->writable_memory().write(site.after_breakpoint(), tail(site.write.after));
}

/// Old, as long as the tails are; else there is only forwards. Whoever has met a breakpoint and not yet
/// reported it still needs this process.
void Publisher::take_breakpoints() {
  for (std::size_t i = 0; i < standing_; ++i) {
    const JumpWrite& write = sites_[i].write;
    target_->writable_memory().write(write.entry,
                                     ByteView(has_new_tails_ ? write.after : write.before).first(1));
  }
}

void Publisher::try_to_take_breakpoints() noexcept try {
  if (has_new_tails_) write_tails();
  take_breakpoints();
  HasNoTrap has_no_trap(sites_);
  watch_.finish(has_no_trap);
} catch (const std::exception&) {  // the target is gone
}

std::optional<RemoteAddress> Publisher::route_of(RemoteAddress after_breakpoint) const {
  for (const Site& site : sites_)
    if (site.after_breakpoint() == after_breakpoint) return site.route;
  return std::nullopt;
}

/// A child of fork has copied breakpoints of which only this process knows. It has one thread, which has not
/// run yet: it is given what the functions were before, or, where that can no longer be, what they become.
void Publisher::correct_copy(Pid child) try {
  if (standing_ == 0) return;
  process::ProcessMemory memory(Tid{child.value});
  for (const Site& site : sites_) {
    const Bytes& wanted = has_new_tails_ ? site.write.after : site.write.before;
    std::byte first{};
    if (memory.try_read(site.write.entry, MutableByteView(&first, 1)) && first == breakpoint)
      memory.write(site.write.entry, wanted);
  }
} catch (const Error& error) {
  if (error.code() == ErrorCode::gone) return;
  notes_.push_back(
      fmt::format("process {} was born with a breakpoint in {}, which could not be taken out: {}",
                  child.value, sites_.front().write.function, error.message()));
}

}  // namespace stent::publish
