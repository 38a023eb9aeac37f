#include "live/inject/thread_limits.hpp"

#include <gtest/gtest.h>

namespace stent::inject {
namespace {

TEST(ThreadLimits, NamesStrictSeccompAndAShadowStack) {
  EXPECT_FALSE(find_obstacle("Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\nx86_Thread_features:\t\n"));
  EXPECT_FALSE(find_obstacle("Name:\tx\nSeccomp:\t2\n"));  // filters are evaluated
  EXPECT_TRUE(find_obstacle("Name:\tx\nSeccomp:\t1\n"));
  EXPECT_TRUE(find_obstacle("Name:\tx\nSeccomp:\t0\nx86_Thread_features:\tshstk\n"));
}

}  // namespace
}  // namespace stent::inject
