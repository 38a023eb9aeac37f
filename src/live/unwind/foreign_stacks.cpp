#include "live/unwind/foreign_stacks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "live/unwind/arch_x86_64_call_site.hpp"
#include "live/unwind/exception_object.hpp"
#include "live/unwind/glibc_thread.hpp"
#include "live/unwind/without.hpp"

namespace stent::unwind {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t page = 4096;
/// Memory up to this size is read as it is, without asking which pages are touched.
constexpr std::uint64_t small_run = 4 * page;
constexpr std::uint64_t buffer_size = 256U << 10U;  // stays in the second-level cache
/// Asking which pages of a run are touched takes the kernel as long as walking through so much memory of
/// files.
constexpr std::uint64_t walked_a_question = 128U << 10U;
constexpr std::size_t most_pieces = 256;
constexpr std::size_t most_hits = 4096;
constexpr std::uint64_t end_of_user_space = 0x7fff'ffff'f000;
/// A redirect may stand over this many bytes of a module's entry, so that what precedes an address there is
/// not known.
constexpr std::int64_t overwritten = 16;

/// True for what can hold no suspended stack: a file's or shared memory, and the kernel's own pages.
bool holds_no_stack(const process::Mapping& mapping) {
  if (mapping.permissions.shared || mapping.name == "[vdso]" || mapping.name == "[vsyscall]" ||
      mapping.name.starts_with("[vvar"))
    return true;
  return mapping.inode != 0 && !mapping.permissions.write;
}

}  // namespace

ForeignStacks::ForeignStacks(const process::Process& target, const ForbiddenCode& forbidden,
                             std::vector<RemoteRange> tables, IsAsLoaded is_as_loaded)
    : target_(&target),
      forbidden_(&forbidden),
      tables_(std::move(tables)),
      is_as_loaded_(std::move(is_as_loaded)),
      touched_(target.memory_owner()),
      buffer_(buffer_size) {}

void ForeignStacks::begin(const std::vector<process::Mapping>& mappings) {
  mappings_ = mappings;
  left_out_.resize(mappings_.size());  // its pages are there when the stop needs them
  thread_pointers_.resize(mappings_.size());
  thread_pointers_.clear();
  std::vector<RemoteRange> everything, no_stack;
  if (touched_.sees_new_mappings()) everything.push_back({{page}, end_of_user_space - page});
  file_memory_ = 0;
  for (const process::Mapping& mapping : mappings_) {
    if (mapping.inode != 0 || mapping.permissions.shared) file_memory_ += mapping.range.size;
    if (holds_no_stack(mapping))
      no_stack.push_back(mapping.range);
    else if (!touched_.sees_new_mappings())
      everything.push_back(mapping.range);
  }
  runs_ = without(everything, no_stack);
}

void ForeignStacks::rehearse() {
  constexpr auto patience = std::chrono::milliseconds(20);
  static_cast<void>(look(0, Clock::now() + patience));
}

void ForeignStacks::leave_out(std::span<const SeenStack> seen) {
  left_out_.clear();
  for (const SeenStack& stack : seen) {
    left_out_.push_back(stack.current);
    if (stack.home) left_out_.push_back(*stack.home);
    thread_pointers_.push_back(stack.thread_pointer);
  }
  std::ranges::sort(left_out_);
  runs_ = without(runs_, left_out_);
  std::erase_if(runs_, [this](const RemoteRange& run) { return way_of(run) == Way::leave_out; });
}

std::optional<Intruder> ForeignStacks::look(std::uint64_t guard, Clock::time_point deadline) {
  const auto began = Clock::now();
  bytes_ = 0;
  auto intruder = search(guard, deadline);
  time_ = Clock::now() - began;
  return intruder;
}

/// Left out is what can be neither read nor written, and a gap in which no stack has room.
ForeignStacks::Way ForeignStacks::way_of(const RemoteRange& run) const {
  auto mapping = std::ranges::upper_bound(mappings_, run.begin, {},
                                          [](const process::Mapping& one) { return one.range.end(); });
  if (mapping == mappings_.end()) return run.size >= small_run ? Way::ask : Way::leave_out;
  const bool is_whole = mapping->range.begin <= run.begin && run.end() <= mapping->range.end();
  if (run.size <= small_run && is_whole && mapping->permissions.read) return Way::read;
  bool may_be_touched = run.size >= small_run;
  for (; mapping != mappings_.end() && mapping->range.begin < run.end(); ++mapping)
    may_be_touched = may_be_touched || mapping->permissions.read || mapping->permissions.write;
  return may_be_touched ? Way::ask : Way::leave_out;
}

/// What to read: touched pages of `runs_`.
std::vector<RemoteRange> ForeignStacks::find_touched() const {
  std::vector<RemoteRange> touched;
  const auto questions = std::ranges::count(runs_, Way::ask, [this](const auto& run) { return way_of(run); });
  if (touched_.sees_new_mappings() &&
      file_memory_ <= walked_a_question * static_cast<std::uint64_t>(questions)) {  // one for everything
    touched_.find({{page}, end_of_user_space - page}, touched);
  } else {
    for (const RemoteRange& run : runs_) {
      const Way way = way_of(run);
      if (way == Way::read) touched.push_back(run);
      if (way == Way::ask) touched_.find(run, touched);
    }
  }
  return without(touched, without(std::array{RemoteRange{{0}, end_of_user_space}}, runs_));
}

std::optional<Intruder> ForeignStacks::search(std::uint64_t guard, Clock::time_point deadline) {
  const std::vector<RemoteRange> touched = find_touched();
  std::vector<RemoteRange> pieces;
  std::uint64_t size = 0;
  const auto flush = [&]() -> std::optional<Intruder> {
    auto intruder = look_at(pieces, guard);
    pieces.clear();
    size = 0;
    if (intruder || Clock::now() < deadline) return intruder;
    Intruder late;
    late.reason = "has more memory to search for suspended stacks than the longest pause allows";
    return late;
  };
  for (const RemoteRange& range : touched) {
    for (std::uint64_t done = 0; done < range.size;) {
      if (size == buffer_size || pieces.size() == most_pieces)
        if (auto intruder = flush()) return intruder;
      const auto count = std::min(range.size - done, buffer_size - size);
      pieces.push_back({range.begin + static_cast<std::int64_t>(done), count});
      done += count;
      size += count;
    }
  }
  if (auto intruder = flush()) return intruder;
  if (touched_.sees_new_mappings() || target_->mappings() == mappings_) return std::nullopt;
  Intruder changed;
  changed.reason = "maps memory faster than it can be searched for suspended stacks";
  return changed;
}

std::optional<Intruder> ForeignStacks::look_at(std::span<const RemoteRange> pieces, std::uint64_t guard) {
  std::vector<process::ReadRequest> requests;
  requests.reserve(pieces.size());
  std::size_t used = 0;
  for (const RemoteRange& piece : pieces) {
    requests.push_back({piece.begin, MutableByteView(buffer_).subspan(used, piece.size), false});
    used += piece.size;
  }
  target_->memory().read_many(requests);
  std::vector<Hit> hits;
  for (const process::ReadRequest& request : requests) {
    bytes_ += request.into.size();
    if (request.ok) scan(request.into, request.from, *forbidden_, guard, hits, most_hits, Memory::other);
  }
  for (const Hit& hit : hits) {
    if (hit.piece == nullptr || !is_suspended(hit) || is_dead_thread(hit.slot)) continue;
    if (is_noted_landing_pad(target_->memory(), mappings_, hit.slot)) continue;
    const process::Mapping* mapping = process::find_mapping(mappings_, hit.slot);
    const bool is_of_file = mapping != nullptr && mapping->inode != 0;
    if (is_of_file && !hit.was_mangled && is_as_loaded_(hit.slot, hit.value)) continue;
    Intruder intruder;
    intruder.function = hit.piece->function;
    intruder.slot = hit.slot;
    intruder.reason = fmt::format(
        "a stack or coroutine that no thread runs on may be suspended in {} (the word at {:#x}{} says {:#x})",
        hit.piece->function, hit.slot.value,
        mapping != nullptr && !mapping->name.empty() ? ", " + mapping->name : "", hit.value.value);
    return intruder;
  }
  if (hits.size() < most_hits) return std::nullopt;
  Intruder intruder;
  intruder.reason = "holds more addresses inside the functions than can be looked at";
  return intruder;
}

std::optional<std::uint64_t> ForeignStacks::word(RemoteAddress at) const {
  std::uint64_t value = 0;
  if (!target_->memory().try_read(at, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
  return value;
}

/// A pointer to data or code that happens to lie inside is none of these.
bool ForeignStacks::is_suspended(const Hit& hit) const {
  const RemoteRange& range = hit.piece->range;
  if (hit.piece->start_is_resumed && hit.value == range.begin) return !hit.was_mangled;
  if (hit.value == range.begin) return false;
  const auto holds = [&](const RemoteRange& table) { return table.contains(hit.slot); };
  if (std::ranges::any_of(tables_, holds)) return false;
  if (hit.value == range.end() && hit.piece->end_is_never_suspended) return false;
  // The end of a short function is the next one's start, and tables hold that.
  const bool may_be_overwritten = hit.piece->start_is_free && hit.value - range.begin < overwritten;
  if (hit.value < range.end() && may_be_overwritten) return true;
  std::array<std::uint8_t, call_site_size> code{};  // no call begins before the piece
  const auto inside = std::min<std::int64_t>(call_site_size, hit.value - range.begin);
  const auto bytes = std::as_writable_bytes(std::span(code)).last(static_cast<std::size_t>(inside));
  if (!target_->memory().try_read(hit.value - inside, bytes) || ends_with_call(code)) return true;
  const auto flags = word(hit.slot + 8), segments = word(hit.slot + 16);
  return flags && segments && looks_like_signal_context(*flags, *segments);
}

/// True on the stack of a thread that has ended, which glibc keeps for the next one.
bool ForeignStacks::is_dead_thread(RemoteAddress slot) const {
  const process::Mapping* mapping = process::find_mapping(mappings_, slot);
  if (mapping == nullptr || mapping->inode != 0 || !mapping->name.empty()) return false;
  constexpr std::uint64_t alignment = 64, furthest = 64U << 20U;
  const RemoteAddress end = std::min(mapping->range.end(), slot + static_cast<std::int64_t>(furthest));
  std::vector<RemoteRange> touched;
  touched_.find({slot, static_cast<std::uint64_t>(end - slot)}, touched);
  for (const RemoteRange& range : touched) {
    Bytes bytes(range.size);
    if (!target_->memory().try_read(range.begin, bytes)) continue;
    for (std::uint64_t i = 0; i + glibc_thread::end <= bytes.size(); i += alignment) {
      const RemoteAddress at = range.begin + static_cast<std::int64_t>(i);
      if (at <= slot || load<std::uint64_t>(bytes, i) != at.value ||
          load<std::uint64_t>(bytes, i + glibc_thread::self) != at.value)
        continue;
      const RemoteAddress begin{load<std::uint64_t>(bytes, i + glibc_thread::stack_begin)};
      const RemoteAddress stack_end = begin + load<std::int64_t>(bytes, i + glibc_thread::stack_size);
      return load<std::int32_t>(bytes, i + glibc_thread::tid) <= 0 && begin <= slot && at < stack_end &&
             begin.value % page == 0 && stack_end - at < 4 * static_cast<std::int64_t>(page) &&
             std::ranges::find(thread_pointers_, at) == thread_pointers_.end();
    }
  }
  return false;
}

}  // namespace stent::unwind
