#include "live/stop/scheduling.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace stent::stop {
namespace {

std::vector<int> allowed() {
  cpu_set_t set;
  std::vector<int> found;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return found;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(static_cast<unsigned>(i), &set)) found.push_back(i);
  return found;
}

TEST(OtherProcessors, LeaveTheBusyOnesAloneForAWhile) {
  const std::vector<int> before = allowed();
  if (before.size() < 2) GTEST_SKIP() << "one processor";
  {
    const OtherProcessors others(std::vector{before.front()});
    EXPECT_TRUE(others.are_left());
    EXPECT_EQ(allowed(), std::vector(before.begin() + 1, before.end()));
    EXPECT_NE(::sched_getcpu(), before.front());
  }
  EXPECT_EQ(allowed(), before);
}

TEST(OtherProcessors, ChangeNothingWhereAllAreBusyOrUnknown) {
  const std::vector<int> before = allowed();
  const OtherProcessors none(before);
  EXPECT_FALSE(none.are_left());
  EXPECT_EQ(allowed(), before);
  const OtherProcessors unknown(std::vector{-1, CPU_SETSIZE});
  EXPECT_TRUE(unknown.are_left());
  EXPECT_EQ(allowed(), before);
}

}  // namespace
}  // namespace stent::stop
