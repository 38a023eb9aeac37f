// The values in registers and stack slots at one point of a function, and how one instruction changes them.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "binary/arch/x86_64/step.hpp"
#include "binary/model/object.hpp"
#include "create/review/function_facts.hpp"

namespace stent::review {

/// What a memory operand stands for.
struct PlaceName {
  bool is_stack = false;
  bool is_known_slot = false;  ///< `offset` is the slot, from the stack pointer at entry
  bool is_static = false;
  std::int64_t offset = 0;
  std::string name;
};

/// The part of some object that a register was loaded from.
struct Member {
  std::int64_t offset = 0;
  std::int64_t shifted = 0;  ///< to the right since, in bits
  bool of_first = false;     ///< of what the first member of another object points to
  bool operator==(const Member& other) const { return offset == other.offset && shifted == other.shifted; }
};

/// Where memory that outlives the call was loaded from, whatever led to it.
struct Source {
  std::string place;  ///< the static storage, "*" for a member of any object
  std::int64_t offset = 0;
  unsigned size = 0;
  auto operator<=>(const Source&) const = default;
};
using Sources = std::set<Source>;

/// The source that a place is; none on the stack.
[[nodiscard]] Sources source_of(const PlaceName& place, unsigned size);
/// A register that holds a member of some object and so much more.
struct Stepped {
  std::int64_t offset = 0, by = 0;
  bool operator==(const Stepped&) const = default;
};

class MachineState {
 public:
  /// As at a function's entry: arguments in their registers.
  [[nodiscard]] static MachineState at_entry();

  [[nodiscard]] const Value& operator[](x86_64::Register r) const { return registers_.at(r.number); }
  /// What a register was loaded from, when that is an object, known or not.
  [[nodiscard]] const std::optional<Member>& member(x86_64::Register r) const {
    return members_.at(r.number);
  }
  /// Everything that a register may have been loaded from, on whichever path.
  [[nodiscard]] const Sources& sources(x86_64::Register r) const { return sources_.at(r.number); }
  /// A register that was loaded from an object, and to which a constant was added since.
  [[nodiscard]] const std::optional<Stepped>& stepped(x86_64::Register r) const {
    return stepped_.at(r.number);
  }
  [[nodiscard]] PlaceName place(const model::Object& object, const model::Atom& atom,
                                const x86_64::Step& step, const x86_64::Operand& operand) const;
  /// The value of an operand that is read (of a memory operand: what is known of its contents).
  [[nodiscard]] Value read(const model::Object& object, const model::Atom& atom, const x86_64::Step& step,
                           const x86_64::Operand& operand) const;
  void execute(const model::Object& object, const model::Atom& atom, const x86_64::Step& step);
  /// After a call: what calls may change is unknown, rax is the result of `callee`.
  void call(const std::string& callee);
  /// The state after two paths meet. True when this changed.
  bool merge(const MachineState& other);

  Locks locks;

 private:
  [[nodiscard]] Value result_of(const model::Object& object, const model::Atom& atom,
                                const x86_64::Step& step) const;

  [[nodiscard]] Value address(const model::Object& object, const model::Atom& atom, const x86_64::Step& step,
                              const x86_64::Operand& operand) const;
  /// How `step` changes `members_`.
  void carry_members(const model::Object& object, const model::Atom& atom, const x86_64::Step& step);
  using Widths = std::array<unsigned, 16>;
  [[nodiscard]] Widths widths_after(const model::Object& object, const model::Atom& atom,
                                    const x86_64::Step& step) const;
  [[nodiscard]] unsigned width_of(const model::Object& object, const model::Atom& atom,
                                  const x86_64::Step& step) const;
  void apply(const model::Object& object, const model::Atom& atom, const x86_64::Step& step);
  /// How `step` changes `sources_`.
  void carry_sources(const model::Object& object, const model::Atom& atom, const x86_64::Step& step);
  /// `step` takes only the low bytes of a number that is wider: a mask by another instruction.
  [[nodiscard]] bool is_cut(const x86_64::Step& step) const;
  [[nodiscard]] std::optional<Stepped> step_of(const x86_64::Step& step) const;
  void move_stack(const x86_64::Step& step);
  void write(const model::Object& object, const model::Atom& atom, const x86_64::Step& step, Value value);

  std::array<Value, 16> registers_;
  std::array<std::optional<Member>, 16> members_;
  std::array<Sources, 16> sources_;
  std::array<std::optional<Stepped>, 16> stepped_;
  /// The bytes that the value in a register was loaded with, or computed of; 0 when that is not known.
  Widths widths_{};
  std::map<std::int64_t, Value> stack_;
};

}  // namespace stent::review
