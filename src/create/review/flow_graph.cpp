#include "create/review/flow_graph.hpp"

#include <algorithm>

#include "create/diff/object_index.hpp"
#include "create/review/names.hpp"

namespace stent::review {
namespace {

using model::AtomId;
using x86_64::Flow;
using x86_64::Step;

bool never_returns(const std::string& plain) {
  static const std::set<std::string> names = {"abort",
                                              "exit",
                                              "Exit",
                                              "stack_chk_fail",
                                              "assert_fail",
                                              "Unwind_Resume",
                                              "longjmp",
                                              "siglongjmp",
                                              "quick_exit",
                                              "cxa_throw",
                                              "cxa_rethrow",
                                              "terminate",
                                              "cxa_bad_cast",
                                              "pthread_exit",
                                              "fortify_fail",
                                              "cxa_throw_bad_array_new_length",
                                              "longjmp_chk",
                                              "assert_perror_fail",
                                              "clang_call_terminate",
                                              "cxa_bad_typeid",
                                              "cxa_call_unexpected",
                                              "cxa_pure_virtual",
                                              "chk_fail"};
  return names.contains(plain) || plain.starts_with("throw_");
}

/// Tarjan's algorithm without recursion: which blocks can reach themselves.
class Loops {
 public:
  explicit Loops(std::vector<Block>& blocks) : blocks_(&blocks), index_(blocks.size()), low_(blocks.size()) {
    on_stack_.resize(blocks.size());
    for (std::size_t i = 0; i < blocks.size(); ++i)
      if (index_[i] == 0) visit(i);
  }

 private:
  void visit(std::size_t root) {
    std::vector<std::pair<std::size_t, std::size_t>> open = {{root, 0}};
    enter(root);
    while (!open.empty()) {
      auto& [block, next] = open.back();
      const auto& successors = (*blocks_)[block].successors;
      if (next < successors.size()) {
        const std::size_t to = successors[next++];
        if (to == block) (*blocks_)[block].in_loop = true;
        if (index_[to] == 0) {
          enter(to);
          open.emplace_back(to, 0);
        } else if (on_stack_[to]) {
          low_[block] = std::min(low_[block], index_[to]);
        }
        continue;
      }
      const std::size_t done = block;
      open.pop_back();
      if (!open.empty()) low_[open.back().first] = std::min(low_[open.back().first], low_[done]);
      if (low_[done] == index_[done]) close(done);
    }
  }

  void enter(std::size_t block) {
    index_[block] = low_[block] = ++count_;
    stack_.push_back(block);
    on_stack_[block] = true;
  }

  void close(std::size_t root) {
    const bool several = stack_.back() != root;
    while (true) {
      const std::size_t block = stack_.back();
      stack_.pop_back();
      on_stack_[block] = false;
      if (several) (*blocks_)[block].in_loop = true;
      (*blocks_)[block].loop = root;
      if (block == root) return;
    }
  }

  std::vector<Block>* blocks_;
  std::vector<std::size_t> index_, low_;
  std::vector<bool> on_stack_;
  std::vector<std::size_t> stack_;
  std::size_t count_ = 0;
};

}  // namespace

CodeTargets code_targets(const model::Object& object) {
  CodeTargets targets;
  for (const model::Atom& atom : object.atoms) {
    if (atom.kind == model::AtomKind::code) continue;
    for (const model::Reference& reference : atom.references)
      if (reference.place && reference.place->offset > 0 &&
          object[reference.place->atom].kind == model::AtomKind::code)
        targets[reference.place->atom].insert(reference.place->offset);
  }
  return targets;
}

const model::Reference* reference_at(const model::Atom& atom, const x86_64::Instruction& instruction,
                                     const std::optional<x86_64::Field>& field) {
  if (!field) return nullptr;
  const std::uint32_t at = instruction.offset + field->offset;
  const auto found = std::ranges::lower_bound(atom.references, at, {}, &model::Reference::offset);
  return found != atom.references.end() && found->offset == at ? &*found : nullptr;
}

bool names_literal(const model::Object& object, const model::Reference& reference) {
  if (!reference.place) return false;
  if (!reference.symbol) return true;
  const model::AtomKind kind = object[reference.place->atom].kind;
  return object[*reference.symbol].name.starts_with(".L") &&
         (kind == model::AtomKind::string_literal || kind == model::AtomKind::merged_constant);
}

std::string name_of(const model::Object& object, const model::Reference& reference) {
  if (reference.symbol && !names_literal(object, reference)) {
    const std::string& name = object[*reference.symbol].name;
    return diff::is_global(object[*reference.symbol]) ? name : diff::without_ordinals(name);
  }
  if (!reference.place) return {};
  const model::Atom& atom = object[reference.place->atom];
  if (!atom.name.empty() && !atom.name.starts_with(".L")) return diff::without_ordinals(atom.name);
  if (atom.kind != model::AtomKind::string_literal) return atom.section;
  std::string text = "\"";
  for (const std::byte b : atom.bytes) text += static_cast<char>(b);
  return text;
}

FlowGraph::FlowGraph(const model::Object& object, const model::Function& function, const CodeTargets& targets,
                     const std::set<std::string>& noreturn)
    : object_(&object), noreturn_(&noreturn) {
  atoms_.push_back(function.entry);
  atoms_.insert(atoms_.end(), function.fragments.begin(), function.fragments.end());
  for (const AtomId atom : atoms_) steps_[atom] = x86_64::decode_steps(object[atom].bytes);
  find_starts(targets);
  cut_blocks();
  connect(targets);
  find_loops();
}

std::optional<FlowGraph::Start> FlowGraph::branch_target(AtomId atom, const Step& step) const {
  const Flow flow = step.instruction.flow;
  if (flow != Flow::jump && flow != Flow::conditional_jump) return std::nullopt;
  if (const auto* reference = reference_at((*object_)[atom], step.instruction, step.instruction.branch)) {
    if (!reference->place || !owns(reference->place->atom)) return std::nullopt;
    return Start{reference->place->atom, static_cast<std::uint32_t>(reference->place->offset)};
  }
  const auto target = step.instruction.branch_target;
  if (!target || *target < 0) return std::nullopt;
  return Start{atom, static_cast<std::uint32_t>(*target)};
}

bool FlowGraph::continues(AtomId atom, const Step& step) const {
  switch (step.instruction.flow) {
    case Flow::next:
    case Flow::conditional_jump:
    case Flow::indirect_call: return true;
    case Flow::call: break;
    default: return false;
  }
  const auto* reference = reference_at((*object_)[atom], step.instruction, step.instruction.branch);
  if (reference == nullptr) return true;
  const std::string name = name_of(*object_, *reference);
  return !noreturn_->contains(name) && !never_returns(plain_name(name));
}

void FlowGraph::find_starts(const CodeTargets& targets) {
  for (const AtomId atom : atoms_) {
    starts_.insert({atom, 0});
    if (const auto named = targets.find(atom); named != targets.end())
      for (const std::int64_t offset : named->second)
        starts_.insert({atom, static_cast<std::uint32_t>(offset)});
    for (const Step& step : steps_[atom]) {
      if (const auto target = branch_target(atom, step)) starts_.insert(*target);
      if (step.instruction.flow != Flow::next) starts_.insert({atom, step.instruction.end()});
    }
  }
}

void FlowGraph::cut_blocks() {
  for (const AtomId atom : atoms_) {
    const auto& steps = steps_[atom];
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const Start here{atom, steps[i].instruction.offset};
      if (i == 0 || starts_.contains(here)) {
        block_at_[here] = blocks_.size();
        blocks_.push_back({atom, i, i, {}, false});
      }
      blocks_.back().last = i + 1;
    }
  }
}

void FlowGraph::link(std::size_t from, AtomId atom, std::int64_t offset) {
  const auto at = block_at_.find({atom, static_cast<std::uint32_t>(offset)});
  if (at != block_at_.end()) blocks_[from].successors.push_back(at->second);
}

void FlowGraph::connect(const CodeTargets& targets) {
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const AtomId atom = blocks_[i].atom;
    const Step& last = steps_[atom][blocks_[i].last - 1];
    if (const auto target = branch_target(atom, last)) link(i, target->first, target->second);
    if (continues(atom, last)) link(i, atom, last.instruction.end());
    if (last.instruction.flow != Flow::indirect_jump) continue;
    for (const AtomId own : atoms_)
      if (const auto named = targets.find(own); named != targets.end())
        for (const std::int64_t offset : named->second) link(i, own, offset);
  }
}

void FlowGraph::find_loops() { Loops{blocks_}; }

}  // namespace stent::review
