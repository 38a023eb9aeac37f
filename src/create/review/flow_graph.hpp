// The basic blocks of one function, its fragments included, and where control goes between them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "binary/arch/x86_64/step.hpp"
#include "binary/model/object.hpp"

namespace stent::review {

/// Places in code that data refers to, by code atom: what an indirect jump may go to.
using CodeTargets = std::map<model::AtomId, std::set<std::int64_t>>;
[[nodiscard]] CodeTargets code_targets(const model::Object& object);

struct Block {
  model::AtomId atom;
  std::size_t first = 0, last = 0;  ///< steps of that atom, `last` excluded
  std::vector<std::size_t> successors;
  bool in_loop = false;
  std::size_t loop = 0;  ///< equal for the blocks of one outermost loop
};

/// The function's code as blocks; block 0 is the entry (when there is any code).
class FlowGraph {
 public:
  /// Calls of `noreturn` functions end a path.
  FlowGraph(const model::Object& object, const model::Function& function, const CodeTargets& targets,
            const std::set<std::string>& noreturn);

  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  [[nodiscard]] const std::vector<x86_64::Step>& steps(model::AtomId atom) const { return steps_.at(atom); }
  [[nodiscard]] bool owns(model::AtomId atom) const { return steps_.contains(atom); }

 private:
  using Start = std::pair<model::AtomId, std::uint32_t>;  // atom, offset

  void find_starts(const CodeTargets& targets);
  void cut_blocks();
  void connect(const CodeTargets& targets);
  void find_loops();
  [[nodiscard]] std::optional<Start> branch_target(model::AtomId atom, const x86_64::Step& step) const;
  [[nodiscard]] bool continues(model::AtomId atom, const x86_64::Step& step) const;
  void link(std::size_t from, model::AtomId atom, std::int64_t offset);

  const model::Object* object_;
  const std::set<std::string>* noreturn_;
  std::vector<model::AtomId> atoms_;
  std::map<model::AtomId, std::vector<x86_64::Step>> steps_;
  std::set<Start> starts_;
  std::map<Start, std::size_t> block_at_;
  std::vector<Block> blocks_;
};

/// The reference whose field is `field` of the instruction, or null.
[[nodiscard]] const model::Reference* reference_at(const model::Atom& atom,
                                                   const x86_64::Instruction& instruction,
                                                   const std::optional<x86_64::Field>& field);

/// The reference goes to something without a name of its own (a section, or a literal's label like .LC0).
[[nodiscard]] bool names_literal(const model::Object& object, const model::Reference& reference);

/// What a reference names: a symbol, a named atom, or a literal's text.
[[nodiscard]] std::string name_of(const model::Object& object, const model::Reference& reference);

}  // namespace stent::review
