// IsOutside: the judge of whether threads have left the bytes that jumps will overwrite.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "live/process/process.hpp"
#include "live/publish/arch_x86_64_site.hpp"
#include "live/publish/judge.hpp"
#include "live/unwind/stack_check.hpp"

namespace stent::publish {

/// The bytes of `sites` that hold several instructions now, so that a thread may stand among them.
[[nodiscard]] unwind::ForbiddenCode first_bytes_of(std::span<const Site> sites);

/// An intruder that is no thread known by its stack.
[[nodiscard]] unwind::Intruder nobody_known(const process::Process& target, const std::string& reason);

/// Once breakpoints stand nobody gets into those bytes any more but through the first one; so whoever was
/// seen outside once stays outside, and a stack may be searched while its thread runs: a context that a
/// signal interrupted inside stays where it is as long as it matters.
class IsOutside : public Judge {
 public:
  /// At first threads that run pass as they are. To be refreshed before its first use.
  IsOutside(const process::Process& target, unwind::Unwinder& unwinder, const unwind::ForbiddenCode& inside);

  /// From now on those that run do not.
  void look_at_all() { lets_running_pass_ = false; }

  bool glance(const unwind::ThreadState& thread) override;
  Verdict look(const unwind::ThreadState& thread) override;
  bool decide() override;
  bool lets_running_pass() const override { return lets_running_pass_; }
  /// Reads the target's mappings again.
  void refresh() override;

  /// Who did not pass.
  [[nodiscard]] unwind::Intruder last() const;

 private:
  const process::Process* target_;
  const unwind::ForbiddenCode* inside_;
  std::vector<RemoteRange> ranges_;
  unwind::StackCheck check_;
  bool lets_running_pass_ = true;
  std::optional<unwind::Intruder> last_;
};

}  // namespace stent::publish
