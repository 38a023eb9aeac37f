#include "live/stop/leave_event.hpp"

#include <gtest/gtest.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/unique_fd.hpp"
#include "binary/model/image.hpp"
#include "live/process/process.hpp"
#include "target_process.hpp"

namespace stent::stop {
namespace {

constexpr int milliseconds_patient = 30'000;

__attribute__((noinline)) void step_on() { asm volatile(""); }

/// Some virtual machines accept a breakpoint event, and never report one.
bool breakpoints_are_reported() {
  perf_event_attr wanted{};
  wanted.type = PERF_TYPE_BREAKPOINT;
  wanted.size = sizeof wanted;
  wanted.bp_type = HW_BREAKPOINT_X;
  wanted.bp_addr = reinterpret_cast<std::uint64_t>(&step_on);
  wanted.bp_len = sizeof(long);
  wanted.exclude_kernel = 1;
  const UniqueFd event(static_cast<int>(::syscall(SYS_perf_event_open, &wanted, 0, -1, -1, 0)));
  if (!event.valid()) return false;
  step_on();
  std::uint64_t seen = 0;
  return ::read(event.get(), &seen, sizeof seen) == sizeof seen && seen == 1;
}

TEST(LeaveEvent, TellsWhenTheThreadGetsThereAndLeavesNothingBehind) {
  if (!breakpoints_are_reported()) GTEST_SKIP() << "this machine reports no hardware breakpoint";
  test::TargetProcess target("stacks");
  const auto program = model::load_image(std::string(STENT_TARGETS_DIR) + "/target_stacks_gcc");
  const auto symbol = std::ranges::find(program.symbols, "plain", &model::ImageSymbol::name);
  ASSERT_NE(symbol, program.symbols.end());
  const auto process = process::Process::open(target.pid());
  const auto modules = process.modules();
  const auto module = std::ranges::find(modules, true, &process::Module::is_executable);
  ASSERT_NE(module, modules.end());
  {
    const auto event = LeaveEvent::watch({target.pid().value}, module->bias.to_remote(symbol->address));
    if (!event) GTEST_SKIP() << "no hardware breakpoint is permitted or free here";
    pollfd watched{event->descriptor(), POLLIN, 0};
    EXPECT_EQ(::poll(&watched, 1, 0), 0) << "before it got there";
    EXPECT_EQ(target.ask("call"), "42");
    EXPECT_EQ(::poll(&watched, 1, milliseconds_patient), 1);
    EXPECT_EQ(watched.revents, POLLIN);
    EXPECT_EQ(target.ask("call"), "42");
  }
  EXPECT_EQ(target.ask("call"), "42");
}

TEST(LeaveEvent, OfAThreadThatIsGoneIsNone) {
  EXPECT_FALSE(LeaveEvent::watch({1 << 22}, {0x1000}).has_value());
}

}  // namespace
}  // namespace stent::stop
