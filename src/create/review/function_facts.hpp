// What one function's code does, as far as a process that lives on is concerned.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "create/review/value.hpp"

namespace stent::review {

/// Depth of every lock taken since entry, by the lock's origin; a lock whose depth differs between the paths
/// that meet is `varying`.
using Locks = std::map<std::string, int>;
inline constexpr int varying = -1000;

struct Call {
  std::string name;  ///< symbol; "*ORIGIN" through a pointer
  std::array<Value, 6> arguments;
  /// Through a table that an object begins with, as virtual functions are called: the place in the table.
  std::optional<std::int64_t> slot;
  std::optional<std::uint32_t> at;  ///< the instruction, from the function's entry; none in a fragment
  bool in_loop = false;
  bool is_tail = false;
  bool returns = true;  ///< something follows it
  Locks locks;
};

/// An access of memory other than the stack.
struct Access {
  std::string
      place;  ///< "name+8" of static storage, "*p0+16" through a pointer whose origin is known, "?+16"
  bool is_static = false;
  std::int64_t offset = 0;  ///< displacement
  unsigned size = 0;
  std::optional<std::uint32_t> at;  ///< the instruction, from the function's entry; none in a fragment
  bool is_read = false, is_written = false, is_atomic = false;
  bool is_swap = false;        ///< xchg, cmpxchg, xadd
  bool is_adjustment = false;  ///< add or subtract in place
  std::int64_t adjustment = 0;
  int direction = 0;   ///< 1: something is added to what was there, -1: taken off, by whichever instructions
  Value value;         ///< what is stored
  std::string stored;  ///< the value as text; "step{1}" when it is counted up; empty when nothing is known
  std::string index;   ///< what selects the element, as text
  bool is_indexed = false;
  Locks locks;
};

/// A comparison with a constant, or of two values.
struct Comparison {
  Value left, right;
};

/// A constant that a member of some object is compared with; zero, too.
struct Asked {
  std::int64_t offset = 0;  ///< of the member
  std::int64_t number = 0;
  bool is_mask = false;  ///< only the bits of `number` are asked for
  auto operator<=>(const Asked&) const = default;
};

/// A member that is asked for less or greater than what is no constant.
struct Ordered {
  std::int64_t offset = 0;
  bool is_element = false;  ///< of one of several objects, as a loop goes through them
  auto operator<=>(const Ordered&) const = default;
};

/// A member that is computed with: the sign ('&' for a mask), and nothing of the other side.
struct Combined {
  std::int64_t offset = 0;  ///< of the member
  char sign = '+';
  auto operator<=>(const Combined&) const = default;
};

/// A number that is loaded from a place that outlives the call, and how it is taken apart or moved.
struct Taken {
  std::string place;        ///< the static storage, "*" for a member of any object
  std::int64_t offset = 0;  ///< in it
  /// '+' by `number`, '~' inverted, '>' and 'r' shifted and rotated, '&' masked, '/' divided or multiplied
  /// for that, 'l' shifted to the left by what is no constant, '@' followed as a pointer.
  char operation = '+';
  std::int64_t number = 0;
  unsigned size = 0;  ///< of what was loaded
  auto operator<=>(const Taken&) const = default;
};

/// An element's member that is asked whether it is less than a value, or not greater.
struct Sense {
  std::int64_t offset = 0;     ///< of the member
  std::uint8_t condition = 0;  ///< of the jump, with the last bit apart, where the member is on the left
  auto operator<=>(const Sense&) const = default;
};

/// How far a loop goes through the memory behind a pointer that was loaded.
struct Reach {
  std::string pointer;     ///< where it was loaded from
  std::int64_t bytes = 0;  ///< where the loop ends
  std::int64_t step = 0;   ///< the bytes of one turn
};

/// What a constant in the code is used for.
enum class Use { compared, computed, shifted, stored, other };

struct FunctionFacts {
  std::string name;  ///< symbol
  std::vector<Call> calls;
  std::vector<Access> accesses;
  std::vector<Comparison> comparisons;
  std::set<Asked> asked;
  std::set<Ordered> ordered;
  std::set<Combined> combined;
  std::set<Taken> taken;
  std::multiset<Sense> senses;
  std::multiset<std::int64_t> float_constants;  ///< bits of the literals that it computes with
  std::set<int> walks;  ///< which way its loops read through memory of others: 1 and -1
  std::vector<Reach> reaches;
  std::vector<Value> returns;  ///< rax at each return
  std::vector<Locks> locks_at_return;
  std::multiset<std::pair<Use, std::int64_t>> constants;
  std::set<std::string> names;        ///< everything it refers to
  std::set<std::string> addressed;    ///< names whose address is taken, not only called or accessed
  std::set<std::string> compared;     ///< names whose address is compared
  std::set<std::int64_t> parameters;  ///< numbers of the argument registers it reads
  std::set<std::string> escaping;     ///< names whose address is stored, returned or compared
  std::multiset<std::int64_t>
      factors;  ///< constants that it multiplies with or shifts by, 1 << n for a shift
  std::multiset<std::string> arithmetic;  ///< mnemonics with their constants, of what computes in registers
  /// Entry's instructions: offset and text; "if" and "set" with the condition, its last bit apart.
  std::vector<std::pair<std::uint32_t, std::string>> code;
  bool can_return = false;
  bool has_loop = false;
  bool takes_label_address = false;
  bool has_system_call = false;
  unsigned differences = 0;  ///< exclusive ors of two values
  unsigned gathered = 0;     ///< ors of two values
  unsigned atomics = 0, fences = 0;
  unsigned float_scales = 0, float_comparisons = 0;
  /// Entry's instructions that mix values by the bits: offset and text, in the order of the code.
  std::vector<std::pair<std::uint32_t, std::string>> mixing;
  unsigned byte_swaps = 0;  ///< bswap, movbe, and rotating 16 bits by 8

  [[nodiscard]] std::multiset<std::string> callees() const;
  /// Takes over what `part` does, which stands for the calls of it, by the name `called`.
  void absorb(const FunctionFacts& part, const std::string& called);
  /// Asks for less or greater, not only for equal.
  [[nodiscard]] bool orders() const;
  [[nodiscard]] bool calls_to(const std::string& callee) const;
};

}  // namespace stent::review
