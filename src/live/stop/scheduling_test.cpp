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
  const bool has_others = before.size() > 1;
  {
    const OtherProcessors others(std::vector{before.front()});
    EXPECT_EQ(others.are_left(), has_others);
    EXPECT_EQ(allowed(), std::vector(before.begin() + (has_others ? 1 : 0), before.end()));
    EXPECT_EQ(::sched_getcpu() != before.front(), has_others);
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
