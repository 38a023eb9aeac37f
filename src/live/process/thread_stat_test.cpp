#include "live/process/thread_stat.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stent::process {
namespace {

TEST(ThreadStat, ReadsANameWithBracketsAndBlanks) {
  const ThreadStat stat =
      parse_thread_stat("77 (a) R (b) D 1 77 77 0 -1 4194560 9 0 0 0 0 0 0 0 20 0 1 0 4711 1 2 3");
  EXPECT_EQ(stat.tid.value, 77);
  EXPECT_EQ(stat.comm, "a) R (b");
  EXPECT_EQ(stat.state, 'D');
  EXPECT_EQ(stat.started, 4711u);
  EXPECT_TRUE(stat.is_blocked());
  EXPECT_FALSE(stat.is_kernel_worker());
}

TEST(ThreadStat, TellsTheProcessorWhereItIsGiven) {
  const std::string start = "7 (a) R 1 7 7 0 -1 4194560 9 0 0 0 0 0 0 0 20 0 1 0 4711 1 2";
  EXPECT_EQ(parse_thread_stat(start).processor, -1);
  EXPECT_EQ(parse_thread_stat(start + " 3 4 5 6 7 8 9 10 11 12 13 14 15 16 11 0 0 0").processor, 11);
}

TEST(ThreadStat, KnowsIoUringWorkers) {
  const ThreadStat stat = parse_thread_stat("5 (iou-wrk-4) S 1 4 4 0 -1 " + std::to_string(0x40 | 0x10) +
                                            " 9 0 0 0 0 0 0 0 20 0 1 0 4711 1");
  EXPECT_TRUE(stat.is_kernel_worker());
}

TEST(ThreadStat, OfAnotherShapeIsAnError) { EXPECT_THROW((void)parse_thread_stat("5 comm S"), Error); }

}  // namespace
}  // namespace stent::process
