#include <gmock/gmock.h>

#include <random>

#include "binary/model/image.hpp"
#include "live/call/function_caller.hpp"
#include "live/process/process.hpp"
#include "live/unwind/unwinder.hpp"
#include "target_process.hpp"

namespace stent::call {
namespace {

using process::Process;
using test::eventually;
using test::TargetProcess;
using namespace std::chrono_literals;

class Call : public testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  Call()
      : target_("guards_registers", {std::get<0>(GetParam())}, std::get<1>(GetParam())),
        process_(Process::open(target_.pid())),
        image_(model::load_image(std::string(STENT_TARGETS_DIR) + "/target_guards_registers_" +
                                 std::get<1>(GetParam()))) {}

  [[nodiscard]] RemoteAddress address_of(const std::string& name) const {
    for (const auto& module : process_.modules())
      if (module.is_executable)
        for (const auto& symbol : image_.symbols)
          if (symbol.name == name) return module.bias.to_remote(symbol.address);
    throw std::runtime_error("no " + name);
  }
  [[nodiscard]] std::vector<unwind::UnwindTable> tables() const {
    return unwind::unwind_tables(process_.modules());
  }
  void expect_unharmed() {
    const long rounds = target_.number("rounds");
    EXPECT_TRUE(eventually([&] { return target_.number("rounds") > rounds; }));
    EXPECT_EQ(target_.number("damage"), 0);
    EXPECT_EQ(target_.number("errno"), 5);
  }

  TargetProcess target_;
  Process process_;
  model::Image image_;
};

TEST_P(Call, ReturnsWhatTheFunctionReturnsAndLeavesNoTrace) {
  const auto before = process_.mappings().size();
  for (int i = 0; i < 30; ++i) {
    stop::Session session(process_);
    FunctionCaller caller(session, tables(), 5s);
    EXPECT_EQ(caller.call(address_of("combine"), {1, 2, 3, 4}), 4321u);
    EXPECT_EQ(caller.call(address_of("ruin"), {}), 7u);
    EXPECT_EQ(caller.call(address_of("combine"), {5, 6, 7, 8}), 8765u);
  }
  expect_unharmed();
  EXPECT_EQ(process_.mappings().size(), before);
}

TEST_P(Call, TheFunctionMayAllocateAndStartThreads) {
  stop::Session session(process_);
  FunctionCaller caller(session, tables(), 5s);
  EXPECT_EQ(caller.call(address_of("use_allocator"), {20'000}, 60s), 0u);
}

TEST_P(Call, AFaultIsReportedAndNotDelivered) {
  {
    stop::Session session(process_);
    FunctionCaller caller(session, tables(), 5s);
    try {
      caller.call(address_of("fail"), {});
      ADD_FAILURE() << "no fault";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::mismatch);
      EXPECT_THAT(error.message(), testing::HasSubstr("signal 11"));
    }
    EXPECT_EQ(caller.call(address_of("combine"), {1, 0, 0, 0}), 1u);
  }
  expect_unharmed();
}

TEST_P(Call, AFunctionThatDoesNotReturnGoesOnByItselfAndComesBack) {
  try {
    stop::Session session(process_);
    FunctionCaller caller(session, tables(), 5s);
    caller.call(address_of("linger"), {}, 50ms);
    ADD_FAILURE() << "returned";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::busy);
  }
  const long one = 1;
  process_.writable_memory().write(address_of("released"), std::as_bytes(std::span(&one, 1)));
  expect_unharmed();
}

TEST_P(Call, CallsAndClearsAMark) {
  stop::Session session(process_);
  FunctionCaller caller(session, tables(), 5s);
  const RemoteAddress mark = address_of("released");
  const long one = 1;
  process_.writable_memory().write(mark, std::as_bytes(std::span(&one, 1)));
  caller.call_and_clear(address_of("ruin"), 3, mark);
  EXPECT_EQ(process_.memory().read_value<long>(mark), 0);
}

INSTANTIATE_TEST_SUITE_P(Modes, Call,
                         testing::Combine(testing::Values("sleep", "spin"), testing::Values("gcc", "clang")),
                         [](const auto& one) {
                           return std::string(std::get<0>(one.param)) + "_" + std::get<1>(one.param);
                         });

/// A second stent: calls a function without end, until it is killed.
[[noreturn]] void call_for_ever(Pid pid, RemoteAddress function) {
  try {
    const Process process = Process::open(pid);
    for (;;) {
      stop::Session session(process);
      FunctionCaller caller(session, unwind::unwind_tables(process.modules()), 5s);
      for (int i = 0; i < 20; ++i) caller.call(function, {});
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  ::_exit(1);
}

TEST_P(Call, SurvivesAKilledStent) {
  std::minstd_rand random(815);
  const RemoteAddress ruin = address_of("ruin");
  for (int i = 0; i < 60; ++i) {
    const pid_t stent = ::fork();
    if (stent == 0) call_for_ever(target_.pid(), ruin);
    ::usleep(2000 + static_cast<useconds_t>(random() % 9000));
    ::kill(stent, SIGKILL);
    int status = 0;
    ::waitpid(stent, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "stent gave up by itself";
  }
  const long rounds = target_.number("rounds");
  EXPECT_TRUE(eventually([&] { return target_.number("rounds") > rounds; }));
  EXPECT_EQ(target_.number("damage"), 0);
}

}  // namespace
}  // namespace stent::call
