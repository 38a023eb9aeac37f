#include "create/review/absorb_helpers.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "create/diff/object_index.hpp"
#include "create/review/substitution.hpp"

namespace stent::review {
namespace {

/// The locks held at the call and those that the called function took since.
Locks both(const Locks& held, const Locks& taken, const Arguments& arguments) {
  Locks all = held;
  for (const auto& [lock, depth] : taken) {
    const std::string name = substitute(lock, arguments);
    int& known = all[name];
    known = known == varying || depth == varying ? varying : known + depth;
  }
  return all;
}

/// A name of code, "*p0+8" through a pointer: where that leads now.
std::string callee_of(const std::string& name, const Arguments& arguments) {
  if (!name.starts_with('*')) return name;
  const std::string now = substitute(name.substr(1), arguments);
  return "*" + now;
}

class Absorber {
 public:
  Absorber(FunctionFacts& host, const FunctionFacts& part, const Call& at)
      : host_(&host), part_(&part), at_(&at), arguments_(at.arguments) {}

  void run() {
    for (const Access& access : part_->accesses) take(access);
    for (const Call& call : part_->calls) take(call);
    for (const Comparison& one : part_->comparisons)
      host_->comparisons.push_back({substitute(one.left, arguments_), substitute(one.right, arguments_)});
    take_results();
  }

 private:
  void take(Access access) {
    if (is_on_stack(access.place, arguments_)) return;  // the caller's own
    const std::string place = substitute(access.place, arguments_);
    if (place.empty()) access.place = "?" + access.place.substr(access.place.find_last_of("+-"));
    if (!place.empty()) access.place = place;
    access.is_static =
        !access.place.starts_with('*') && !access.place.starts_with('?') && !access.place.starts_with("tls");
    if (const std::size_t sign = access.place.find_last_of("+-"); sign != std::string::npos)
      access.offset = std::atoll(access.place.c_str() + sign);
    access.value = substitute(access.value, arguments_);
    access.stored = substitute(access.stored, arguments_);
    access.index = substitute(access.index, arguments_);
    access.locks = both(at_->locks, access.locks, arguments_);
    access.at.reset();
    host_->accesses.push_back(std::move(access));
  }

  void take(Call call) {
    call.name = callee_of(call.name, arguments_);
    for (Value& argument : call.arguments) argument = substitute(argument, arguments_);
    call.in_loop = call.in_loop || at_->in_loop;
    call.is_tail = call.is_tail && at_->is_tail;
    call.locks = both(at_->locks, call.locks, arguments_);
    call.at.reset();
    host_->calls.push_back(std::move(call));
  }

  /// What came of the call is what the called function returned.
  void take_results() {
    Value result;
    for (std::size_t i = 0; i < part_->returns.size(); ++i) {
      const Value one = substitute(part_->returns[i], arguments_);
      result = i == 0 ? one : join(result, one);
    }
    const auto replace = [&](Value& value) {
      if (value.is(Value::Kind::result) && value.name == at_->name) value = result;
    };
    for (Comparison& one : host_->comparisons) {
      replace(one.left);
      replace(one.right);
    }
    for (Access& access : host_->accesses) {
      if (access.stored == at_->name + "()") access.stored = result.text();
      replace(access.value);
    }
    for (Call& call : host_->calls)
      for (Value& argument : call.arguments) replace(argument);
    replace_returns();
  }

  void replace_returns() {
    std::vector<Value> returns;
    for (const Value& value : host_->returns) {
      if (!value.is(Value::Kind::result) || value.name != at_->name) {
        returns.push_back(value);
        continue;
      }
      for (const Value& one : part_->returns) returns.push_back(substitute(one, arguments_));
    }
    host_->returns = std::move(returns);
  }

  FunctionFacts* host_;
  const FunctionFacts* part_;
  const Call* at_;
  Arguments arguments_;
};

}  // namespace

bool can_be_absorbed(const FunctionFacts& part) {
  return !part.calls_to(part.name) && !part.calls_to(diff::without_ordinals(part.name)) && part.can_return &&
         std::ranges::all_of(part.locks_at_return, [](const Locks& locks) { return locks.empty(); });
}

void absorb_calls(FunctionFacts& host, const FunctionFacts& part, const std::string& called) {
  std::vector<Call> sites;
  for (const Call& call : host.calls)
    if (call.name == called) sites.push_back(call);
  for (const Call& site : sites) Absorber(host, part, site).run();
  // What does not depend on the arguments is taken as a whole.
  FunctionFacts rest = part;
  rest.accesses.clear();
  rest.calls.clear();
  rest.comparisons.clear();
  rest.returns.clear();
  rest.locks_at_return.clear();
  rest.parameters.clear();
  rest.reaches.clear();
  rest.can_return = false;
  host.absorb(rest, called);
}

}  // namespace stent::review
