#include "live/resolve/loader_view.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>

#include "base/error.hpp"
#include "live/resolve/dynamic_section.hpp"

namespace stent::resolve {
namespace {

constexpr std::size_t entry_limit = 4096, space_limit = 64, list_limit = 16;
/// No link map is larger; its public part is five words.
constexpr std::int64_t map_size = 2048, public_part = 40;

RemoteAddress address_of(const void* pointer) { return {reinterpret_cast<std::uint64_t>(pointer)}; }

std::optional<std::uint64_t> word_at(const process::RemoteMemory& memory, RemoteAddress at) {
  std::uint64_t word = 0;
  if (!memory.try_read(at, std::as_writable_bytes(std::span(&word, 1)))) return std::nullopt;
  return word;
}

std::optional<Elf64_Phdr> tls_header(const process::RemoteMemory& memory, const process::Module& module) {
  const auto header = memory.read_value<Elf64_Ehdr>(module.header);
  for (std::uint16_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = memory.read_value<Elf64_Phdr>(
        module.header + static_cast<std::int64_t>(header.e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr)));
    if (segment.p_type == PT_TLS) return segment;
  }
  return std::nullopt;
}

/// The executable's block comes first below the thread pointer (variant II), aligned as its segment is.
std::int64_t executable_offset(const Elf64_Phdr& tls) {
  const std::uint64_t align = std::max<std::uint64_t>(tls.p_align, 1);
  const std::uint64_t first = (0 - (tls.p_vaddr & (align - 1))) & (align - 1);
  const std::uint64_t rounded = (tls.p_memsz - first + align - 1) / align * align + first;
  return -static_cast<std::int64_t>(rounded);
}

}  // namespace

LoaderView::LoaderView(const process::RemoteMemory& memory, const std::vector<process::Module>& modules)
    : memory_(&memory), modules_(modules) {
  const auto executable = std::ranges::find_if(modules_, &process::Module::is_executable);
  if (executable == modules_.end()) return;
  const RemoteAddress debug{DynamicSection(memory, *executable).value(DT_DEBUG)};
  if (debug.value != 0) read_spaces(debug);
}

void LoaderView::read_spaces(RemoteAddress debug) {
  for (std::size_t space = 0; debug.value != 0 && space < space_limit; ++space) {
    const auto head = memory_->read_value<r_debug>(debug);
    if (head.r_state != r_debug::RT_CONSISTENT)
      throw Error(ErrorCode::busy, "the target's dynamic loader is changing its list of modules",
                  "try again; a dlopen or dlclose is in progress");
    read_chain(address_of(head.r_map), space);
    if (head.r_version < 2) break;
    debug = address_of(memory_->read_value<r_debug_extended>(debug).r_next);
  }
}

void LoaderView::read_chain(RemoteAddress first, std::size_t space) {
  for (RemoteAddress at = first; at.value != 0 && entries_.size() < entry_limit;) {
    const auto map = memory_->read_value<::link_map>(at);
    entries_.push_back({at, address_of(map.l_ld), space});
    at = address_of(map.l_next);
  }
}

/// `field` as a pointer to a null-terminated list of {list of link maps, its length}; empty when it is none.
std::optional<LoaderView::Lists> LoaderView::lists_at(RemoteAddress field) const {
  const auto first = word_at(*memory_, field);
  if (!first || *first == 0 || *first % 8 != 0) return std::nullopt;
  Lists lists;
  for (std::size_t i = 0; i <= list_limit; ++i) {
    const auto element = word_at(*memory_, {*first + 8 * i});
    if (!element || *element % 8 != 0) return std::nullopt;
    if (*element == 0) return lists;
    const auto begin = word_at(*memory_, {*element});
    const auto length = word_at(*memory_, {*element + 8});
    if (!begin || !length) return std::nullopt;
    const auto count = static_cast<std::uint32_t>(*length);
    if (count > entries_.size()) return std::nullopt;
    std::vector<RemoteAddress> members(count);
    if (!memory_->try_read({*begin}, std::as_writable_bytes(std::span(members)))) return std::nullopt;
    const bool known = std::ranges::all_of(members, [&](RemoteAddress member) {
      return std::ranges::find(entries_, member, &Entry::at) != entries_.end();
    });
    if (!known) return std::nullopt;
    lists.push_back(std::move(members));
  }
  return std::nullopt;
}

bool LoaderView::is_scope_field(std::int64_t offset) const {
  const auto first = lists_at(entries_.front().at + offset);
  if (!first || first->empty() || first->front().empty() || first->front().front() != entries_.front().at)
    return false;
  std::size_t without = 0;  // the loader itself may have none
  for (const Entry& entry : entries_) {
    if (lists_at(entry.at + offset)) continue;
    if (word_at(*memory_, entry.at + offset) != std::optional<std::uint64_t>(0) || ++without > 1)
      return false;
  }
  return true;
}

std::optional<std::int64_t> LoaderView::find_scope_field() const {
  if (entries_.size() < 2) return std::nullopt;
  std::optional<std::int64_t> field;
  for (std::int64_t offset = public_part; offset < map_size; offset += 8) {
    if (!is_scope_field(offset)) continue;
    if (field) return std::nullopt;  // two would fit: neither is trusted
    field = offset;
  }
  return field;
}

const LoaderView::Entry* LoaderView::entry_of(const process::Module& module) const {
  for (const Entry& entry : entries_)
    if (module.dynamic && module.dynamic->begin == entry.dynamic) return &entry;
  return nullptr;
}

const process::Module* LoaderView::module_of(RemoteAddress at) const {
  const auto entry = std::ranges::find(entries_, at, &Entry::at);
  if (entry == entries_.end()) return nullptr;
  for (const process::Module& module : modules_)
    if (module.dynamic && module.dynamic->begin == entry->dynamic) return &module;
  return nullptr;
}

Scope LoaderView::in_map_order(const Entry* entry) const {
  Scope scope{{}, false};
  for (const Entry& other : entries_)
    if (const auto* module = module_of(other.at);
        module != nullptr && other.space == (entry == nullptr ? 0 : entry->space))
      scope.modules.push_back(*module);
  if (!scope.modules.empty()) return scope;
  scope.modules = modules_;
  std::ranges::stable_partition(scope.modules, &process::Module::is_executable);
  return scope;
}

Scope LoaderView::scope_of(const process::Module& module) const {
  const Entry* entry = entry_of(module);
  if (!scope_field_) scope_field_ = find_scope_field();
  const auto lists = entry != nullptr && *scope_field_ ? lists_at(entry->at + **scope_field_) : std::nullopt;
  if (!lists) return in_map_order(entry);
  Scope scope;
  for (const auto& list : *lists)
    for (const RemoteAddress member : list)
      if (const auto* found = module_of(member)) scope.modules.push_back(*found);
  return scope;
}

std::optional<ThreadStorage> LoaderView::thread_storage(const process::Module& module) const {
  const auto tls = tls_header(*memory_, module);
  if (!tls) return std::nullopt;
  if (module.is_executable) return ThreadStorage{1, executable_offset(*tls)};
  const Entry* entry = entry_of(module);
  if (entry == nullptr) return std::nullopt;
  // glibc keeps, one after the other: where the initial image is, its size, the block's size, its alignment;
  // then the first byte's offset, the block's distance below the thread pointer, the module's number.
  const std::uint64_t wanted[] = {module.bias.to_remote(LinkAddress{tls->p_vaddr}).value, tls->p_filesz,
                                  tls->p_memsz, tls->p_align};
  constexpr std::size_t words = std::size(wanted) + 3;
  for (std::int64_t offset = public_part; offset < map_size; offset += 8) {
    std::uint64_t found[words];
    if (!memory_->try_read(entry->at + offset, std::as_writable_bytes(std::span(found)))) break;
    if (!std::equal(std::begin(wanted), std::end(wanted), found)) continue;
    const auto below = static_cast<std::int64_t>(found[5]);
    ThreadStorage storage{found[6], std::nullopt};
    if (storage.number == 0 || storage.number > entry_limit) return std::nullopt;
    if (below > 0) storage.offset = -below;  // 0: not decided yet, -1: never
    return storage;
  }
  return std::nullopt;
}

}  // namespace stent::resolve
