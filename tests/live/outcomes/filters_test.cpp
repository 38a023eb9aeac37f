// Targets whose system calls are filtered or forbidden.
#include "conditioned_target.hpp"

namespace stent {
namespace {

using test::ConditionedTarget;
using testing::HasSubstr;

class AllowedCalls : public testing::TestWithParam<const char*> {};

TEST_P(AllowedCalls, AreEnough) {
  ConditionedTarget target(GetParam());
  target.expect_patchable();
}

// deny_write_execute and mdwe: systemd's MemoryDenyWriteExecute, as a filter and as a flag of the process.
INSTANTIATE_TEST_SUITE_P(Conditions, AllowedCalls,
                         testing::Values("deny_write_execute", "mdwe", "no_memfd", "no_close"),
                         [](const auto& chosen) { return std::string(chosen.param); });

TEST(FilteredTarget, WithoutMemfdGetsAnonymousMemory) {
  ConditionedTarget target("no_memfd");
  target.apply();
  EXPECT_EQ(target.answer(), "43");
  EXPECT_EQ(test::read_text("/proc/" + std::to_string(target.pid().value) + "/maps").find("memfd"),
            std::string::npos);
  EXPECT_EQ(transaction::list(target.pid()).size(), 1U);
}

TEST(FilteredTarget, ThatMayMapNoCodeIsRefusedByTheNameOfTheCall) {
  ConditionedTarget target("no_new_code");
  const Error error = target.refusal();
  EXPECT_EQ(error.code(), ErrorCode::not_permitted);
  EXPECT_THAT(error.message(), HasSubstr("seccomp"));
  EXPECT_THAT(error.message(), HasSubstr("mmap"));
}

TEST(FilteredTarget, ThatMayNotUnmapIsRefusedBeforeAnythingIsMapped) {
  ConditionedTarget target("no_unmapping");
  const Error error = target.refusal();
  EXPECT_EQ(error.code(), ErrorCode::not_permitted);
  EXPECT_THAT(error.message(), HasSubstr("munmap"));
}

TEST(FilteredTarget, ThatMayNotReturnFromASignalIsRefused) {
  ConditionedTarget target("no_sigreturn");
  const Error error = target.refusal();
  EXPECT_EQ(error.code(), ErrorCode::not_permitted);
  EXPECT_THAT(error.message(), HasSubstr("rt_sigreturn"));
}

TEST(FilteredTarget, WithSyscallUserDispatchIsRefusedByName) {
  ConditionedTarget target("dispatched_calls");
  const Error error = target.refusal();
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("syscall user dispatch"));
}

}  // namespace
}  // namespace stent
