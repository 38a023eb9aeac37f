#include "live/process/births.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace stent::process {
namespace {

TEST(Births, TellOfAChild) {
  // On a busy machine others may be born too, even too many: then again.
  for (int tries = 0; tries < 1000; ++tries) {
    const Births births;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    const auto ids = births.ids();
    ::waitpid(child, nullptr, 0);
    if (!ids) continue;
    EXPECT_NE(std::ranges::find(*ids, Tid{child}), ids->end());
    return;
  }
  FAIL() << "never told";
}

}  // namespace
}  // namespace stent::process
