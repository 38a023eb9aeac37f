#include "live/transaction/ask_resolver.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/call/function_caller.hpp"
#include "live/stop/session.hpp"
#include "live/transaction/unwind_tables.hpp"

namespace stent::transaction {
namespace {

constexpr std::chrono::seconds thread_patience{5};

bool is_code(const std::vector<process::Module>& modules, RemoteAddress at) {
  return std::ranges::any_of(modules, [at](const process::Module& module) {
    return std::ranges::any_of(module.segments, [at](const process::Segment& segment) {
      return segment.permissions.execute && segment.range.contains(at);
    });
  });
}

Error no_answer(RemoteAddress resolver, const std::string& what) {
  return {ErrorCode::refused,
          fmt::format("the resolver at {:#x} of an indirect function (IFUNC) {}", resolver.value, what),
          "use a function in the patch that the target already calls, or write the code without it"};
}

}  // namespace

RemoteAddress ask_resolver(const process::Process& target, const std::vector<FoundRecord>& records,
                           RemoteAddress resolver) {
  stop::Session session(target);
  call::FunctionCaller caller(session, unwind_tables(target, target.modules(), records), thread_patience);
  RemoteAddress chosen;
  try {
    chosen = {caller.call(resolver, {})};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::mismatch) throw;
    throw no_answer(resolver, "failed: " + error.message());
  }
  if (!is_code(target.modules(), chosen)) throw no_answer(resolver, "chose what is no function");
  return chosen;
}

}  // namespace stent::transaction
