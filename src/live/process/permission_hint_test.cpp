#include "live/process/permission_hint.hpp"

#include <gmock/gmock.h>

namespace stent::process {
namespace {

using testing::HasSubstr;

TEST(PermissionHint, NamesTheYamaScope) {
  EXPECT_THAT(permission_hint(std::nullopt), HasSubstr("as root"));
  EXPECT_THAT(permission_hint("0\n"), testing::Not(HasSubstr("yama")));
  EXPECT_THAT(permission_hint("1\n"), HasSubstr("CAP_SYS_PTRACE: kernel.yama.ptrace_scope is 1"));
  EXPECT_THAT(permission_hint("2\n"), HasSubstr("ptrace_scope is 2"));
  EXPECT_THAT(permission_hint("3\n"), HasSubstr("next boot"));
}

}  // namespace
}  // namespace stent::process
