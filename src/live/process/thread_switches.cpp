#include "live/process/thread_switches.hpp"

#include <cstdlib>
#include <string>

#include "live/process/proc_file.hpp"

namespace stent::process {
namespace {

/// What follows `key` on its line; empty when there is no such line.
std::optional<std::string> value_of(const std::string& text, const std::string& key) {
  const std::size_t at = text.find("\n" + key + ":\t");
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = at + key.size() + 3;
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::uint64_t number_of(const std::string& text, const std::string& key) {
  const auto value = value_of(text, key);
  return value ? std::strtoull(value->c_str(), nullptr, 10) : 0;
}

}  // namespace

std::optional<ThreadSwitches> read_thread_switches(Pid pid, Tid tid) {
  const auto text = read_proc_file(proc_path(pid, "/task/" + std::to_string(tid.value) + "/status"));
  const auto state = text ? value_of(*text, "State") : std::nullopt;
  if (!state || state->starts_with('Z') || state->starts_with('X')) return std::nullopt;
  return ThreadSwitches{
      state->starts_with('S') || state->starts_with('D'),
      number_of(*text, "voluntary_ctxt_switches") + number_of(*text, "nonvoluntary_ctxt_switches")};
}

std::uint64_t own_memory(Pid pid) {
  const auto text = read_proc_file(proc_path(pid, "/status"));
  return text ? number_of(*text, "RssAnon") * 1024 : 0;
}

}  // namespace stent::process
