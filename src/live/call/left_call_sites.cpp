#include "live/call/left_call_sites.hpp"

#include <algorithm>
#include <string_view>

#include "live/inject/remote_mapping.hpp"

namespace stent::call {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::string_view words = "stent calls here";
constexpr std::size_t begin_at = words.size(), size_at = begin_at + 8;
static_assert(size_at + 8 == call_site_mark_size);

bool may_hold_site(const process::Mapping& mapping) {
  return mapping.inode == 0 && mapping.permissions == process::Permissions{true, false, true, false} &&
         mapping.name.empty();
}

}  // namespace

Bytes call_site_mark(const LeftCallSite& site) {
  const ByteView text = as_bytes(words);
  Bytes mark(text.begin(), text.end());
  mark.resize(call_site_mark_size);
  store(mark, begin_at, site.stack.begin.value);
  store(mark, size_at, site.stack.size);
  return mark;
}

std::vector<LeftCallSite> find_left_call_sites(const process::Process& target,
                                               const std::vector<process::Mapping>& mappings) {
  std::vector<LeftCallSite> sites;
  Bytes mark(call_site_mark_size);
  for (const process::Mapping& mapping : mappings) {
    if (!may_hold_site(mapping)) continue;
    for (RemoteAddress at = mapping.range.begin; at < mapping.range.end();
         at = at + static_cast<std::int64_t>(page)) {
      if (!target.memory().try_read(at, mark)) continue;
      if (!std::ranges::equal(ByteView(mark).first(words.size()), as_bytes(words))) continue;
      sites.push_back(
          {{at, page}, {{load<std::uint64_t>(mark, begin_at)}, load<std::uint64_t>(mark, size_at)}});
    }
  }
  return sites;
}

void unmap_call_site(inject::RemoteCaller& caller, const LeftCallSite& site) {
  caller.memory().write(site.code.begin, Bytes(call_site_mark_size));
  inject::remote_munmap(caller, site.stack);
  inject::remote_munmap(caller, site.code);
}

}  // namespace stent::call
