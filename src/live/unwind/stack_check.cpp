#include "live/unwind/stack_check.hpp"

#include <algorithm>
#include <array>

#include "live/unwind/scan.hpp"
#include "live/unwind/used_stack.hpp"

namespace stent::unwind {
namespace {

/// Stacks are read in pieces of this many bytes.
constexpr std::uint64_t piece_size = 1U << 20U;

/// The outermost frames (_start, clone) keep nothing but alignment above their stack pointer.
constexpr std::int64_t outermost_frame = 32;

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

/// Calls `look(bytes, at)` for the pieces of `range` until it returns false. False when a piece cannot be
/// read.
template <class Look>
bool read_pieces(const process::RemoteMemory& memory, RemoteRange range, Bytes& buffer, const Look& look) {
  const RemoteAddress aligned{range.begin.value & ~std::uint64_t{7}};
  for (RemoteAddress at = aligned; at < range.end();) {
    const auto size = std::min<std::uint64_t>(piece_size, static_cast<std::uint64_t>(range.end() - at));
    if (buffer.size() < size) buffer.resize(size);
    const MutableByteView into(buffer.data(), size);
    if (!memory.try_read(at, into)) return false;
    if (!look(ByteView(into), at)) return true;
    at = at + static_cast<std::int64_t>(size);
  }
  return true;
}

}  // namespace

StackCheck::StackCheck(const process::RemoteMemory& memory, Unwinder& unwinder,
                       const ForbiddenCode& forbidden, std::vector<process::Mapping> mappings)
    : memory_(&memory), unwinder_(&unwinder), forbidden_(&forbidden), mappings_(std::move(mappings)) {
  buffer_.reserve(64U << 10U);
}

const CodePiece* StackCheck::register_hit(const ThreadState& thread) const {
  for (const RemoteAddress word : words_of(thread.registers))
    if (const CodePiece* piece = forbidden_->at_value(word)) return piece;
  return nullptr;
}

std::optional<Intruder> StackCheck::judge(const ThreadState& thread, const CodePiece& hit) {
  CallChain chain = unwinder_->walk(thread);
  outermost_ = chain.frames.empty() ? RemoteAddress{} : chain.frames.back().sp + outermost_frame;
  for (std::size_t i = 0; i < chain.frames.size(); ++i) {
    const RemoteAddress pc = chain.frames[i].pc;
    const CodePiece* piece = i == 0 ? forbidden_->at_pc(pc) : forbidden_->at_value(pc);
    if (piece != nullptr)
      return Intruder{thread.tid, thread.comm, piece->function, "is inside " + piece->function,
                      std::move(chain)};
  }
  if (chain.is_certain) return std::nullopt;
  return Intruder{thread.tid, thread.comm, hit.function,
                  "may return into " + hit.function +
                      " (its stack holds an address inside, and cannot be unwound "
                      "with certainty now)",
                  std::move(chain)};
}

std::optional<Intruder> StackCheck::check(const ThreadState& thread) {
  if (const CodePiece* piece = forbidden_->at_pc(thread.pc()))
    return Intruder{thread.tid, thread.comm, piece->function, "is inside " + piece->function,
                    unwinder_->walk(thread)};
  const auto ranges = used_stack(thread, mappings_);
  if (!ranges) return Intruder{thread.tid, thread.comm, "", "runs on a stack that cannot be told", {}};
  const CodePiece* hit = register_hit(thread);
  RemoteAddress highest{};
  for (const RemoteRange& range : *ranges) {
    const bool readable = read_pieces(*memory_, range, buffer_, [&](ByteView bytes, RemoteAddress at) {
      const auto hits = scan(bytes, at, *forbidden_);
      if (hits.empty()) return true;
      hit = hits.back().piece;
      highest = std::max(highest, hits.back().slot);
      return true;
    });
    if (!readable) return Intruder{thread.tid, thread.comm, "", "has a stack that cannot be read", {}};
  }
  if (hit == nullptr) return std::nullopt;
  auto verdict = judge(thread, *hit);
  // A chain says nothing of another stack (alternate, fiber), nor of what lies above its outermost frame.
  if (!verdict && (ranges->size() > 1 || highest > outermost_))
    return Intruder{thread.tid,
                    thread.comm,
                    hit->function,
                    "may return into " + hit->function + " on a stack it does not run on now",
                    {}};
  return verdict;
}

bool StackCheck::holds_value(const ThreadState& thread, std::span<const RemoteRange> ranges) {
  for (const RemoteAddress word : words_of(thread.registers))
    for (const RemoteRange& range : ranges)
      if (range.contains(word)) return true;
  const auto stacks = used_stack(thread, mappings_);
  if (!stacks) return true;
  bool found = false;
  for (const RemoteRange& stack : *stacks) {
    const bool readable = read_pieces(*memory_, stack, buffer_, [&](ByteView bytes, RemoteAddress at) {
      found = found || find_value(bytes, at, ranges).has_value();
      return !found;
    });
    if (!readable || found) return true;
  }
  return false;
}

}  // namespace stent::unwind
