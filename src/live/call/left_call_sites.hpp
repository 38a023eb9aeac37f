// Memory for calls in the target that a stent left behind, because a function did not return in time or
// because that stent was killed.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "live/inject/remote_caller.hpp"
#include "live/process/process.hpp"

namespace stent::call {

/// The code that calls return to, a page of its own, and their stack.
struct LeftCallSite {
  RemoteRange code, stack;
};

/// The mark at the start of a call site's page of code; the code itself begins behind it.
[[nodiscard]] Bytes call_site_mark(const LeftCallSite& site);
inline constexpr std::int64_t call_site_mark_size = 32;

/// Call sites among `mappings` of `target` that nobody took away. One may still be in use.
[[nodiscard]] std::vector<LeftCallSite> find_left_call_sites(const process::Process& target,
                                                             const std::vector<process::Mapping>& mappings);

/// Unmaps a site that no thread stands on. The mark goes first: should stent be killed, nobody unmaps what
/// the target has mapped there since.
void unmap_call_site(inject::RemoteCaller& caller, const LeftCallSite& site);

}  // namespace stent::call
