#include "live/inject/target_limits.hpp"

#include <gtest/gtest.h>

namespace stent::inject {
namespace {

TEST(TargetLimits, NamesAFilterAndAShadowStack) {
  EXPECT_FALSE(find_obstacle("Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\nx86_Thread_features:\t\n"));
  EXPECT_TRUE(find_obstacle("Name:\tx\nSeccomp:\t2\n"));
  EXPECT_TRUE(find_obstacle("Name:\tx\nSeccomp:\t0\nx86_Thread_features:\tshstk\n"));
}

}  // namespace
}  // namespace stent::inject
