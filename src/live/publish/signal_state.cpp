#include "live/publish/signal_state.hpp"

#include <cstdlib>
#include <string>

#include "live/process/proc_file.hpp"

namespace stent::publish {
namespace {

std::uint64_t set_of(const std::string& text, const std::string& key) {
  constexpr int hexadecimal = 16;
  const std::size_t at = text.find("\n" + key + ":\t");
  return at == std::string::npos ? 0
                                 : std::strtoull(text.c_str() + at + key.size() + 3, nullptr, hexadecimal);
}

}  // namespace

std::optional<SignalState> read_signal_state(Pid group, Tid tid) {
  const auto text =
      process::read_proc_file(process::proc_path(group, "/task/" + std::to_string(tid.value) + "/status"));
  if (!text) return std::nullopt;
  return SignalState{set_of(*text, "ShdPnd"), set_of(*text, "SigBlk"), set_of(*text, "SigIgn"),
                     set_of(*text, "SigCgt")};
}

}  // namespace stent::publish
