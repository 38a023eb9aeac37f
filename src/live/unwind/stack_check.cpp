#include "live/unwind/stack_check.hpp"

#include <elf.h>

#include <algorithm>
#include <array>

#include "live/unwind/arch_x86_64_call_site.hpp"
#include "live/unwind/arch_x86_64_scan.hpp"

namespace stent::unwind {
namespace {

/// Stacks up to this size are read many at a time.
constexpr std::uint64_t buffer_size = 256U << 10U;
constexpr std::size_t most_reads = 256;
/// A stack larger than this is not looked at inside a stop.
constexpr std::uint64_t largest_stack = 1U << 30U;

constexpr auto unwinding_allowed = std::chrono::microseconds(200);
constexpr std::size_t most_frames_stopped = 64;
constexpr std::size_t most_frames = 2'000'000;
constexpr std::size_t most_hits = 256;

/// The outermost frames (_start, clone) keep nothing but alignment above their stack pointer.
constexpr std::int64_t outermost_frame = 32;
constexpr std::int64_t red_zone = 128;
/// In the thread control block (glibc sysdeps/x86_64/nptl/tls.h).
constexpr std::int64_t pointer_guard_offset = 0x30;
/// From the saved program counter in glibc's ucontext_t to its `fpregs` pointer, and to what that points to.
constexpr std::int64_t to_fpregs = 0x38, to_fpregs_memory = 0x100;

std::array<RemoteAddress, 15> words_of(const user_regs_struct& r) {
  return {{{r.rax},
           {r.rbx},
           {r.rcx},
           {r.rdx},
           {r.rsi},
           {r.rdi},
           {r.rbp},
           {r.r8},
           {r.r9},
           {r.r10},
           {r.r11},
           {r.r12},
           {r.r13},
           {r.r14},
           {r.r15}}};
}

RemoteRange words(RemoteRange range) {
  const RemoteAddress begin{range.begin.value & ~std::uint64_t{7}};
  return {begin, static_cast<std::uint64_t>(range.end() - begin)};
}

StackPart copy(RemoteRange range, ByteView bytes) { return {range.begin, Bytes(bytes.begin(), bytes.end())}; }

Intruder intruder_of(const ThreadState& thread, const std::string& function, const std::string& reason) {
  Intruder intruder;
  intruder.tid = thread.tid;
  intruder.comm = thread.comm;
  intruder.function = function;
  intruder.reason = reason;
  intruder.was_blocked = thread.was_blocked;
  return intruder;
}

Intruder unreadable(const ThreadState& thread) {
  return intruder_of(thread, "", "has a stack that cannot be read");
}

Intruder probed(const ThreadState& thread) {
  return intruder_of(thread, "", "returns through a uretprobe, which hides where to");
}

std::optional<std::uint64_t> word_at(const StackSnapshot& snapshot, RemoteAddress at) {
  std::uint64_t word = 0;
  if (!snapshot.read(at, std::as_writable_bytes(std::span(&word, 1)))) return std::nullopt;
  return word;
}

/// The stack pointer saved with a program counter in `hit`, when that is part of a context which swapcontext
/// or longjmp may go on with (ucontext_t, jmp_buf); empty for a plain word.
std::optional<RemoteAddress> saved_sp(const StackSnapshot& snapshot, const Hit& hit, std::uint64_t guard) {
  const auto below = word_at(snapshot, hit.slot - 8);
  if (hit.was_mangled) return RemoteAddress{below ? unmangled(*below, guard) : 0};
  const auto fpregs = word_at(snapshot, hit.slot + to_fpregs);
  if (!fpregs || *fpregs != (hit.slot + to_fpregs_memory).value) return std::nullopt;
  return RemoteAddress{below.value_or(0)};
}

}  // namespace

StackCheck::StackCheck(const process::RemoteMemory& memory, Unwinder& unwinder,
                       const ForbiddenCode& forbidden)
    : memory_(&memory), unwinder_(&unwinder), forbidden_(&forbidden), buffer_(buffer_size) {}

void StackCheck::begin(std::vector<process::Mapping> mappings) {
  mappings_ = std::move(mappings);
  const auto probes = std::ranges::find(mappings_, "[uprobes]", &process::Mapping::name);
  uprobes_.reset();
  if (probes != mappings_.end()) uprobes_ = probes->range;
  undecided_.clear();
  seen_.resize(mappings_.size());  // its pages are there when the stop needs them
  seen_.clear();
  inside_.reset();
  spent_ = {};
}

void StackCheck::rehearse() {
  constexpr std::int64_t some_frames = 2048;
  const auto stack = std::ranges::find(mappings_, "[stack]", &process::Mapping::name);
  if (stack == mappings_.end()) return;
  ThreadState nobody;
  nobody.is_main = true;
  nobody.registers.rsp = (stack->range.end() - some_frames).value;
  static_cast<void>(look(std::span(&nobody, 1)));
  stale_.erase(nobody.tid.value);
  undecided_.clear();
  seen_.clear();
  inside_.reset();
  spent_ = {};
}

void StackCheck::learn_guard(std::span<const ThreadState> threads) {
  for (const ThreadState& thread : threads) {
    if (guard_ != 0) return;
    const RemoteAddress at = RemoteAddress{thread.registers.fs_base} + pointer_guard_offset;
    std::uint64_t guard = 0;
    if (thread.registers.fs_base != 0 && memory_->try_read(at, std::as_writable_bytes(std::span(&guard, 1))))
      guard_ = guard;
  }
}

const CodePiece* StackCheck::register_hit(const ThreadState& thread) const {
  for (const RemoteAddress word : words_of(thread.registers))
    if (forbidden_->bands().contains(word.value))
      if (const CodePiece* piece = forbidden_->at_value(word)) return piece;
  return nullptr;
}

bool StackCheck::is_probed(ByteView stack, RemoteAddress at) const {
  return uprobes_ && find_value(stack, at, std::span(&*uprobes_, 1));
}

std::optional<Intruder> StackCheck::look(std::span<const ThreadState> threads) {
  learn_guard(threads);
  std::vector<PartRead> parts;
  std::size_t first = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    const ThreadState& thread = threads[i];
    const auto used = used_stack(thread, mappings_);
    if (!used) return intruder_of(thread, "", "runs on a stack that cannot be told");
    const std::uint64_t size = used->current.size + (used->home ? used->home->size : 0) + 16;
    if (forbidden_->at_pc(thread.pc()) != nullptr || size > buffer_size) {
      if (auto intruder = look_at_large(thread, *used)) return intruder;
      continue;
    }
    if (bytes + size > buffer_size || parts.size() + 2 > most_reads) {
      if (auto intruder = look_at_group(threads.subspan(first), parts)) return intruder;
      parts.clear();
      bytes = 0;
      first = i;
    }
    parts.push_back({i - first, words(used->current), false});
    if (used->home) parts.push_back({i - first, words(*used->home), true});
    bytes += size;
  }
  return look_at_group(threads.subspan(first), parts);
}

/// `bytes`: of the current part.
void StackCheck::note_seen(const ThreadState& thread, const UsedStack& used, ByteView bytes) {
  const RemoteAddress pointer{thread.registers.fs_base};
  ByteView block;
  if (used.current.contains(pointer))
    block = bytes.subspan(static_cast<std::uint64_t>(pointer - used.current.begin));
  RemoteRange current = used.current;
  if (const auto unused = unused_stack(thread, mappings_, block))
    current = {unused->begin, static_cast<std::uint64_t>(current.end() - unused->begin)};
  seen_.push_back({pointer, current, used.home});
}

std::optional<Intruder> StackCheck::look_at_group(std::span<const ThreadState> threads,
                                                  std::vector<PartRead>& parts) {
  std::vector<process::ReadRequest> requests;
  requests.reserve(parts.size());
  std::size_t used = 0;
  for (const PartRead& part : parts) {
    requests.push_back({part.range.begin, MutableByteView(buffer_).subspan(used, part.range.size), false});
    used += part.range.size;
  }
  memory_->read_many(requests);
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < parts.size();) {
    const ThreadState& thread = threads[parts[i].thread];
    const std::size_t end = i + 1 < parts.size() && parts[i + 1].is_home ? i + 2 : i + 1;
    hits.clear();
    for (std::size_t k = i; k < end; ++k) {
      if (!requests[k].ok) return unreadable(thread);
      if (is_probed(requests[k].into, parts[k].range.begin)) return probed(thread);
      scan(requests[k].into, parts[k].range.begin, *forbidden_, guard_, hits, most_hits);
    }
    const CodePiece* in_register = register_hit(thread);
    if (!hits.empty() || in_register != nullptr) {
      Suspect suspect{{thread, copy(parts[i].range, requests[i].into), std::nullopt}, hits, ""};
      if (end - i == 2) suspect.snapshot.home = copy(parts[i + 1].range, requests[i + 1].into);
      auto intruder = look_below_or_weigh(std::move(suspect));
      if (intruder) return intruder;
    }
    const std::optional<RemoteRange> home = end - i == 2 ? std::optional(parts[i + 1].range) : std::nullopt;
    note_seen(thread, {parts[i].range, home}, requests[i].into);
    i = end;
  }
  return std::nullopt;
}

std::optional<Intruder> StackCheck::look_at_large(const ThreadState& thread, const UsedStack& used) {
  if (used.current.size > largest_stack || (used.home && used.home->size > largest_stack))
    return intruder_of(thread, "", "has a stack too large to be looked at in a stop");
  Suspect suspect{
      {thread, {words(used.current).begin, Bytes(words(used.current).size)}, std::nullopt}, {}, ""};
  StackSnapshot& snapshot = suspect.snapshot;
  const bool read_current = memory_->try_read(snapshot.current.at, snapshot.current.bytes);
  if (used.home) {
    snapshot.home = StackPart{used.home->begin, Bytes(used.home->size)};
    if (!memory_->try_read(snapshot.home->at, snapshot.home->bytes)) return unreadable(thread);
  }
  if (const CodePiece* piece = forbidden_->at_pc(thread.pc())) {
    inside_ = std::move(snapshot);
    return intruder_of(thread, piece->function, "is inside " + piece->function);
  }
  if (!read_current) return unreadable(thread);
  if (is_probed(snapshot.current.bytes, snapshot.current.at) ||
      (snapshot.home && is_probed(snapshot.home->bytes, snapshot.home->at)))
    return probed(thread);
  scan(snapshot.current.bytes, snapshot.current.at, *forbidden_, guard_, suspect.hits, most_hits);
  if (snapshot.home)
    scan(snapshot.home->bytes, snapshot.home->at, *forbidden_, guard_, suspect.hits, most_hits);
  note_seen(thread, {snapshot.current.range(), used.home}, snapshot.current.bytes);
  return look_below_or_weigh(std::move(suspect));
}

/// A signal handler that runs on an alternate stack inside the home stack (a local array): the interrupted
/// frames are below, and are looked at as well.
std::optional<Intruder> StackCheck::look_below_or_weigh(Suspect suspect) {
  const StackSnapshot& snapshot = suspect.snapshot;
  RemoteAddress lowest = snapshot.current.at;
  for (const Hit& hit : suspect.hits) {
    if (hit.piece != nullptr) continue;
    const RemoteAddress sp{word_at(snapshot, hit.slot + segments_to_sp).value_or(0)};
    const process::Mapping* mapping = process::find_mapping(mappings_, snapshot.thread.sp());
    if (mapping != nullptr && mapping->range.contains(sp)) lowest = std::min(lowest, sp - red_zone);
  }
  const RemoteAddress end = snapshot.current.range().end();
  if (lowest < snapshot.current.at) {
    UsedStack used{{lowest, static_cast<std::uint64_t>(end - lowest)}, std::nullopt};
    if (snapshot.home) used.home = snapshot.home->range();
    return look_at_large(snapshot.thread, used);
  }
  std::erase_if(suspect.hits, [](const Hit& hit) { return hit.piece == nullptr; });
  const CodePiece* piece = suspect.hits.empty() ? register_hit(snapshot.thread) : suspect.hits.back().piece;
  if (piece == nullptr) return std::nullopt;
  suspect.function = piece->function;
  return weigh(std::move(suspect));
}

/// A thread with a hit: known from before, decided now if time allows, or undecided.
std::optional<Intruder> StackCheck::weigh(Suspect suspect) {
  const auto known = stale_.find(suspect.snapshot.thread.tid.value);
  if (known != stale_.end() && known->second.same_as(suspect.snapshot)) return std::nullopt;
  if (spent_ >= unwinding_allowed || suspect.hits.size() >= most_frames_stopped) {
    undecided_.push_back(std::move(suspect));
    return std::nullopt;
  }
  const auto before = Clock::now();
  auto verdict = judge(suspect, most_frames_stopped, [] {});
  spent_ += Clock::now() - before;
  if (!verdict) {
    stale_.insert_or_assign(suspect.snapshot.thread.tid.value, std::move(suspect.snapshot));
    return std::nullopt;
  }
  if (verdict->chain.frames.size() < most_frames_stopped) return verdict;
  undecided_.push_back(std::move(suspect));
  return std::nullopt;
}

std::optional<Intruder> StackCheck::decide(const std::function<void()>& pause) {
  std::optional<Intruder> first;
  for (Suspect& suspect : undecided_) {
    auto verdict = judge(suspect, most_frames, pause);
    if (!verdict)
      stale_.insert_or_assign(suspect.snapshot.thread.tid.value, std::move(suspect.snapshot));
    else if (!first)
      first = std::move(verdict);
  }
  undecided_.clear();
  return first;
}

void StackCheck::complete(Intruder& intruder, const std::function<void()>& pause) {
  if (!inside_ || !intruder.chain.frames.empty()) return;
  const Suspect suspect{std::move(*inside_), {}, intruder.function};
  inside_.reset();
  if (auto verdict = judge(suspect, most_frames, pause)) {
    intruder.chain = std::move(verdict->chain);
    intruder.leaves_at = verdict->leaves_at;
  }
}

std::optional<Intruder> StackCheck::judge(const Suspect& suspect, std::size_t frames,
                                          const std::function<void()>& pause) {
  const ThreadState& thread = suspect.snapshot.thread;
  CallChain chain = unwinder_->walk(suspect.snapshot, frames, pause);
  Intruder intruder = intruder_of(thread, suspect.function, "");
  const CodePiece* innermost = nullptr;
  for (std::size_t i = 0; i < chain.frames.size(); ++i) {
    const Frame& frame = chain.frames[i];
    const CodePiece* piece =
        frame.is_interrupted ? forbidden_->at_pc(frame.pc) : forbidden_->at_value(frame.pc);
    if (piece == nullptr) continue;
    if (innermost == nullptr) innermost = piece;
    intruder.leaves_at.reset();
    if (i + 1 < chain.frames.size()) intruder.leaves_at = chain.frames[i + 1].pc;
  }
  if (innermost == nullptr && explains(chain, suspect)) return std::nullopt;
  if (innermost != nullptr) {
    intruder.function = innermost->function;
    intruder.reason = "is inside " + innermost->function;
  } else if (chain.is_certain) {
    intruder.reason = "may return into " + suspect.function + " on a stack it does not run on now";
  } else {
    intruder.reason = "may return into " + suspect.function +
                      " (its stack holds an address inside, and cannot be unwound with certainty now)";
  }
  intruder.chain = std::move(chain);
  return intruder;
}

/// True when every hit is stale: the chain is certain and goes past it, so that the word is no part of any
/// frame's way back. A saved context of another stack is never explained by this one.
bool StackCheck::explains(const CallChain& chain, const Suspect& suspect) const {
  if (!chain.is_certain || suspect.hits.size() >= most_hits) return false;
  const StackSnapshot& snapshot = suspect.snapshot;
  const RemoteAddress end = chain.frames.back().sp + outermost_frame;
  const bool came_home = snapshot.home && snapshot.home->range().contains(chain.frames.back().sp);
  RemoteAddress left_at = end;  // where the chain leaves the part it began in
  if (came_home)
    for (const Frame& frame : chain.frames)
      if (snapshot.current.range().contains(frame.sp)) left_at = frame.sp + outermost_frame;
  const auto is_passed = [&](RemoteAddress at) {
    if (snapshot.current.range().contains(at)) return at < left_at;
    return came_home && at < end;
  };
  // In what the kernel leaves above the first frame of the process: code may end where the program begins.
  const auto is_entry_point = [&](const Hit& hit) {
    return snapshot.thread.is_main && !snapshot.home && hit.slot >= end && !hit.was_mangled &&
           word_at(snapshot, hit.slot - std::int64_t{sizeof(std::uint64_t)}) == AT_ENTRY;
  };
  return std::ranges::all_of(suspect.hits, [&](const Hit& hit) {
    if (hit.piece->start_is_resumed && hit.value == hit.piece->range.begin) return false;
    if (is_entry_point(hit)) return true;
    if (!is_passed(hit.slot)) return false;
    const auto sp = saved_sp(snapshot, hit, guard_);
    return !sp || is_passed(*sp);
  });
}

bool StackCheck::holds_value(const ThreadState& thread, std::span<const RemoteRange> ranges) {
  for (const RemoteAddress word : words_of(thread.registers))
    for (const RemoteRange& range : ranges)
      if (range.contains(word)) return true;
  const auto used = used_stack(thread, mappings_);
  if (!used) return true;
  const auto holds = [&](const RemoteRange& stack) {
    for (std::uint64_t done = 0; done < stack.size;) {
      const auto size = std::min<std::uint64_t>(buffer_size, stack.size - done);
      const MutableByteView into(buffer_.data(), size);
      const RemoteAddress at = stack.begin + static_cast<std::int64_t>(done);
      if (!memory_->try_read(at, into) || find_value(into, at, ranges)) return true;
      done += size;
    }
    return false;
  };
  return holds(words(used->current)) || (used->home && holds(*used->home));
}

}  // namespace stent::unwind
