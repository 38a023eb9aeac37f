#include "binary/arch/x86_64/displace.hpp"

#include <algorithm>
#include <limits>

#include "binary/arch/x86_64/decode.hpp"

namespace stent::x86_64 {
namespace {

constexpr std::byte address_size_prefix{0x67};

std::byte byte(unsigned value) { return static_cast<std::byte>(value); }

class Mover {
 public:
  Mover(ByteView code, std::uint64_t from, std::uint64_t to) : code_(code), from_(from), to_(to) {}

  /// Empty on success.
  std::string move(std::size_t least) {
    for (bool open = true; length_ < least;) {
      if (!open) return "its code ends before the bytes to be overwritten do";
      const auto next = decode_one(code_.subspan(length_));
      if (!next) return "its first bytes are no instructions";
      if (std::string reason = append(*next); !reason.empty()) return reason;
      length_ += next->length;
      open = next->flow == Flow::next || next->flow == Flow::conditional_jump;
      falls_through_ = open;
    }
    if (falls_through_) jump(from_ + length_);
    return fits_ ? "" : "what its first instructions refer to is out of reach of their new place";
  }

  Displaced take() { return {std::move(out_), length_}; }

 private:
  std::string append(const Instruction& in) {
    const ByteView bytes = code_.subspan(length_, in.length);
    const std::uint64_t branch = from_ + length_ + static_cast<std::uint64_t>(in.branch_target.value_or(0));
    switch (in.flow) {
      case Flow::jump: return jump(branch), "";
      case Flow::call: return push_return(in, 5), jump(branch), literal(), "";
      case Flow::conditional_jump: return conditional(bytes, branch);
      case Flow::indirect_call: return indirect_call(in, bytes);
      default: break;
    }
    if (in.branch) return "one of its first instructions cannot be moved";
    return copy(in, bytes);
  }

  std::string copy(const Instruction& in, ByteView bytes) {
    const std::size_t start = out_.size();
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    if (!in.memory_is_rip_relative) return "";
    if (bytes[0] == address_size_prefix) return "one of its first instructions cannot be moved";
    const std::uint64_t named = from_ + length_ + static_cast<std::uint64_t>(*in.memory_target);
    put_distance(start + in.memory->offset, to_ + out_.size(), named);
    return "";
  }

  std::string conditional(ByteView bytes, std::uint64_t target) {
    const bool is_short = bytes.size() == 2 && bytes[0] >= byte(0x70) && bytes[0] <= byte(0x7f);
    const bool is_near = bytes.size() == 6 && bytes[0] == byte(0x0f);
    if (!is_short && !is_near) return "one of its first instructions is a loop or jrcxz";
    const auto condition = std::to_integer<unsigned>(is_short ? bytes[0] : bytes[1]) & 0xfU;
    out_.insert(out_.end(), {byte(0x0f), byte(0x80 | condition), byte(0), byte(0), byte(0), byte(0)});
    put_distance(out_.size() - 4, to_ + out_.size(), target);
    return "";
  }

  /// `call *x(%rip)` becomes a push and `jmp *x(%rip)`.
  std::string indirect_call(const Instruction& in, ByteView bytes) {
    if (!in.memory_is_rip_relative || bytes.size() != 6) return "one of its first instructions is a call";
    push_return(in, 6);
    out_.insert(out_.end(), {byte(0xff), byte(0x25), byte(0), byte(0), byte(0), byte(0)});
    const std::uint64_t named = from_ + length_ + static_cast<std::uint64_t>(*in.memory_target);
    put_distance(out_.size() - 4, to_ + out_.size(), named);
    literal();
    return "";
  }

  /// Pushes the literal that stands `distance` bytes further on.
  void push_return(const Instruction& in, unsigned distance) {
    return_to_ = from_ + length_ + in.length;
    out_.insert(out_.end(), {byte(0xff), byte(0x35), byte(distance), byte(0), byte(0), byte(0)});
  }
  void literal() {
    out_.resize(out_.size() + sizeof return_to_);
    store(out_, out_.size() - sizeof return_to_, return_to_);
  }

  void jump(std::uint64_t target) {
    out_.insert(out_.end(), {byte(0xe9), byte(0), byte(0), byte(0), byte(0)});
    put_distance(out_.size() - 4, to_ + out_.size(), target);
  }

  void put_distance(std::size_t field, std::uint64_t end, std::uint64_t target) {
    const auto distance = static_cast<std::int64_t>(target - end);
    if (distance < std::numeric_limits<std::int32_t>::min() ||
        distance > std::numeric_limits<std::int32_t>::max())
      fits_ = false;
    store(out_, field, static_cast<std::int32_t>(distance));
  }

  ByteView code_;
  std::uint64_t from_, to_;
  Bytes out_;
  std::size_t length_ = 0;
  std::uint64_t return_to_ = 0;
  bool falls_through_ = true;
  bool fits_ = true;
};

}  // namespace

std::variant<Displaced, std::string> displace(ByteView code, std::size_t least, std::uint64_t from,
                                              std::uint64_t to) {
  Mover mover(code, from, to);
  if (std::string reason = mover.move(least); !reason.empty()) return reason;
  Displaced result = mover.take();
  if (branches_between(code.first(result.length), from, from, from + result.length))
    return "one of its first instructions jumps to another of them";
  return result;
}

bool branches_between(ByteView code, std::uint64_t at, std::uint64_t begin, std::uint64_t end) {
  const auto instructions = decode(code);
  if (!code.empty() && (instructions.empty() || instructions.back().end() != code.size())) return true;
  return std::ranges::any_of(instructions, [&](const Instruction& in) {
    if (!in.branch_target) return false;
    const std::uint64_t target = at + static_cast<std::uint64_t>(*in.branch_target);
    return target > begin && target < end;
  });
}

}  // namespace stent::x86_64
