#include "live/publish/publish.hpp"

#include <fmt/core.h>

#include <array>
#include <csignal>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "live/publish/guardian.hpp"
#include "live/publish/mend.hpp"
#include "live/publish/signal_state.hpp"

namespace stent::publish {
namespace {

using nlohmann::json;

json to_json(const unwind::Intruder& intruder) {
  json frames = json::array();
  for (const unwind::Frame& frame : intruder.chain.frames)
    frames.push_back({frame.pc.value, frame.sp.value, frame.is_interrupted});
  return {{"tid", intruder.tid.value}, {"comm", intruder.comm},           {"function", intruder.function},
          {"reason", intruder.reason}, {"blocked", intruder.was_blocked}, {"frames", frames}};
}

unwind::Intruder to_intruder(const json& text) {
  unwind::Intruder intruder;
  intruder.tid = {text.at("tid").get<pid_t>()};
  intruder.comm = text.at("comm");
  intruder.function = text.at("function");
  intruder.reason = text.at("reason");
  intruder.was_blocked = text.at("blocked");
  for (const json& frame : text.at("frames"))
    intruder.chain.frames.push_back(
        {{frame.at(0).get<std::uint64_t>()}, {frame.at(1).get<std::uint64_t>()}, frame.at(2).get<bool>()});
  return intruder;
}

std::string to_text(const Published& published) {
  json text{{"threads", published.threads},
            {"longest_pause", published.longest_pause.count()},
            {"led_to_new", published.has_led_to_new},
            {"notes", published.notes}};
  if (published.intruder) text["intruder"] = to_json(*published.intruder);
  if (published.error)
    text["error"] = {static_cast<int>(published.error->code()), published.error->message(),
                     published.error->hint()};
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

Published to_published(const json& text) {
  Published published{text.at("threads"),
                      std::chrono::nanoseconds(text.at("longest_pause").get<std::int64_t>()),
                      {},
                      text.at("led_to_new"),
                      {},
                      text.at("notes")};
  if (text.contains("intruder")) published.intruder = to_intruder(text.at("intruder"));
  if (text.contains("error"))
    published.error =
        Error(static_cast<ErrorCode>(text.at("error").at(0).get<int>()),
              text.at("error").at(1).get<std::string>(), text.at("error").at(2).get<std::string>());
  return published;
}

[[noreturn]] void put_right(const process::Process& target, std::span<const redirect::JumpWrite> writes) {
  for (const redirect::JumpWrite& write : writes)
    mend(target.writable_memory(), write.entry, std::array{write.before, write.after});
  throw Error(ErrorCode::internal,
              "the process of stent's that published the jumps was killed; no breakpoint stands",
              "give the command again: it finishes or undoes what was begun");
}

}  // namespace

void require_publishable(const process::Process& target, std::span<const redirect::JumpWrite> writes) {
  (void)plan_sites(writes);
  const auto state = read_signal_state(target.pid(), {target.memory_owner().value});
  if (!state || ((state->ignored | state->caught) & signal_bit(SIGTRAP)) == 0) return;
  const char* does = (state->ignored & signal_bit(SIGTRAP)) != 0 ? "ignores" : "handles";
  throw Error(ErrorCode::refused,
              fmt::format("process {} {} SIGTRAP, which a jump published without a stop would disturb",
                          target.pid().value, does),
              "leave out --no-stop: one short stop needs no signal");
}

Published publish_guarded(const process::Process& target, std::span<const redirect::JumpWrite> writes,
                          const std::vector<unwind::UnwindTable>& tables, Watch::Clock::time_point deadline) {
  const std::vector<Site> sites = plan_sites(writes);
  const auto text = run_guarded([&] { return to_text(Publisher(target, sites, tables).publish(deadline)); });
  if (!text) put_right(target, writes);
  return to_published(json::parse(*text));
}

}  // namespace stent::publish
